"""Feeds: bytes that an agent makes for one caller of this hub, only while it takes them.

The agent sends as much as the caller took (credit): who is slow slows the source on the target,
and nothing else. A feed ends with its source, with its caller, with the agent's connection, and
with the rights of its caller; the other end hears of each of these.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, TypeVar

from chatops.errors import Busy, ChatOpsError, Conflict, NotFound, Offline, ProtocolError
from chatops.protocol.features import COPIES, FEEDS, LOG_FEEDS
from chatops.protocol.limits import (
    MAX_FEEDS,
    MAX_STREAM_DATA,
    MAX_USER_FEEDS,
    STREAM_CREDIT,
)
from chatops.protocol.messages import (
    DockerCommand,
    StreamClose,
    StreamCredit,
    StreamName,
    StreamOpen,
)
from chatops.server.services.access import Principal
from chatops.server.services.agent_manager import AgentManager, AgentSession
from chatops.server.services.agent_requests import (
    PATIENCE,
    SLACK,
    Asked,
    Subject,
    ask_agent,
    failure,
    offline,
)
from chatops.server.services.following import Followings
from chatops.server.services.places import Places
from chatops.server.services.server_finder import ServerName

T = TypeVar("T")
_CROWDED: Final = 16_384
"""Pieces that wait for a caller, from which on the order between two streams is given up to keep
their number small."""


class Piece(NamedTuple):
    """Some bytes of one of a feed's streams."""

    stream: StreamName
    data: bytes | bytearray


class _Incoming:
    """One stream of a feed: what comes of it, and its credit."""

    def __init__(self, feed: Feed, session: AgentSession, name: StreamName, credit: int) -> None:
        self.name = name
        self._credit = credit
        self._feed = feed
        self._session = session
        self._number = session.open_stream(self)
        self._received = 0
        self._granted = credit
        self._owed = 0

    def opening(self, request_id: str) -> StreamOpen:
        """Asks the agent for it."""
        return StreamOpen(
            stream=self._number, command_id=request_id, name=self.name, credit=self._credit,
            watched=True,
        )  # fmt: skip

    def feed(self, offset: int, data: bytes) -> None:
        """Bytes came.

        Raises:
            ProtocolError: they do not follow what came before, or are more than was asked for.
        """
        end = offset + len(data)
        if offset != self._received or end > self._granted:
            error = ProtocolError("bytes came that a feed did not ask for")
            self._feed.cut(Conflict(f"the agent of {self._feed.server} broke the feed"))
            raise error
        self._received = end
        self._feed.put(self, data)

    def end(self, message: StreamClose) -> None:
        """The agent has no more, or cannot go on."""
        self._session.streams.pop(self._number, None)
        self._feed.ended(self, message)

    def pay(self, count: int) -> None:
        """The caller took bytes: give credit for them, in larger sums."""
        self._owed += count
        if self._owed * 4 >= self._credit and self._is_open:
            self._session.post(StreamCredit(stream=self._number, credit=self._owed))
            self._granted += self._owed
            self._owed = 0

    def close(self) -> None:
        """Nobody takes it any more."""
        if self._is_open:
            del self._session.streams[self._number]
            self._session.post(StreamClose(stream=self._number, reason="closed"))

    @property
    def _is_open(self) -> bool:
        return self._session.streams.get(self._number) is self


class Feed:
    """One feed, for one caller, which must ``close`` it."""

    def __init__(
        self,
        session: AgentSession,
        server: str,
        subject: Subject,
        names: Sequence[StreamName],
        credit: int = STREAM_CREDIT,
    ) -> None:
        self.server = server
        self._subject = subject
        self.session = session
        self.on_close: Callable[[], object] = lambda: None
        self.on_gone: Callable[[], object] = lambda: None
        self._streams = [_Incoming(self, session, name, credit) for name in names]
        self._open = set(self._streams)
        self._queue: deque[tuple[_Incoming, bytes | bytearray]] = deque()
        self._given: list[tuple[_Incoming, int]] = []
        self._wake = asyncio.Event()
        self._error: ChatOpsError | None = None
        self._cut = False

    def openings(self, request_id: str) -> list[StreamOpen]:
        """Ask the agent for its streams."""
        return [stream.opening(request_id) for stream in self._streams]

    async def next(self) -> list[Piece] | None:
        """What came, in order, some 64 KiB of it; None at the end. Until it is called again this
        counts as not taken.

        Raises:
            ChatOpsError: the feed cannot go on, or the caller may not have it any more.
        """
        self._pay()
        while not self._queue or self._cut:
            if self._error is not None:
                raise self._error
            if not self._open:
                return None
            self._wake.clear()
            await self._wake.wait()
        pieces, size = [], 0
        while self._queue and size < MAX_STREAM_DATA:
            stream, data = self._queue.popleft()
            self._given.append((stream, len(data)))
            pieces.append(Piece(stream.name, data))
            size += len(data)
        return pieces

    def cut(self, error: ChatOpsError) -> None:
        """Give the caller nothing more but this error; the agent stops."""
        if not self._cut:
            if isinstance(error, NotFound):
                error = NotFound(f"{self.server}: {error.message}", hint=error.hint)
            self._cut, self._error = True, error
            self._queue.clear()
            self._leave()

    def close(self) -> None:
        """The caller has enough, or is gone."""
        self._cut = True
        self._queue.clear()
        self._leave()
        self.on_close()
        self.on_gone()

    # -- called by the streams and the service ---------------------------------------------------

    def put(self, stream: _Incoming, data: bytes) -> None:
        """Bytes of a stream came."""
        crowded = len(self._queue) >= _CROWDED
        last = self._last(stream) if crowded else self._queue[-1] if self._queue else None
        joined = last and last[0] is stream and (crowded or len(last[1]) < MAX_STREAM_DATA)
        if last and joined and isinstance(last[1], bytearray):
            last[1].extend(data)
        else:
            large = len(data) >= MAX_STREAM_DATA
            self._queue.append((stream, data if large else bytearray(data)))
        self._wake.set()

    def ended(self, stream: _Incoming, message: StreamClose) -> None:
        """A stream ended; the feed is at its end when all have."""
        self._open.discard(stream)
        if message.reason != "eof" and self._error is None:
            self._error = failure(self._subject, self.server, message.reason, message.error)
        self._wake.set()

    def lost(self) -> None:
        """The agent's connection is gone. What came is still given."""
        if self._open and self._error is None:
            self._error = Offline(f"{self.server} went offline: its agent's connection was lost")
        self._open.clear()
        self._wake.set()

    def _last(self, stream: _Incoming) -> tuple[_Incoming, bytes | bytearray] | None:
        return next((one for one in reversed(self._queue) if one[0] is stream), None)

    def _leave(self) -> None:
        for stream in self._streams:
            stream.close()
        self._open.clear()
        self._wake.set()

    def _pay(self) -> None:
        for stream, count in self._given:
            stream.pay(count)
        self._given.clear()


class FeedService:
    """Opens feeds, and ends them with the connection of their agent."""

    def __init__(self, agents: AgentManager, followed: Followings) -> None:
        self._agents = agents
        self._followed = followed
        self._places = Places(MAX_FEEDS, MAX_USER_FEEDS, "feeds", "account")
        self._feeds: set[Feed] = set()
        agents.on_gone.append(self._gone)

    async def open(
        self,
        principal: Principal,
        where: ServerName,
        request: Asked,
        kind: type[T],
        names: Sequence[StreamName] = ("stdout", "stderr"),
        *,
        credit: int = STREAM_CREDIT,
    ) -> tuple[Feed, T]:
        """A feed of the server, which has begun, and what it began with. ``credit`` bytes of each
        stream may be under way.

        Raises:
            as ``ask_agent``; and
            TooManyRequests: the caller's account has too many open.
        """
        session = self._agents.find(where.id)
        if session is None:
            raise offline(where, Subject.of(request))
        if _feature(request) not in session.features:
            raise Conflict(
                f"the agent of {where.name} is too old for this", hint="update the agent"
            )  # fmt: skip
        feed = Feed(session, where.name, Subject.of(request), names, credit)
        self._count(feed, principal)
        try:
            request.streams = feed.openings(request.id)
            began = await ask_agent(self._agents, where, request, kind, PATIENCE + SLACK)
            self._followed.add(feed, principal.holder, [where.id], since=principal.since)
        except BaseException:
            feed.close()
            raise
        return feed, began

    def stop(self) -> None:
        """The hub stops."""
        for feed in list(self._feeds):
            feed.cut(Busy("the hub is shutting down", hint="try again when it is back"))

    def __len__(self) -> int:
        return len(self._feeds)

    def _count(self, feed: Feed, principal: Principal) -> None:
        self._places.take(principal.user_id)
        self._feeds.add(feed)

        def gone() -> None:
            if feed in self._feeds:
                self._feeds.discard(feed)
                self._places.leave(principal.user_id)

        feed.on_gone = gone

    def _gone(self, session: AgentSession, _reason: str) -> None:
        for feed in [one for one in self._feeds if one.session is session]:
            feed.lost()


def _feature(request: Asked) -> str:
    """What an agent must know of to answer it."""
    if isinstance(request, DockerCommand):
        return FEEDS
    return COPIES if request.source.startswith("copy_") else LOG_FEEDS
