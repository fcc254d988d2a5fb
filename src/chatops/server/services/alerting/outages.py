"""Which servers are away, by the hub's own clock, and since when.

After a start the hub waits for agents to come back before it calls one away that it has not heard:
what it knows of such a server is when it was last heard before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from chatops.clock import Clock
from chatops.server.services.agent_manager import AgentManager, AgentSession

AWAY: Final = 10.0
"""Seconds without a connection after which nothing is known of a server any more."""
GRACE: Final = 75.0
"""Seconds after a start of the hub within which agents come back."""


class Absence(NamedTuple):
    """A server without a connection: ``seconds`` since it was last heard, and ``gone_at``, when its
    connection ended (Unix seconds)."""

    seconds: float
    gone_at: float


class Outages:
    """Follows agents as they go."""

    def __init__(self, agents: AgentManager, clock: Clock, grace: float = GRACE) -> None:
        self._agents = agents
        self._clock = clock
        self._grace = grace
        self._started = agents.awake.now()
        self._seen_before: dict[str, float] = {}
        self._gone_at: dict[str, float] = {}
        agents.on_gone.append(self._gone)

    def load(self, last_seen: Mapping[str, float]) -> None:
        """Take over when servers were heard before the hub started, which is now."""
        self._seen_before = dict(last_seen)
        self._started = self._agents.awake.now()

    def forget(self, server_id: str) -> None:
        """A server is removed."""
        self._seen_before.pop(server_id, None)
        self._gone_at.pop(server_id, None)

    def known(self, server_ids: Iterable[str]) -> int:
        """How many of the servers ever connected."""
        return sum(
            one in self._seen_before or self._agents.last_heard(one) is not None
            for one in server_ids
        )

    def silent(self, server_ids: Iterable[str]) -> list[str]:
        """Those of the servers that have no connection."""
        return self._agents.without(server_ids)

    def of(self, server_id: str) -> Absence | None:
        """How long a server is away; None if it is not, never was there, or may yet come back."""
        if self._agents.find(server_id) is not None:
            return None
        silence = self._agents.silence(server_id)
        now = self._clock.now()
        if silence is not None:
            return Absence(silence, self._gone_at.get(server_id, now - silence))
        seen = self._seen_before.get(server_id)
        if seen is None or self.is_unsure(server_id):
            return None
        return Absence(max(0.0, now - seen), seen)

    def is_unsure(self, server_id: str) -> bool:
        """Whether nothing can be said of a server yet, as the hub has just started."""
        return (
            self._agents.last_heard(server_id) is None
            and self._agents.awake.now() - self._started < self._grace
        )

    def _gone(self, session: AgentSession, _reason: str) -> None:
        self._gone_at[session.server_id] = self._clock.now()
