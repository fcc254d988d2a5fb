"""What is to be said of keys before it hurts: that one expires soon, or is used by two agents.

It is told in the hub's log, in the server's own log, to its agent, and in ``chatops status``.
"""

from __future__ import annotations

import logging
from typing import Final

from chatops.clock import Clock
from chatops.protocol import rest
from chatops.protocol.messages import Notice
from chatops.server.crud import api_keys, servers
from chatops.server.crud.api_keys import AgentKey
from chatops.server.db.engine import Database
from chatops.server.db.models import ApiKey
from chatops.server.services.access import Principal
from chatops.server.services.agent_manager import AgentManager, AgentSession
from chatops.server.services.key_use import KeyUse, Sharing
from chatops.server.services.limiter import RateLimiter
from chatops.server.services.log_entries import LogService
from chatops.server.services.servers import ServerService
from chatops.units import format_time

SOON: Final = 14 * 86_400.0
"""Seconds before its end from which on a key is warned of."""
_DAILY: Final = 1 / 86_400
_LOOK_EVERY: Final = 600.0
_SHARED_EVERY: Final = 1 / 300
_MOST: Final = 1000
_log = logging.getLogger(__name__)


class KeyWarnings:
    """Finds them, and says each as often as is of use."""

    def __init__(
        self,
        database: Database,
        servers: ServerService,
        agents: AgentManager,
        logs: LogService,
        clock: Clock,
    ) -> None:
        self._database = database
        self._servers = servers
        self._agents = agents
        self._logs = logs
        self._clock = clock
        self.use = KeyUse()
        self._said = RateLimiter(rate=_DAILY, burst=1)
        self._shared = RateLimiter(rate=_SHARED_EVERY, burst=1)
        self._looked: float | None = None

    async def expiring(self, principal: Principal) -> list[rest.ExpiringKey]:
        """The keys that expire soon, of the servers that the caller may see; the first ones."""
        async with self._database.read() as session:
            ids = await self._servers.scope(session, principal, None)
            now = self._clock.now()
            rows = await api_keys.expiring(session, now, now + SOON, limit=_MOST, server_ids=ids)
            names = await servers.names(session, ids={row.server_id for row in rows})
        return [
            rest.ExpiringKey(
                id=row.id, server=names[row.server_id], name=row.name, expires_at=_end(row)
            )
            for row in rows
        ]

    async def shared(self, principal: Principal) -> list[rest.SharedKey]:
        """The servers, of those that the caller may see, whose identity two agents use. Once a
        key of theirs was revoked it is over."""
        found = self.use.shared(self._clock.monotonic())
        if not found:
            return []
        async with self._database.read() as session:
            seen = await self._servers.scope(session, principal, None)
            keys = {user.key_id for one in found.values() for user in one.users}
            usable = await api_keys.usable(session, keys)
            ids = {
                server_id
                for server_id, one in found.items()
                if (seen is None or server_id in seen)
                and all(user.key_id in usable for user in one.users)
            }
            names = await servers.names(session, ids=ids)
        return [
            rest.SharedKey(
                server=name,
                ts=format_time(found[one].ts),
                agents=[str(u) for u in found[one].users],
            )
            for one, name in sorted(names.items(), key=lambda item: item[1])
        ]

    async def look(self) -> None:
        """Say once a day which keys expire soon. To be called often."""
        at, now = self._clock.monotonic(), self._clock.now()
        if self._looked is not None and at - self._looked < _LOOK_EVERY:
            return
        self._looked = at
        async with self._database.read() as session:
            rows = await api_keys.expiring(session, now, now + SOON, limit=_MOST)
            names = await servers.names(session, ids={row.server_id for row in rows})
        for row in rows:
            if self._said.take(row.id, at) == 0:
                self._say_expiring(row, names[row.server_id])

    def greet(self, session: AgentSession, key: AgentKey) -> None:
        """Tell an agent that has just come if its key expires soon, or is shared; and if it is,
        tell everybody else."""
        sharing = self.use.sharing(session.server_id, self._clock.monotonic())
        if sharing is not None:
            self._say_shared(session, sharing)
        if key.expires_at is not None and key.expires_at - self._clock.now() <= SOON:
            session.post(Notice(code="key_expiring", message=_expiring(key)))

    def _say_shared(self, session: AgentSession, sharing: Sharing) -> None:
        at = self._clock.monotonic()
        if self._shared.take((session.server_id, session.instance), at) == 0:
            text = f"{sharing}; give each a key of its own, and revoke this one"
            session.post(Notice(code="key_shared", message=text))
        if self._shared.take(session.server_id, at) == 0:
            _log.warning("%s", sharing, extra={"server": session.server_name})
            self._logs.note(session.server_id, "error", "hub", str(sharing))

    def _say_expiring(self, key: ApiKey, server: str) -> None:
        text = _expiring(key)
        _log.warning("%s", text, extra={"server": server})
        self._logs.note(key.server_id, "warning", "hub", text)
        live = self._agents.find(key.server_id)
        if live is not None and live.key_id == key.id:
            live.post(Notice(code="key_expiring", message=text))


def _expiring(key: ApiKey | AgentKey) -> str:
    return f"the key {key.name} ({key.prefix}) expires at {_end(key)}: make another in time"


def _end(key: ApiKey | AgentKey) -> str:
    assert key.expires_at is not None
    return format_time(key.expires_at)
