"""What the agent remembers of commands, as lines of its journal. Pure: no file, no clock.

One JSON object a line, one line a change:

    opened    the first line: the epoch, and the boot of the machine it was written in
    started   an id, written before its process is started
    finished  an outcome
    acked     the hub has committed the outcome
    closed    the agent ended in order, and everything is on the disk

An epoch promises that the memory is whole: an id that is not in it was never started.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from chatops.protocol.messages import CommandResponse

MAX_REMEMBERED: Final = 1024
"""Ids of acked commands that are still known, so as not to be started again."""
_KILLED: Final = 9
_DIED: Final = "the agent died while the command ran, and the command was killed"


class Opened(msgspec.Struct, tag_field="line", tag="opened"):
    """The journal begins. ``boot`` is the kernel's id of this run of the machine."""

    epoch: str
    boot: str


class Started(msgspec.Struct, tag_field="line", tag="started"):
    """A command is about to be started; ``at`` is in Unix seconds."""

    id: str
    at: float


class Finished(msgspec.Struct, tag_field="line", tag="finished", omit_defaults=True):
    """A command's outcome. ``unsent`` counts bytes of its output that are held in the agent's
    memory and spill alone."""

    response: CommandResponse
    unsent: int = 0


class Acked(msgspec.Struct, tag_field="line", tag="acked"):
    """The hub has the outcome."""

    id: str


class Closed(msgspec.Struct, tag_field="line", tag="closed"):
    """The agent ended in order."""


Line = Opened | Started | Finished | Acked | Closed
_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(Line)


class Memory:
    """The commands that are known: ``held`` until the hub's ack, then ``acked`` for a while.

    ``whole`` says whether every change was read that was ever written.
    """

    def __init__(self, epoch: str, boot: str) -> None:
        self.epoch = epoch
        self.boot = boot
        self.closed = False
        self.whole = True
        self.held: dict[str, Started | Finished] = {}
        self.acked: dict[str, Finished] = {}

    def apply(self, line: Line) -> None:
        """Take one change."""
        self.closed = False
        match line:
            case Opened():
                self.epoch, self.boot = line.epoch, line.boot
            case Started():
                self.held[line.id] = line
            case Finished():
                self.held[line.response.id] = line
            case Acked():
                self._ack(line.id)
            case Closed():
                self.closed = True

    def lines(self) -> Iterator[Line]:
        """The shortest journal that says the same."""
        yield Opened(self.epoch, self.boot)
        for command_id, finished in self.acked.items():
            yield finished
            yield Acked(command_id)
        yield from self.held.values()

    def settle(self) -> None:
        """The agent that wrote this is dead: what it had running is cancelled, and output
        that only it had is gone."""
        for command_id, known in self.held.items():
            self.held[command_id] = _died(known) if isinstance(known, Started) else _bare(known)

    def _ack(self, command_id: str) -> None:
        known = self.held.get(command_id)
        if isinstance(known, Finished):
            del self.held[command_id]
            self.acked[command_id] = known
            if len(self.acked) > MAX_REMEMBERED:
                del self.acked[next(iter(self.acked))]


def encode(line: Line) -> bytes:
    """A line as it stands in the journal."""
    return _encoder.encode(line) + b"\n"


def replay(data: bytes) -> Memory:
    """What a journal says, of whatever bytes.

    Zeros at the end are room that was reserved. A last line without its end was being written
    when the agent died, so what it announces has not happened. Anything else that cannot be
    read is damage: what can be read is kept, and the memory is not ``whole``.
    """
    *lines, _torn = data.rstrip(b"\0").split(b"\n")
    memory = Memory("", "")
    for number, text in enumerate(lines):
        try:
            line: Line = _decoder.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError):
            memory.whole = False
            continue
        if isinstance(line, Opened) != (number == 0):
            memory.whole = False
        memory.apply(line)
    if not memory.epoch:
        memory.whole = False
    return memory


def _died(known: Started) -> Finished:
    return Finished(
        CommandResponse(
            id=known.id, state="cancelled", signal=_KILLED, started_at=known.at,
            reason="agent_died", error=_DIED,
        )
    )  # fmt: skip


def _bare(known: Finished) -> Finished:
    lost = known.response.dropped_bytes + known.unsent
    return Finished(msgspec.structs.replace(known.response, dropped_bytes=lost))
