"""LogStream: the stored lines of servers as a stream that is read page by page.

A reader is a place in ``logs.db`` and nothing else: what it has not read yet waits there, however
slow it is, and who comes back with the last place it knows goes on without a seam.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Concatenate, Final, NamedTuple, ParamSpec, TypeVar

from chatops.protocol.target import parse_target
from chatops.server.crud.log_stream import received
from chatops.server.db.engine import Database
from chatops.server.db.transactions import Transaction
from chatops.server.services.access import Access, Principal
from chatops.server.services.log_reading import (
    LookedBack,
    Page,
    Wanted,
    follow,
    look_back,
    newest,
    read_on,
)
from chatops.server.services.server_finder import ServerFinder
from chatops.server.services.targets import resolve

AT_ONCE: Final = 2
"""Looks at a time, of four readers: searches need not wait for streams."""
PATIENCE: Final = 2.0
"""Seconds for which the last lines are looked for."""
P = ParamSpec("P")
T = TypeVar("T")


class Beginning(NamedTuple):
    """Where a stream begins: after a place, with all lines up to another one. ``since``: the last
    lines were not looked for among those received before this time."""

    after: int
    until: int
    since: float | None


class LogStream:
    """Gives the lines to whoever follows them (see server.ws.log_stream)."""

    def __init__(self, logs: Database, state: Database, servers: ServerFinder) -> None:
        self._logs = logs
        self._state = state
        self._servers = servers
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._with_pattern = asyncio.Semaphore(AT_ONCE - 1)

    async def meant(self, principal: Principal, target: str, *, lasting: bool) -> dict[str, str]:
        """Names, by id, of the servers that a TARGET means to a caller now; ``lasting``: it was
        good before, and may mean none now.

        Raises:
            InvalidInput: it is no TARGET.
            NotFound: it means none, or names what is not there for this caller.
        """
        async with self._state.read() as session:
            if not lasting:
                found = await resolve(session, self._servers, principal, target, Access.VIEWER)
                return {one.id: one.name for one in found}
            parsed = parse_target(target)
            seen = await self._servers.seen(session, principal)
        return {one.id: one.name for one in seen if parsed.covers(one)}

    async def last(self, wanted: Wanted, lines: int) -> Beginning:
        """Where the last lines begin."""
        end = await self._look(newest)
        at = LookedBack(end, lines, done=not lines)
        until = time.monotonic() + PATIENCE
        while not at.done:
            at = await self._look_for(wanted, look_back, at)
            if not at.done and time.monotonic() >= until:
                return Beginning(at.after, end, await self._look(received, at.after))
        return Beginning(at.after, end, None)

    async def page(self, wanted: Wanted, after: int, until: int | None = None) -> Page:
        """The next lines after a place: up to another, or what there is now (see ``follow``)."""
        if until is None:
            return await self._look_for(wanted, follow, after)
        return await self._look_for(wanted, read_on, after, until)

    async def _look_for(
        self,
        wanted: Wanted,
        work: Callable[Concatenate[Transaction, Wanted, P], T],
        *args: P.args,
        **named: P.kwargs,
    ) -> T:
        """Patterns can take a fifth of a second for one long line. Whoever asks for none waits for
        none: there is always a turn that no pattern has."""
        if wanted.finder is None:
            return await self._look(work, wanted, *args, **named)
        async with self._with_pattern:
            return await self._look(work, wanted, *args, **named)

    async def _look(
        self, work: Callable[Concatenate[Transaction, P], T], *args: P.args, **named: P.kwargs
    ) -> T:
        async with self._turn:
            return await self._logs.look(lambda tx: work(tx, *args, **named))
