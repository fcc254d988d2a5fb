"""AgentManager: the live connections of agents. The only place that knows who is online."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Final, Protocol

from chatops.clock import Clock
from chatops.errors import Offline, ProtocolError
from chatops.protocol import closing
from chatops.protocol.codec import encode
from chatops.protocol.facts import PolicyFacts
from chatops.protocol.feed_messages import FeedRequest, FeedResponse
from chatops.protocol.messages import (
    Command,
    CommandResponse,
    DockerCommand,
    DockerResponse,
    Error,
    Message,
    Ping,
    ProcessesRequest,
    ProcessesResponse,
    SnapshotRequest,
    SnapshotResponse,
    StreamClose,
    StreamCredit,
)
from chatops.protocol.session.heartbeat import Heartbeat, Pulse
from chatops.protocol.session.pending import Pending
from chatops.protocol.session.transit import Transit
from chatops.server.services.awake import Awake
from chatops.server.services.connection import Connection
from chatops.text import escape, shorten

Request = Command | DockerCommand | FeedRequest | ProcessesRequest | SnapshotRequest
Reply = CommandResponse | DockerResponse | FeedResponse | ProcessesResponse | SnapshotResponse
REPLY_TIMEOUT: Final = 30.0
_log = logging.getLogger(__name__)


class StreamSink(Protocol):
    """Where the bytes of one stream go."""

    def feed(self, offset: int, data: bytes) -> None:
        """Some bytes came."""
        ...

    def end(self, message: StreamClose) -> None:
        """No more will come; ``message.offset`` is the stream's length."""
        ...


class InputStream(Protocol):
    """A stream that goes to the agent."""

    def on_credit(self, message: StreamCredit) -> None:
        """The agent takes more."""
        ...

    def on_close(self) -> None:
        """The agent takes no more."""
        ...

    def session_ended(self) -> None:
        """The connection is gone."""
        ...


@dataclass(eq=False, slots=True)
class AgentSession:
    """One connection of one agent, from its auth to its end.

    ``settling`` counts what it said of commands and the hub has not dealt with yet.
    """

    server_id: str
    server_name: str
    connection: Connection
    heartbeat: Heartbeat
    connected_at: float
    key_id: str = ""
    key_expires_at: float | None = None
    machine_id: str = ""
    instance: str = ""
    features: frozenset[str] = frozenset()
    policy: PolicyFacts | None = None
    """What its policy lets the hub do, as it says; None where that is not known."""
    pending: Pending[asyncio.Future[Reply]] = field(default_factory=Pending)
    streams: dict[int, StreamSink] = field(default_factory=dict)
    inputs: dict[int, InputStream] = field(default_factory=dict)
    transit: Transit = field(default_factory=Transit)
    last_heard: float = 0.0
    settling: int = 0
    _next_stream: int = 0

    def post(self, message: Message) -> bool:
        """Send a message; False when the link is gone.

        One that no room is left for ends the link: an agent that missed an ack, a credit or a
        cancel without knowing would wait for it for ever; on its return all is said again.
        """
        return self._made_sure(self.connection.post(encode(message)))

    def post_all(self, messages: Sequence[Message]) -> bool:
        """The same of several, in order."""
        return self._made_sure(self.connection.post_all([encode(message) for message in messages]))

    def _made_sure(self, posted: bool) -> bool:  # noqa: FBT001
        if not posted:
            self.connection.close(closing.SILENT, "the agent does not read what is sent to it")
        return posted

    def open_stream(self, sink: StreamSink) -> int:
        """A stream number that this session has not used yet, leading to ``sink``."""
        number = self._new_number()
        self.streams[number] = sink
        return number

    def open_input(self, stream: InputStream) -> int:
        """A stream number that this session has not used yet, for what goes to the agent."""
        number = self._new_number()
        self.inputs[number] = stream
        return number

    def end(self) -> None:
        """Fail what still waits for an answer, and forget the streams."""
        for _, future in self.pending.drain():
            if not future.done():
                future.set_exception(Offline("the agent's connection ended before it answered"))
        self.streams.clear()
        for stream in list(self.inputs.values()):
            stream.session_ended()
        self.inputs.clear()

    def _new_number(self) -> int:
        self._next_stream += 1
        return self._next_stream


class AgentManager:
    """Registers connections, routes requests to them, and ends those that are silent."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.awake = Awake(clock)
        self._sessions: dict[str, AgentSession] = {}
        self._last_heard: dict[str, float] = {}
        self._heard_at: dict[str, float] = {}
        self.registered = 0
        """Sessions so far."""
        self.ended = Counter[str]()
        """The same that ended, by why."""
        self.refused = Counter[str]()
        """Agents that were turned away, by why."""
        self._due: list[tuple[float, int, AgentSession]] = []
        """When each session is looked at next: a heap."""
        self._turns = itertools.count()
        self.on_gone: list[Callable[[AgentSession, str], None]] = []

    def register_agent(
        self,
        server_id: str,
        websocket: Connection,
        *,
        server_name: str = "",
        key_id: str = "",
        key_expires_at: float | None = None,
        machine_id: str = "",
        instance: str = "",
        features: frozenset[str] = frozenset(),
        policy: PolicyFacts | None = None,
    ) -> AgentSession:
        """Make ``websocket`` the one connection of a server; an older one is told and ended."""
        old = self._sessions.get(server_id)
        if old is not None:
            self._drop(old, closing.REPLACED)
        session = AgentSession(
            server_id=server_id,
            server_name=server_name,
            connection=websocket,
            heartbeat=Heartbeat(self.awake.now()),
            connected_at=self._clock.now(),
            key_id=key_id,
            key_expires_at=key_expires_at,
            machine_id=machine_id,
            instance=instance,
            features=features,
            policy=policy,
            last_heard=self._clock.now(),
        )
        self._sessions[server_id] = session
        self._watch(session, self.awake.now())
        self.registered += 1
        return session

    def unregister_agent(
        self, server_id: str, websocket: Connection | None = None, reason: str = "closed"
    ) -> bool:
        """End a server's session. With ``websocket``, only if the session is still that one:
        the clean-up of a dead connection must not end its successor. True if one was ended."""
        session = self._sessions.get(server_id)
        if session is None or (websocket is not None and session.connection is not websocket):
            return False
        del self._sessions[server_id]
        self._last_heard[server_id] = session.last_heard
        now = self.awake.now()
        self._heard_at[server_id] = now - session.heartbeat.silence(now)
        session.end()
        self.ended[reason] += 1
        for listener in self.on_gone:
            listener(session, reason)
        return True

    async def send_command(
        self,
        server_id: str,
        command: Request,
        *,
        timeout: float = REPLY_TIMEOUT,
    ) -> Reply:
        """Send a request to a server's agent and wait for its first reply.

        Raises:
            Offline: the agent is not connected, or its link ended before it answered.
            ProtocolError: the agent could not take it.
            TimeoutError: it did not answer in ``timeout`` seconds.
            Busy: too many requests are open.
        """
        session = self.session(server_id)
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        session.pending.add(command.id, future, self._clock.monotonic() + timeout)
        try:
            if not session.post(command):
                raise Offline("the agent's connection has just ended")
            return await asyncio.wait_for(future, timeout)
        finally:
            session.pending.resolve(command.id)

    def get_agent_connection(self, server_id: str) -> Connection | None:
        """The live connection of a server, if there is one."""
        session = self._sessions.get(server_id)
        return session.connection if session else None

    def session(self, server_id: str) -> AgentSession:
        """The live session of a server.

        Raises:
            Offline: there is none.
        """
        session = self._sessions.get(server_id)
        if session is None:
            raise Offline("the server is offline: its agent is not connected")
        return session

    def find(self, server_id: str) -> AgentSession | None:
        """The live session of a server, or None."""
        return self._sessions.get(server_id)

    def without(self, server_ids: Iterable[str]) -> list[str]:
        """Those of the servers that have no live session."""
        return [one for one in server_ids if one not in self._sessions]

    def sessions(self) -> Iterator[AgentSession]:
        """All live sessions."""
        return iter(list(self._sessions.values()))

    def heard(self, session: AgentSession) -> None:
        """A frame came from this session's agent."""
        session.heartbeat.heard(self.awake.now())
        session.last_heard = self._clock.now()

    def last_heard(self, server_id: str) -> float | None:
        """Unix seconds of the last sign of life since this hub started; None without one."""
        session = self._sessions.get(server_id)
        return session.last_heard if session else self._last_heard.get(server_id)

    def silence(self, server_id: str) -> float | None:
        """Seconds since the last sign of life of a server that is gone, as far as the hub was awake
        to hear one; None if it was not heard since this hub started."""
        heard = self._heard_at.get(server_id)
        return None if heard is None else self.awake.now() - heard

    def answer(self, session: AgentSession, reply: Reply) -> None:
        """Match a reply to its request by id; one that nobody waits for is fine."""
        future = session.pending.resolve(reply.id)
        if future is not None and not future.done():
            future.set_result(reply)

    def answer_error(self, session: AgentSession, error: Error) -> None:
        """An agent could not take a message: whoever waits for the answer hears of it."""
        future = session.pending.resolve(error.re) if error.re else None
        if future is not None and not future.done():
            future.set_exception(ProtocolError(shorten(escape(error.message), 200)))

    def sweep(self) -> None:
        """Ping those that are silent, end those that are dead or whose key has expired; called
        every second."""
        now, wall = self.awake.now(), self._clock.now()
        due = []
        while self._due and self._due[0][0] <= now:
            due.append(heappop(self._due)[2])
        for session in due:
            if self.find(session.server_id) is session:
                self._see_to(session, now, wall)

    def _see_to(self, session: AgentSession, now: float, wall: float) -> None:
        """Ping or end a session, and note when to look at it again: most are heard meanwhile."""
        expires = session.key_expires_at
        pulse = session.heartbeat.check(now)
        if expires is not None and expires <= wall:
            self._drop(session, closing.KEY_EXPIRED)
        elif pulse is Pulse.DEAD:
            self._drop(session, closing.SILENT)
        else:
            if pulse is Pulse.PING:
                session.post(Ping(id=int(now)))
            wait = session.heartbeat.next_check(now)
            self._watch(session, now + (wait if expires is None else min(wait, expires - wall)))

    def _watch(self, session: AgentSession, due: float) -> None:
        heappush(self._due, (due, next(self._turns), session))

    def disconnect(self, server_id: str, reason: closing.CloseReason) -> None:
        """End a server's session and tell its agent why (a revoked key, a removed server)."""
        session = self._sessions.get(server_id)
        if session is not None:
            self._drop(session, reason)

    def close(self) -> None:
        """Tell every agent that the hub stops."""
        for session in self.sessions():
            self._drop(session, closing.HUB_STOPPING)

    def _drop(self, session: AgentSession, reason: closing.CloseReason) -> None:
        session.connection.close(reason)
        self.unregister_agent(session.server_id, session.connection, reason.name)
        _log.info("agent ended", extra={"server_id": session.server_id, "reason": reason.name})

    def __len__(self) -> int:
        return len(self._sessions)
