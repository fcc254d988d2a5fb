"""A model of an agent as the hub meets it, and of the wire between them. No I/O, no clock.

It keeps the contract of the wire and nothing else: an id is journalled before it is started, an
outcome is told at each connection until it is acked, output follows credit. What really became
of each command is in ``truth`` and ``written``, for a test to compare with what the hub says.
"""

from __future__ import annotations

import itertools
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from chatops.protocol import PROTOCOL_VERSION
from chatops.protocol.closing import CloseReason
from chatops.protocol.codec import HubMessage, encode
from chatops.protocol.facts import HeldCommand, JournalFacts, PolicyFacts
from chatops.protocol.frames import encode_frame
from chatops.protocol.messages import (
    Auth,
    AuthSuccess,
    Command,
    CommandAck,
    CommandCancel,
    CommandResponse,
    Outcome,
    StreamClose,
    StreamCredit,
    StreamOpen,
)
from chatops.server.services.agent_manager import AgentSession

NAMES: Final = ("stdout", "stderr")
_PORTION: Final = 1000
_decode = msgspec.json.Decoder(HubMessage).decode


class Link:
    """One connection: what is under way each way. It is the hub's Connection.

    Either end may learn later than the other that it is gone; what is under way to an end that
    knows is lost.
    """

    address = "127.0.0.1"

    def __init__(self) -> None:
        self.to_agent: deque[str | bytes] = deque()
        self.to_hub: deque[str | bytes] = deque()
        self.hub_has_it = True
        self.agent_has_it = True
        self.session: AgentSession | None = None

    def post(self, frame: str | bytes) -> bool:
        """The hub sends a frame."""
        if not self.hub_has_it:
            return False
        self.to_agent.append(frame)
        return True

    def post_all(self, frames: Sequence[str | bytes]) -> bool:
        """The hub sends several."""
        return all(map(self.post, frames))

    def close(self, reason: CloseReason, message: str | None = None) -> None:
        """The hub ends it."""
        self.hub_has_it = False
        self.to_hub.clear()

    def leave(self) -> None:
        """The agent's end is gone."""
        self.agent_has_it = False
        self.to_agent.clear()


@dataclass
class Stream:
    """One stream of a command in one connection."""

    number: int
    position: int
    credit: int


@dataclass
class Held:
    """A command that the agent knows. ``streams`` are those the hub has open now."""

    id: str
    response: CommandResponse | None = None
    has_output: bool = True
    told: bool = False
    streams: dict[str, Stream] = field(default_factory=dict)


class ModelAgent:
    """An agent. ``on_acked`` is called with a command's id when the hub acks it."""

    def __init__(self, name: str, key: str, on_acked: Callable[[str], None]) -> None:
        self.name = name
        self.key = key
        self.link: Link | None = None
        self.held: dict[str, Held] = {}
        self.starts: Counter[str] = Counter()
        self.truth: dict[str, CommandResponse | None] = {}
        """What became of each command that was started; None: nobody will ever know."""
        self.written: dict[str, dict[str, bytes]] = {}
        self.forgotten: set[str] = set()
        """What it knew when it lost its memory."""
        self._on_acked = on_acked
        self._over: set[str] = set()
        self._ids = itertools.count()
        self._epoch = f"{name}-{next(self._ids)}"

    @property
    def running(self) -> list[Held]:
        """What has not ended."""
        return [one for one in self.held.values() if one.response is None]

    # -- the connection -----------------------------------------------------------------------

    def connect(self) -> Link:
        """A new connection; its first frame is under way."""
        self.leave()
        self.link = Link()
        self.link.to_hub.append(encode(self._auth()))
        return self.link

    def leave(self) -> None:
        """Notice that the connection is gone."""
        if self.link is not None:
            self.link.leave()
        self.link = None
        for one in self.held.values():
            one.streams.clear()
            one.told = False

    def take(self) -> None:
        """The next frame that is under way from the hub."""
        assert self.link is not None
        frame = self.link.to_agent.popleft()
        assert isinstance(frame, str), "nobody sends input here"
        match _decode(frame):
            case AuthSuccess():
                for one in list(self.held.values()):
                    if not one.has_output:
                        self._tell(one)
            case Command() as command:
                self._start(command)
            case CommandCancel() as message:
                self._cancel(message.id)
            case CommandAck() as message:
                self._ack(message.id)
            case StreamOpen() as message:
                self._open(message)
            case StreamCredit() as message:
                self._credit(message)
            case _:
                pass

    def lose_patience(self, one: Held) -> None:
        """Tell an outcome before the output that the hub has not taken."""
        self._tell(one)

    def repeat(self, one: Held) -> None:
        """Tell an outcome once more."""
        one.told = False
        self._tell(one)

    # -- what happens to commands ---------------------------------------------------------------

    def write(self, one: Held, stream: str, data: bytes) -> None:
        """A command writes."""
        self.written[one.id][stream] += data
        self._pump(one)

    def finish(self, one: Held, state: Outcome, code: int | None, signal: int | None) -> None:
        """A command ends."""
        written = self.written[one.id]
        one.response = CommandResponse(
            id=one.id, state=state, exit_code=code, signal=signal, started_at=1.0, duration_ms=5,
            stdout_bytes=len(written["stdout"]), stderr_bytes=len(written["stderr"]),
        )  # fmt: skip
        self.truth[one.id] = one.response
        self._pump(one)

    def die(self, *, memory: bool) -> None:
        """Be killed and started again, with the journal or without; the commands are killed."""
        self.leave()
        if not memory:
            self.forgotten.update(self.held)
            self.held.clear()
            self._over.clear()
            self._epoch = f"{self.name}-{next(self._ids)}"
        for one in self.held.values():
            one.has_output = False
            if one.response is None:
                one.response = CommandResponse(
                    id=one.id, state="cancelled", signal=9, reason="agent_died"
                )
                self.truth[one.id] = one.response

    # -- within -----------------------------------------------------------------------------------

    def _auth(self) -> Auth:
        commands = [
            HeldCommand(id=one.id, state="finished" if one.response else "running")
            for one in self.held.values()
        ]
        return Auth(
            api_key=self.key, agent_version="0", protocol=PROTOCOL_VERSION, instance=self.name,
            journal=JournalFacts(epoch=self._epoch, commands=commands), time=0.0,
            policy=PolicyFacts(allow=["exec"]),
        )  # fmt: skip

    def _say(self, message: CommandResponse | StreamClose) -> None:
        if self.link is not None:
            self.link.to_hub.append(encode(message))

    def _start(self, command: Command) -> None:
        self.starts[command.id] += 1
        if command.id in self._over:
            return
        one = self.held.setdefault(command.id, Held(command.id))
        self.truth[command.id] = None
        self.written[command.id] = dict.fromkeys(NAMES, b"")
        for opening in command.streams:
            self._open(opening)
        self._say(CommandResponse(id=one.id, state="running", started_at=1.0))

    def _cancel(self, command_id: str) -> None:
        one = self.held.get(command_id)
        if one is not None and one.response is None:
            self.finish(one, "cancelled", None, 15)

    def _ack(self, command_id: str) -> None:
        one = self.held.get(command_id)
        if one is not None and one.response is not None:
            self._on_acked(command_id)
            del self.held[command_id]
            self._over.add(command_id)

    def _open(self, message: StreamOpen) -> None:
        one = self.held.get(message.command_id)
        if one is None or not one.has_output:
            written = self.written.get(message.command_id, {}).get(message.name, b"")
            known = one is not None and one.response is not None and one.response.stdout_bytes
            end = max(len(written) if known else 0, message.offset)
            self._say(StreamClose(stream=message.stream, offset=end, reason="gone"))
            return
        one.streams[message.name] = Stream(message.stream, message.offset, message.credit)
        self._pump(one)

    def _credit(self, message: StreamCredit) -> None:
        for one in list(self.held.values()):
            for stream in one.streams.values():
                if stream.number == message.stream:
                    stream.credit += message.credit
                    self._pump(one)
                    return

    def _pump(self, one: Held) -> None:
        """Send what credit allows; after all output the outcome."""
        if self.link is None:
            return
        for name, stream in list(one.streams.items()):
            data = self.written[one.id][name]
            while stream.credit > 0 and stream.position < len(data):
                part = data[stream.position : stream.position + min(stream.credit, _PORTION)]
                self.link.to_hub.append(encode_frame(stream.number, stream.position, part))
                stream.position += len(part)
                stream.credit -= len(part)
            if one.response is not None and stream.position == len(data):
                self._say(StreamClose(stream=stream.number, offset=len(data)))
                del one.streams[name]
                if not one.streams:
                    self._tell(one)

    def _tell(self, one: Held) -> None:
        if one.response is not None and not one.told and self.link is not None:
            one.told = True
            self._say(one.response)
