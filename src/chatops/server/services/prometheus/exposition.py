"""Who gets which figures, and the text of a scrape.

Everybody gets what ``chatops status`` tells, of the servers that exist for the caller, and their
values if asked. What tells of the hub as a whole is for those for whom every server exists.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Final

from chatops import __version__
from chatops.clock import Clock
from chatops.protocol import rest
from chatops.server.db.engine import Database
from chatops.server.services.access import Principal
from chatops.server.services.agent_manager import AgentManager
from chatops.server.services.live_settings import LiveSettings
from chatops.server.services.metrics.service import MetricsService
from chatops.server.services.prometheus.fleet import FleetText
from chatops.server.services.prometheus.lines import Family, label
from chatops.server.services.servers import ServerService
from chatops.server.services.status import StatusService

SLICE: Final = 50
"""Servers that are written before others have their turn: a few milliseconds."""
STALE_AFTER: Final = 300.0
"""Seconds after which a sample is no server's present any more, at the least; three intervals if
those are longer."""


class Exposition:
    """Writes the answer to a scrape, one at a time: none holds the event loop for longer than a
    slice takes, however many come."""

    def __init__(
        self,
        database: Database,
        servers: ServerService,
        agents: AgentManager,
        metrics: MetricsService,
        status: StatusService,
        own_figures: Callable[[], bytes],
        settings: LiveSettings,
        clock: Clock,
    ) -> None:
        """``own_figures`` gives those of the hub itself as text; it is called in a thread."""
        self._database = database
        self._servers = servers
        self._agents = agents
        self._metrics = metrics
        self._status = status
        self._own_figures = own_figures
        self._settings = settings
        self._clock = clock
        self._turn = asyncio.Lock()

    async def text(self, principal: Principal, *, fleet: bool) -> bytes:
        """What there is for the caller, in Prometheus' text format."""
        async with self._turn:
            parts = [one.text() for one in _overview(await self._status.status(principal))]
            if fleet:
                parts += await self._fleet(principal)
            text = await asyncio.to_thread(_joined, parts)
            if principal.sees_all:
                text += await asyncio.to_thread(self._own_figures)
            return text

    async def _fleet(self, principal: Principal) -> list[str]:
        async with self._database.read() as session:
            servers = await self._servers.seen(session, principal)
        text = FleetText()
        after = self._clock.now() - max(STALE_AFTER, 3 * self._settings.now.interval)
        for start in range(0, len(servers), SLICE):
            some = servers[start : start + SLICE]
            online = {one.id: one.name for one in some if self._agents.find(one.id) is not None}
            newest = await self._metrics.newest(list(online))
            for one in some:
                text.add(one, online=one.id in online)
            for server_id, found in newest.items():
                if found.ts >= after:
                    text.measured(online[server_id], found)
        return await asyncio.to_thread(text.parts)


def _joined(parts: list[str]) -> bytes:
    return "".join(parts).encode("utf-8", "replace")


def _overview(status: rest.Status) -> Iterator[Family]:
    info = Family("chatops_hub_info", "The hub's version.")
    info.add(label("version", __version__), 1)
    uptime = Family("chatops_hub_uptime_seconds", "How long the hub has been running.")
    uptime.add("", status.uptime_s)
    servers = Family("chatops_servers", "Servers that the caller may see.")
    counts = status.servers
    for state in ("online", "offline", "never"):
        servers.add(label("status", state), getattr(counts, state))
    alerts = Family("chatops_alerts", "Open alerts of these servers.")
    for state in ("firing", "pending"):
        alerts.add(label("state", state), getattr(status.alerts, state))
    yield from (info, uptime, servers, alerts)
