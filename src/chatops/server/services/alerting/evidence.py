"""Evidence: when an alert fires, its agent is asked what the host is at, and that is kept with what
the newest sample says of containers, and of processes where an older agent cannot list them.

The alert waits for nothing: it is written, and people are told, before the agent is asked. What
does not come in time stays null. What comes is data, bounded, with credentials struck out.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec

from chatops.clock import Clock
from chatops.errors import ChatOpsError
from chatops.ids import new_id
from chatops.protocol.messages import SnapshotRequest, SnapshotResponse
from chatops.protocol.metric_names import container_trouble
from chatops.protocol.metrics import Container
from chatops.protocol.rest import ServerSample
from chatops.redaction import redact
from chatops.server.crud import alerts as crud
from chatops.server.db.engine import Database
from chatops.server.services.agent_manager import AgentManager
from chatops.server.services.alerting.machine import Alert
from chatops.server.services.limiter import RateLimiter
from chatops.server.services.processes import ProcessService
from chatops.tasks import Tasks
from chatops.text import shorten
from chatops.units import format_time

PATIENCE: Final = 20.0
"""Seconds that an agent has."""
AT_ONCE: Final = 8
"""Agents that are asked at the same time."""
MAX_WAITING: Final = 1000
"""Alerts whose agents are still to be asked; others get no evidence."""
MAX_LINES: Final = 50
MAX_TEXT: Final = 500
_log = logging.getLogger(__name__)


class EvidenceCollector:
    """Asks agents, a few at a time, and one of them not more often than helps."""

    def __init__(
        self,
        database: Database,
        agents: AgentManager,
        latest: Callable[[str], Awaitable[ServerSample]],
        processes: ProcessService,
        tasks: Tasks,
        clock: Clock,
    ) -> None:
        """``latest`` gives a server's newest sample, by its id."""
        self._latest = latest
        self._processes = processes
        self._database = database
        self._agents = agents
        self._tasks = tasks
        self._clock = clock
        self._places = asyncio.Semaphore(AT_ONCE)
        self._pace = RateLimiter(rate=0.1, burst=3)
        self._waiting = 0

    def ask(self, alert: Alert) -> None:
        """Have evidence of an alert that fires, if its agent is there."""
        server_id = alert.server_id
        if server_id is None or self._agents.find(server_id) is None:
            return
        if self._waiting >= MAX_WAITING or self._pace.take(server_id, self._clock.monotonic()):
            return
        self._waiting += 1
        self._tasks.spawn(self._collect(alert.id, server_id, _mount_of(alert)), name="evidence")

    async def _collect(self, alert_id: str, server_id: str, mount: str | None) -> None:
        try:
            async with self._places:
                sample = await self._latest(server_id)
                now = await self._processes.top(server_id, server_id)
                sample.processes = now or sample.processes
                answer = await self._ask(server_id, mount)
            evidence = to_evidence(sample, answer, self._clock.now())
            await self._database.transact(lambda tx: crud.set_evidence(tx, alert_id, evidence))
        except ChatOpsError as error:
            _log.info("no evidence of an alert: %s", error.message, extra={"alert": alert_id})
        finally:
            self._waiting -= 1

    async def _ask(self, server_id: str, mount: str | None) -> SnapshotResponse | None:
        """What the agent answers; None if it does not, or is too old to know how."""
        request = SnapshotRequest(id=new_id(self._clock.now()), mount=mount)
        try:
            answer = await self._agents.send_command(server_id, request, timeout=PATIENCE)
        except (ChatOpsError, TimeoutError):
            return None
        return answer if isinstance(answer, SnapshotResponse) else None


def to_evidence(
    sample: ServerSample, answer: SnapshotResponse | None, now: float
) -> dict[str, Any]:
    """What is kept of a sample and an answer, whatever the agent sends."""
    journal, mount = (answer.journal, answer.mount) if answer else (None, None)
    evidence = {
        "taken_at": format_time(now),
        "processes": sample.processes,
        "containers": None if sample.container_count is None else _in_trouble_first(sample),
        "journal": journal[-MAX_LINES:] if journal is not None else None,
        "mount": mount,
    }
    found: dict[str, Any] = _clean(msgspec.to_builtins(evidence))
    return found


def _in_trouble_first(sample: ServerSample) -> list[Container]:
    """The containers of a sample: of very many, those that do not run are kept."""
    return sorted(sample.containers, key=lambda one: not container_trouble(one))[:MAX_LINES]


def _clean(value: Any) -> Any:
    """The same with bounded lists and texts, credentials struck out."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list):
        return [_clean(one) for one in value[:MAX_LINES]]
    return {key: _clean(one) for key, one in value.items()} if isinstance(value, dict) else value


def _text(text: str) -> str:
    return shorten(redact(text), MAX_TEXT)


def _mount_of(alert: Alert) -> str | None:
    """The mount to look into: that of a rule on disks, the fullest of a rule on all of them."""
    return alert.instance if alert.rule.watched.name.split(".")[0] == "disk" else None
