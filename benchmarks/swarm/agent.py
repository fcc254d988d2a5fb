"""One agent of a swarm."""

from __future__ import annotations

import asyncio
import random
import ssl
import time
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import msgspec
from websockets.uri import WebSocketURI, parse_uri

from benchmarks.swarm.behaviour import Behaviour
from benchmarks.swarm.commands import Commands
from benchmarks.swarm.figures import Figures
from benchmarks.swarm.link import Link
from benchmarks.swarm.log_lines import Shipper
from benchmarks.swarm.samples import Spool, Walk
from chatops import __version__
from chatops.protocol import PROTOCOL_VERSION
from chatops.protocol.closing import SILENT, may_retry
from chatops.protocol.codec import HubMessage
from chatops.protocol.facts import HostFacts, JournalFacts, PolicyFacts
from chatops.protocol.messages import (
    Auth,
    AuthSuccess,
    Command,
    CommandAck,
    CommandCancel,
    DockerCommand,
    DockerResponse,
    Error,
    LogAck,
    Message,
    MetricsAck,
    Ping,
    Pong,
    StreamCredit,
    StreamOpen,
)
from chatops.protocol.session.backoff import Backoff
from chatops.protocol.session.heartbeat import Heartbeat, Pulse

SHIP_EVERY: Final = 0.5
"""Seconds between lines of logs."""
BURST: Final = 64
"""Samples that go in one packet at most."""
_decode: Final = msgspec.json.Decoder(HubMessage).decode
_encode: Final = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class Hub:
    """Where the hub is, for all agents."""

    url: str
    context: ssl.SSLContext | None = None

    @cached_property
    def uri(self) -> WebSocketURI:
        """Of the agents' socket."""
        return parse_uri(f"ws{self.url.removeprefix('http')}/api/v1/agents/ws")


class SwarmAgent:
    """Connects, sends samples, answers; comes back when it is cut off, as a real one does."""

    def __init__(
        self, name: str, key: str, hub: Hub, walk: Walk, behaviour: Behaviour, figures: Figures
    ) -> None:
        self.name: Final = name
        self.source: str | None = None
        """The address of this machine to connect from, if it matters."""
        self.connected = False
        self.connected_at = 0.0
        """When the last session stood; this and the next two by the loop's clock."""
        self.live_at: float | None = None
        """When the hub had acked the newest sample there was, or one taken since."""
        self.caught_up_at: float | None = None
        """When it had acked all that were older."""
        self.slowest = 0.0
        """Seconds that the hub took at most to acknowledge a sample."""
        self.spool: Final = Spool()
        self.commands: Final = Commands(behaviour)
        self._key = key
        self._hub = hub
        self._walk = walk
        self._behaviour = behaviour
        self._figures = figures
        self._loop = asyncio.get_running_loop()
        self._first_step = random.randrange(1 << 30)
        self._epoch: Final = f"{random.getrandbits(64):016x}"
        self._epoch_bytes: Final = self._epoch.encode()
        self._shipper = Shipper(self._epoch, self._first_step)
        self._log_timer: asyncio.TimerHandle | None = None
        self._link: Link | None = None
        self._heartbeat = Heartbeat(0.0)
        self._newest_at_start = 0
        self._timer: asyncio.TimerHandle | None = None
        self._interval = 5.0

    async def run(self) -> None:
        """Be connected until cancelled, or until the hub says that the key is no good."""
        backoff = Backoff()
        try:
            while True:
                began = time.monotonic()
                reason = await self._session()
                self._figures.lost[reason] += 1
                if not may_retry(reason):
                    return
                await asyncio.sleep(backoff.ended(began, time.monotonic()))
        finally:
            for timer in (self._timer, self._log_timer):
                if timer is not None:
                    timer.cancel()

    def drop(self) -> None:
        """Lose the connection."""
        if self._link is not None:
            self._link.abort("dropped")

    def stall(self, seconds: float) -> None:
        """Read nothing for a time."""
        if self._link is not None:
            self._link.deaf()
            self._loop.call_later(seconds, self._link.hear)

    def remember(self, count: int) -> None:
        """Have samples of an outage that lasted until now."""
        now = time.time()
        for number in range(count, 0, -1):
            self.spool.take(now - number * (self._behaviour.interval or self._interval))

    def beat(self) -> None:
        """Keep the connection alive, or see that it is dead; to be called each second."""
        if self._link is None or not self.connected:
            return
        pulse = self._heartbeat.check(time.monotonic())
        if pulse is Pulse.PING:
            self._link.text(_encode(Ping()))
        elif pulse is Pulse.DEAD:
            self._link.abort(SILENT.name)

    # -- the session ----------------------------------------------------------------------

    async def _session(self) -> str:
        """One connection, from its beginning to its end; the name of the reason."""
        uri = self._hub.uri
        link = self._link = Link(self, uri)
        source = (self.source, 0) if self.source is not None else None
        try:
            await self._loop.create_connection(
                lambda: link, uri.host, uri.port, ssl=self._hub.context, local_addr=source
            )
            return await link.ended
        except OSError:
            return "unreachable"
        finally:
            link.abort("over")
            self._link, self.connected = None, False
            self.commands.disconnected()

    def opened(self) -> None:
        """Sign in."""
        self._send(
            Auth(
                api_key=self._key,
                agent_version=__version__,
                protocol=PROTOCOL_VERSION,
                instance=self._epoch,
                journal=JournalFacts(epoch=self._epoch, commands=list(self.commands.held)),
                time=time.time(),
                host=HostFacts(hostname=self.name, os="Swarm OS", machine_id=self._epoch),
                policy=PolicyFacts(allow=["exec"]),
            )
        )

    def took(self, text: bytes) -> None:
        """A message came."""
        self._heartbeat.heard(time.monotonic())
        try:
            message = _decode(text)
        except msgspec.DecodeError:
            self._figures.errors["unusable frame"] += 1
            return
        if isinstance(message, MetricsAck):
            self._acked(message)
        elif isinstance(message, LogAck):
            self._lines_acked(message)
        elif isinstance(message, AuthSuccess):
            self._begin(message)
        elif isinstance(message, Ping):
            self._send(Pong(id=message.id))
        elif isinstance(message, Error):
            self._figures.errors[message.code] += 1
        elif isinstance(message, DockerCommand):
            self._send(DockerResponse(id=message.id, ok=False, code="not_allowed"))
        else:
            self._command(message)

    def _command(self, message: HubMessage) -> None:
        done = self.commands.done
        match message:
            case Command():
                self.commands.start(message)
            case CommandCancel():
                self.commands.cancel(message.id)
            case CommandAck():
                self.commands.acked(message.id)
            case StreamOpen():
                self.commands.open(message)
            case StreamCredit():
                self.commands.credit(message)
            case _:
                pass
        self._figures.commands += self.commands.done - done

    def _begin(self, message: AuthSuccess) -> None:
        assert self._link is not None
        now = time.monotonic()
        self.connected, self.connected_at = True, now
        self.live_at = self.caught_up_at = None
        limits = message.limits
        self._heartbeat = Heartbeat(now, limits.ping_after, limits.dead_after)
        self._interval = self._behaviour.interval or message.interval
        self._figures.connects += 1
        self._newest_at_start = self.spool.last
        self.spool.restart(limits.max_unacked)
        self._shipper.restart()
        self.commands.connected(self._link)
        if self._timer is None:
            self._timer = self._loop.call_later(random.uniform(0, self._interval), self._tick)
            self._log_timer = self._loop.call_later(random.uniform(0, SHIP_EVERY), self._write)
        self.pump()

    def _send(self, message: Message) -> None:
        if self._link is not None:
            self._link.text(_encode(message))

    # -- samples --------------------------------------------------------------------------

    def _tick(self) -> None:
        """Take a sample, connected or not."""
        late = self._behaviour.jitter * random.uniform(-0.5, 0.5)
        self._timer = self._loop.call_later(self._interval * (1 + late), self._tick)
        self.spool.take_back(time.monotonic())
        if self._behaviour.flood == "no" or not self.connected:
            self.spool.take(time.time())
        self.pump()

    def may_write(self) -> None:
        """The kernel takes more again."""
        self.pump()
        self._ship()

    # -- logs -----------------------------------------------------------------------------

    def _write(self) -> None:
        """Lines have been written, connected or not."""
        self._log_timer = self._loop.call_later(SHIP_EVERY, self._write)
        self._shipper.make(max(int(self._behaviour.logs * SHIP_EVERY), 0))
        self._ship()

    def _ship(self) -> None:
        """Send the lines that may go."""
        link, flood = self._link, self._behaviour.logs < 0
        while link is not None and self.connected and not link.full:
            message = self._shipper.next(time.monotonic(), time.time(), more=flood)
            if message is None:
                return
            link.text(message)

    def _lines_acked(self, message: LogAck) -> None:
        now = time.monotonic()
        for count, sent in self._shipper.ack(message.seq):
            self._figures.lines += count
            self._figures.line_acks.add(now - sent)
        self._ship()

    def pump(self) -> None:
        """Send what may go."""
        link = self._link
        if link is None or not self.connected or link.full:
            return
        now, wall = time.monotonic(), time.time()
        frames: list[bytes] = []
        while len(frames) < BURST and (seq := self._next(now, wall)) is not None:
            frames.append(self._frame(seq, wall))
        if frames:
            link.text(*frames)
            self._figures.sent += len(frames)
            if len(frames) == BURST:
                self._loop.call_soon(self.pump)

    def _next(self, now: float, wall: float) -> int | None:
        seq = self.spool.next(now)
        flood = self._behaviour.flood
        if seq is None and (flood == "wild" or (flood == "acks" and self.spool.has_room)):
            self.spool.take(wall)
            seq = self.spool.next(now, wild=flood == "wild")
        return seq

    def _frame(self, seq: int, wall: float) -> bytes:
        ts = self.spool.taken[seq]
        return b'{"type":"metrics","epoch":"%b","seq":%d,"ts":%.3f,"data":%b,"age":%.3f}' % (
            self._epoch_bytes,
            seq,
            ts,
            self._walk.text(self._first_step + seq),
            wall - ts,
        )

    def _acked(self, message: MetricsAck) -> None:
        sent = self.spool.ack(message.seq)
        if sent is None:
            return
        now = time.monotonic()
        self.slowest = max(self.slowest, now - sent)
        self._figures.acked += 1
        self._figures.acks.add(now - sent)
        if self.live_at is None and message.seq >= self._newest_at_start:
            self.live_at = now
        if self.caught_up_at is None and self.spool.first >= self._newest_at_start:
            self.caught_up_at = now
        if self.spool.waits or self._behaviour.flood != "no":
            self.pump()
