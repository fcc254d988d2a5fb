"""One connection to the hub, from the first frame to the last: the I/O shell of a session.

Three things run at a time: frames that come are handled one by one; one pump sends what
there is (replies, then live samples, then output and outcomes, then older samples, then log
lines, then feeds); and the heartbeat ends a link that is dead. Only the pump writes, so a hub that
does not read stops the pump, the streams' credit and in the end the session, and nothing else.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from chatops.agent.answers import Answers
from chatops.agent.container_requests import ContainerRequests
from chatops.agent.executor import Executor
from chatops.agent.feed_requests import FeedRequests
from chatops.agent.feeds import Feeds
from chatops.agent.handlers import Handlers
from chatops.agent.packets import one_packet
from chatops.agent.process_list import ProcessList
from chatops.agent.shipper import Shipper
from chatops.agent.spool import Spool
from chatops.clock import Clock
from chatops.errors import ProtocolError
from chatops.protocol import closing, codec
from chatops.protocol.limits import MAX_BAD_FRAMES
from chatops.protocol.messages import Auth, AuthSuccess, Error, Message, Ping
from chatops.protocol.session.heartbeat import Heartbeat, Pulse
from chatops.tasks import Tasks

SIGN_IN_SECONDS: Final = 10.0
MAX_REPLIES: Final = 1000
"""Replies and other short messages waiting for a hub that does not read; past it the session
is given up."""

_MOMENTS: Final = 3
"""Rounds of the event loop from a process's end to its outcome."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a session is between. ``auth`` makes the first frame, ``ready`` is called when the
    hub has answered it, with the seconds that took."""

    handlers: Handlers
    executor: Executor
    answers: Answers
    containers: ContainerRequests
    spool: Spool
    processes: ProcessList
    shipper: Shipper
    feeds: Feeds
    feed_requests: FeedRequests
    auth: Callable[[], Auth]
    ready: Callable[[AuthSuccess, float], None]
    clock: Clock


class Session:
    """A session over a socket that is already open."""

    def __init__(self, socket: ClientConnection, parts: Parts) -> None:
        self._socket = socket
        self._parts = parts
        self._decoder = codec.from_hub()
        self._replies: deque[str] = deque()
        self._awake = asyncio.Event()
        self._tasks = Tasks(on_failure=self._give_up)
        self._heartbeat = Heartbeat(parts.clock.monotonic())
        self._bad_frames = 0
        self._told: str | None = None

    async def run(self) -> str:
        """Sign in and serve until the connection ends; the name of the reason."""
        try:
            asked = self._parts.clock.monotonic()
            welcome = await self._sign_in()
            await self._serve(welcome, self._parts.clock.monotonic() - asked)
        except ConnectionClosed as error:
            return self._reason(error)
        finally:
            await self._clean_up()
        return closing.DONE.name

    def wake(self) -> None:
        """There is something to send."""
        self._awake.set()

    async def close(self, reason: closing.CloseReason) -> None:
        """Say goodbye with a reason."""
        await self._socket.close(reason.code, reason.name)

    # -- the beginning and the end --------------------------------------------------------

    async def _sign_in(self) -> AuthSuccess:
        """
        Raises:
            ConnectionClosed: the hub did not want us, or did not answer in time.
        """
        await self._socket.send(codec.encode(self._parts.auth()))
        try:
            async with asyncio.timeout(SIGN_IN_SECONDS):
                while True:
                    message = self._receive(await self._socket.recv())
                    if isinstance(message, AuthSuccess):
                        return message
                    if message is not None:
                        self._handle(message)
                        await self._flush()
        except TimeoutError:
            self._told = closing.AUTH_TIMEOUT.name
            await self.close(closing.AUTH_TIMEOUT)
            return await self._closed()

    async def _closed(self) -> AuthSuccess:
        while True:
            await self._socket.recv()

    async def _serve(self, welcome: AuthSuccess, round_trip: float) -> None:
        parts = self._parts
        now = parts.clock.monotonic()
        limits = welcome.limits
        self._heartbeat = Heartbeat(now, limits.ping_after, limits.dead_after)
        parts.handlers.verified = True
        parts.spool.restart(limits.max_unacked)
        parts.executor.connected(self.wake)
        parts.answers.connected(self._tasks, self._reply)
        parts.containers.connected(self._tasks, self._reply)
        parts.processes.connected(self.wake)
        parts.shipper.connected(self.wake)
        parts.feeds.connected(self.wake)
        parts.feed_requests.connected(self._reply)
        parts.ready(welcome, round_trip)
        self.wake()
        self._tasks.spawn(self._pump(), name="pump")
        self._tasks.spawn(self._beat(), name="heartbeat")
        while True:
            message = self._receive(await self._socket.recv())
            if message is not None:
                self._handle(message)

    async def _clean_up(self) -> None:
        self._parts.handlers.verified = False
        self._parts.executor.disconnected()
        self._parts.answers.disconnected()
        self._parts.containers.disconnected()
        self._parts.processes.disconnected()
        self._parts.shipper.disconnected()
        self._parts.feeds.disconnected()
        self._parts.feed_requests.disconnected()
        await self._tasks.close()
        self._socket.transport.abort()

    def _reason(self, error: ConnectionClosed) -> str:
        said = error.rcvd.reason if error.rcvd is not None else ""
        if said in closing.REASONS:
            return said
        return self._told or said or "lost"

    def _give_up(self, error: BaseException) -> None:
        self._told = self._told or closing.INTERNAL.name
        self._socket.transport.abort()

    # -- what comes -----------------------------------------------------------------------

    def _receive(self, frame: str | bytes) -> Message | None:
        """The message in a frame; None when it has none, or was put right already."""
        self._heartbeat.heard(self._parts.clock.monotonic())
        if len(self._replies) + self._parts.executor.due >= MAX_REPLIES:
            self._told = closing.SILENT.name
            self._socket.transport.abort()
            return None
        try:
            message: Message | None = None
            if isinstance(frame, bytes):
                self._parts.handlers.take(frame)
            else:
                message = self._decoder.decode(frame)
        except ProtocolError as error:
            self._reject(error)
            return None
        self._bad_frames = 0
        return message

    def _reject(self, error: ProtocolError) -> None:
        self._bad_frames += 1
        if self._bad_frames > MAX_BAD_FRAMES:
            self._told = closing.MALFORMED.name
            self._socket.transport.abort()
            return
        code = error.reason if isinstance(error, codec.UnusableFrame) else error.code
        _log.debug("unusable frame from the hub: %s", error.message)
        self._reply(Error(code=code, message=error.message))

    def _handle(self, message: Message) -> None:
        if isinstance(message, Error) and not message.re and message.code in closing.REASONS:
            self._told = message.code
            return
        reply = self._parts.handlers.handle(message)
        if reply is not None:
            self._reply(reply)
        elif self._parts.spool.waiting or self._parts.shipper.waiting:
            self.wake()  # an ack made room

    def _reply(self, message: Message) -> None:
        self._replies.append(codec.encode(message))
        self.wake()

    # -- what goes --------------------------------------------------------------------------

    async def _flush(self) -> None:
        while self._replies:
            await self._socket.send(self._replies.popleft())

    async def _pump(self) -> None:
        try:
            while True:
                await self._awake.wait()
                self._awake.clear()
                with one_packet(self._socket.transport):
                    await self._send_all()
        except ConnectionClosed:
            return  # whoever reads is told why

    async def _send_all(self) -> None:
        """Send what there is, and what comes of the same events of the loop: a command's last
        bytes and its outcome."""
        idle = 0
        while idle < _MOMENTS:
            frame = self._next_frame()
            if frame is None:
                idle += 1
                await asyncio.sleep(0)
            else:
                idle = 0
                await self._socket.send(frame)

    def _next_frame(self) -> str | bytes | None:
        if self._replies:
            return self._replies.popleft()
        parts = self._parts
        return (
            parts.spool.next_live()
            or parts.processes.next_frame()
            or parts.executor.next_frame()
            or parts.spool.next_old()
            or parts.shipper.next_frame()
            or parts.feeds.next_frame()
        )

    async def _beat(self) -> None:
        clock = self._parts.clock
        while True:
            await asyncio.sleep(self._heartbeat.next_check(clock.monotonic()) + 0.001)
            pulse = self._heartbeat.check(clock.monotonic())
            if pulse is Pulse.PING:
                self._reply(Ping())
            elif pulse is Pulse.DEAD:
                self._told = closing.SILENT.name
                self._socket.transport.abort()
                return
