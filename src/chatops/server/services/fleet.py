"""What is to be done when an agent comes, goes, or is turned away.

Between AgentManager, which knows who is online now, and the services that must hear of it.
"""

from __future__ import annotations

import asyncio
import logging
from functools import lru_cache
from typing import Final

from chatops.clock import Clock
from chatops.protocol.closing import CloseReason
from chatops.protocol.limits import MAX_SKEW
from chatops.protocol.messages import Auth
from chatops.protocol.policy_facts import bounded
from chatops.server.crud import servers as crud
from chatops.server.crud.api_keys import AgentKey
from chatops.server.db.engine import Database
from chatops.server.db.transactions import Transaction
from chatops.server.services.agent_manager import AgentManager, AgentSession
from chatops.server.services.agent_news import AgentNews
from chatops.server.services.commands import CommandService
from chatops.server.services.connection import Connection
from chatops.server.services.event_pace import Moment
from chatops.server.services.key_use import User
from chatops.server.services.key_warnings import KeyWarnings
from chatops.server.services.keys import KeyService
from chatops.server.services.limiter import RateLimiter, network_of
from chatops.server.services.runs import RunService
from chatops.server.services.servers import ServerService
from chatops.units import format_duration

_LONGEST: Final = 100 * 365 * 86_400.0
"""Seconds: what a clock that was never set is behind, and more."""
_log = logging.getLogger(__name__)


class Fleet:
    """Follows agents through their connections."""

    def __init__(
        self,
        database: Database,
        agents: AgentManager,
        servers: ServerService,
        keys: KeyService,
        commands: CommandService,
        runs: RunService,
        news: AgentNews,
        warnings: KeyWarnings,
        clock: Clock,
    ) -> None:
        self._database = database
        self._agents = agents
        self._servers = servers
        self._keys = keys
        self._commands = commands
        self._runs = runs
        self._news = news
        self._warnings = warnings
        self._clock = clock
        self._refusals = RateLimiter(rate=0.1, burst=5)
        self._all_refusals = RateLimiter(rate=2, burst=100)
        agents.on_gone.append(self._gone)

    def register(self, found: AgentKey, auth: Auth, connection: Connection) -> AgentSession:
        """Make a connection whose key is valid the server's session, in place of an older one."""
        old = self._agents.find(found.server_id)
        if old is not None:
            self._replaced(old, found.server_name, auth, connection)
        return self._agents.register_agent(
            found.server_id,
            connection,
            server_name=found.server_name,
            key_id=found.id,
            key_expires_at=found.expires_at,
            machine_id=auth.host.machine_id,
            instance=auth.instance,
            features=_shared(frozenset(auth.features)),
            policy=bounded(auth.policy),
        )

    async def connecting(self, found: AgentKey, auth: Auth, address: str) -> None:
        """Record a connection that is about to stand, before its agent is told that it does.

        Raises:
            KeyRefused: the key was revoked since it was checked, or its server removed.
            Busy: it cannot be recorded now.
        """
        reason = self._who(found, auth, address)
        moment = self._news.now("connected", found.server_id, found.server_name, address, reason)

        def write(tx: Transaction) -> None:
            self._keys.use(tx, found)
            self._servers.set_facts(tx, found.server_id, auth, address)
            if moment is not None:
                self._news.note(tx, moment)

        await self._database.transact(write)
        if moment is not None:
            self._news.say(moment)
            self._say_skew(found, auth.time - self._clock.now())

    async def connected(self, session: AgentSession, found: AgentKey, auth: Auth) -> None:
        """Tell what is to be said of its key, and settle what both sides know of commands."""
        self._warnings.greet(session, found)
        known, epoch = found.journal_epoch, auth.journal.epoch
        await self._commands.on_connected(session, auth, known)
        if epoch != known:
            server_id = session.server_id
            await self._database.transact(lambda tx: self._servers.set_epoch(tx, server_id, epoch))

    def _say_skew(self, found: AgentKey, skew: float) -> None:
        """Tell that an agent's clock is wrong, where that is not just the way of its message."""
        if abs(skew) > MAX_SKEW:
            apart = format_duration(round(min(abs(skew), _LONGEST)))
            which = "ahead of" if skew > 0 else "behind"
            text = f"the host's clock is {apart} {which} the hub's; its samples get the hub's time"
            self._news.warn(found.server_id, text)

    async def refused(self, server_id: str | None, address: str, reason: CloseReason) -> None:
        """Record that an agent was turned away; of one address not more often than matters."""
        self._agents.refused[reason.name] += 1
        now = self._clock.monotonic()
        matters = not (
            self._refusals.take(network_of(address), now) or self._all_refusals.take("", now)
        )
        if matters:
            moment = Moment("refused", server_id, self._clock.now(), address, reason.name)
            await self._news.tell(moment)
        else:
            _log.debug("agent refused", extra={"address": address, "reason": reason.name})

    async def run(self) -> None:
        """Every second: pings, dead links, lost commands, events that were kept back."""
        while True:
            self._agents.sweep()
            self._news.catch_up()
            self._commands.sweep()
            self._runs.driver.sweep()
            await asyncio.sleep(1.0)

    async def keep_last_seen(self) -> None:
        """Write down when the connected agents were last heard, for after a crash of the hub."""
        heard = {one.server_id: one.last_heard for one in self._agents.sessions()}
        if heard:
            async with self._database.write() as session:
                await crud.touch(session, heard)

    def _who(self, found: AgentKey, auth: Auth, address: str) -> str | None:
        """What is remarkable about who connects: two that take turns, or another machine."""
        user = User.of(auth, address, found.id)
        at, now = self._clock.monotonic(), self._clock.now()
        sharing = self._warnings.use.connected(found.server_id, user, at, now)
        if sharing is not None:  # said with the event that it replaced the other, if it does
            return None if self._agents.find(found.server_id) else str(sharing)
        before = found.machine_id
        if before and before != auth.host.machine_id:
            return f"another machine than before: {auth.host.hostname[:64]}"
        return None

    def _replaced(self, old: AgentSession, name: str, auth: Auth, connection: Connection) -> None:
        reason = "the same agent connected again"
        if (old.machine_id, old.instance) != (auth.host.machine_id, auth.instance):
            # An agent's restart is rarely seen from here, as its old connection ends with it.
            other = "machine" if old.machine_id != auth.host.machine_id else "agent"
            reason = f"another {other} ({auth.host.hostname[:64]}) connected with the same key"
            if sharing := self._warnings.use.sharing(old.server_id, self._clock.monotonic()):
                reason = str(sharing)
        if moment := self._news.now("replaced", old.server_id, name, connection.address, reason):
            self._news.soon(moment)

    def _gone(self, session: AgentSession, reason: str) -> None:
        server_id, address = session.server_id, session.connection.address
        moment = self._news.now("disconnected", server_id, session.server_name, address, reason)
        self._news.gone(server_id, moment, session.last_heard)


@lru_cache(maxsize=256)
def _shared(features: frozenset[str]) -> frozenset[str]:
    """The same, as one object for all agents that have the same."""
    return features
