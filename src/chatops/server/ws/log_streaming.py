"""The lines of a stream, from its beginning on, sent as fast as the client takes them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Set
from typing import Final

from chatops.errors import ChatOpsError, InvalidInput
from chatops.protocol import closing
from chatops.protocol.client_messages import FromClient, Tail
from chatops.protocol.patterns import Finder, finder
from chatops.protocol.target import parse_target
from chatops.server.context import Services
from chatops.server.services.access import Principal
from chatops.server.services.log_reading import Page, Wanted
from chatops.server.services.log_shipping import LEVELS
from chatops.server.services.log_tails import LogTail
from chatops.server.ws.connection import SocketConnection
from chatops.server.ws.listening import SocketEnded
from chatops.server.ws.looking import Looking
from chatops.server.ws.sockets import refusal

LINGER: Final = 0.05
"""Seconds between two looks for news: what comes meanwhile shares the next one."""
STALE: Final = 10_000
"""Ids after which a client is told its place, also when none of the lines are for it."""
RETRY_AFTER: Final = 1.0
Render = Callable[[Page, Wanted, float | None], Iterable[str]]
"""The frames of a page; the time is the one before which the last lines were not looked for."""


class LogStreaming:
    """One stream, as ``tail`` is told of news. What is wanted is to be asked for first."""

    def __init__(
        self, services: Services, token: str, connection: SocketConnection, tail: LogTail,
        render: Render,
    ) -> None:  # fmt: skip
        self.connection = connection
        self.tail = tail
        self.looking = Looking(services, token, tail, self._find)
        self._stream = services.log_stream
        self._render = render
        self._asked: Tail | None = None
        self._one = False
        self._finder: Finder | None = None
        self._source: str | None = None
        self._levels: tuple[str, ...] = LEVELS
        self._names: dict[str, str] = {}
        self._told = -1
        self._none = False
        """Whether no server is meant any more."""
        self._place = 0
        self._looked_at: int | None = None
        """The place when it was last looked which servers there are; None: in what is stored."""
        self._fresh: dict[str, int] = {}
        """Servers that came since it began, and the place at which each was not there yet."""

    def take(self, message: FromClient) -> None:
        """What the client says: a ``tail``, or what has no meaning here.

        Raises:
            InvalidInput: it asks for what there is not, or for a second time.
        """
        if not isinstance(message, Tail):
            return
        if self._asked is not None:
            raise InvalidInput("a socket has one tail")
        self._one = parse_target(message.target).one is not None
        self._finder = None if message.grep is None else finder(message.grep)
        self._source = message.source
        self._levels = LEVELS[LEVELS.index(message.level) if message.level else 0 :]
        self.tail.levels = frozenset(self._levels)
        self._asked = message
        self.looking.ask()

    async def _find(self, principal: Principal) -> Collection[str] | None:
        """The servers that it is for now: when it is first looked there must be some."""
        if self._asked is None:
            return None
        lasting = self.tail.looked.is_set()
        try:
            names = await self._stream.meant(principal, self._asked.target, lasting=lasting)
        except ChatOpsError as error:
            raise refusal(error) from None
        if self._looked_at is not None:
            self._fresh |= dict.fromkeys(names.keys() - self._names.keys(), self._looked_at)
            self._looked_at = self._place
        self._names |= names
        return names

    async def run(self) -> None:
        """Send what there is, and then what comes, until the socket is closed."""
        connection = self.connection
        try:
            await self.tail.looked.wait()
            assert self._asked is not None, "else nothing was looked for"
            after = await self._send_stored(self._asked)
            if self._asked.follow:
                await self._send_news(after)
            connection.close(closing.DONE)
        except ChatOpsError as error:  # the hub is busy
            connection.close(refusal(error).reason or closing.INTERNAL, error.message)
        except SocketEnded as end:
            connection.close(end.reason or closing.INTERNAL, end.message)

    async def _send_stored(self, asked: Tail) -> int:
        """What was asked for of what there is; the place behind it."""
        if asked.after is not None and asked.follow:
            return asked.after  # it is news
        begin = await self._stream.last(
            self._wanted(), 0 if asked.after is not None else asked.lines
        )
        page = Page([], asked.after if asked.after is not None else begin.after, more=True)
        while self._told < 0 or page.more:
            page = await self._page(page.after, begin.until, begin.since)
        return page.after

    async def _send_news(self, after: int) -> None:
        news = self.tail.news
        self._place = self._looked_at = after
        while True:
            news.clear()
            if self._fresh:
                await self._send_missed()
            page = await self._page(self._place)
            self._place = page.after
            if not page.more:
                await news.wait()
                await asyncio.sleep(LINGER)

    async def _send_missed(self) -> None:
        """Lines of servers that came, from before it was looked again which there are."""
        fresh, self._fresh = self._fresh, {}
        page = Page([], min(fresh.values()), more=True)
        while page.more:
            page = await self._page(page.after, self._place, only=fresh.keys())

    async def _page(
        self, after: int, until: int | None = None, since: float | None = None,
        only: Set[str] | None = None,
    ) -> Page:  # fmt: skip
        """Send the next page. If rights were lost while it was read, it was not."""
        wanted = self._wanted(only)
        try:
            page = await self._stream.page(wanted, after, until)
        except ChatOpsError:  # the hub is busy
            await asyncio.sleep(RETRY_AFTER)
            return Page([], after, more=True)
        if not self.tail.server_ids >= wanted.servers.keys():
            return Page([], after, more=True)
        first, none = self._told < 0, not wanted.servers
        emptied, self._none = none and not self._none, none
        if (
            first
            or emptied
            or page.rows
            or page.left_out
            or page.gap
            or page.after - self._told >= STALE
        ):
            self._told = max(self._told, page.after)
            told = page._replace(after=self._told)
            for frame in self._render(told, wanted, since if first else None):
                if not self.connection.post(frame):  # there is room when those before are sent
                    await self.connection.drained()
                    self.connection.post(frame)
            await self.connection.drained()
        return page

    def _wanted(self, only: Set[str] | None = None) -> Wanted:
        """
        Raises:
            SocketEnded: the one server is not there any more.
        """
        there = self.tail.server_ids
        if self._one and not there:
            raise SocketEnded(closing.NOT_FOUND)
        servers = {one: self._names[one] for one in (there if only is None else there & only)}
        return Wanted(servers, self._levels, self._finder, self._source)
