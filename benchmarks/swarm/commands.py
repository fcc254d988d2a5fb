"""Commands as an agent of a swarm runs them: nothing runs, the output is LINE again and again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from benchmarks.swarm.behaviour import Behaviour
from benchmarks.swarm.link import Link
from chatops.protocol.codec import encode
from chatops.protocol.facts import HeldCommand
from chatops.protocol.frames import encode_frame
from chatops.protocol.limits import MAX_STREAM_DATA
from chatops.protocol.messages import (
    Command,
    CommandResponse,
    Message,
    StreamClose,
    StreamCredit,
    StreamOpen,
)

LINE: Final = b"0" * 999 + b"\n"
_BLOCK: Final = LINE * (MAX_STREAM_DATA // len(LINE) + 2)


@dataclass
class _Run:
    """A command under way: ``length`` bytes on stdout, of which ``position`` went so far.
    ``number`` is the stream that takes them, None while nobody does."""

    id: str
    length: int
    began: float
    number: int | None = None
    position: int = 0
    credit: int = 0
    ready: bool = False


class Commands:
    """The commands of one agent. An outcome is kept until the hub has acked it."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.done = 0
        self._behaviour = behaviour
        self._link: Link | None = None
        self._runs: dict[str, _Run] = {}
        self._outcomes: dict[str, CommandResponse] = {}

    @property
    def held(self) -> Iterator[HeldCommand]:
        """What the hub hears of at a connection."""
        yield from (HeldCommand(id=one, state="running") for one in self._runs)
        yield from (HeldCommand(id=one, state="finished") for one in self._outcomes)

    def connected(self, link: Link) -> None:
        """A session begins: what is over is told again."""
        self._link = link
        for outcome in self._outcomes.values():
            self._send(outcome)

    def disconnected(self) -> None:
        """It is over: nobody takes output."""
        self._link = None
        for run in self._runs.values():
            run.number = None

    def start(self, message: Command) -> None:
        """Take a command."""
        run = _Run(message.id, self._length(message), time.time())
        self._runs[message.id] = run
        self._send(CommandResponse(id=run.id, state="running", started_at=run.began))
        for opening in message.streams:
            self.open(opening)
        if self._behaviour.answer_after:
            asyncio.get_running_loop().call_later(self._behaviour.answer_after, self._ready, run)
        else:
            self._ready(run)

    def cancel(self, command_id: str) -> None:
        """End a command; its output too."""
        run = self._runs.get(command_id)
        if run is not None:
            run.length = run.position
            self._end(run, "cancelled")

    def acked(self, command_id: str) -> None:
        """The hub has an outcome."""
        self._outcomes.pop(command_id, None)

    def open(self, message: StreamOpen) -> None:
        """The hub takes a stream from an offset on."""
        run = self._runs.get(message.command_id)
        if message.name != "stdout" or run is None:
            self._send(StreamClose(stream=message.stream, reason="eof" if run else "unknown"))
            return
        run.number, run.position, run.credit = message.stream, message.offset, message.credit
        self._pump(run)

    def credit(self, message: StreamCredit) -> None:
        """The hub takes more of a stream."""
        for run in list(self._runs.values()):
            if run.number == message.stream:
                run.credit += message.credit
                self._pump(run)

    def _length(self, message: Command) -> int:
        words = message.command
        words = words.split() if isinstance(words, str) else words
        return int(words[1]) if words[:1] == ["write"] else self._behaviour.output

    def _ready(self, run: _Run) -> None:
        run.ready = True
        self._pump(run)

    def _pump(self, run: _Run) -> None:
        """Send what there is credit for, then the end. Without anybody who takes it, output that
        there is waits; a command without any ends by itself."""
        if not run.ready or run.id not in self._runs:
            return
        while run.number is not None and run.credit and run.position < run.length:
            count = min(run.credit, run.length - run.position, MAX_STREAM_DATA)
            inside = run.position % len(LINE)
            data = _BLOCK[inside : inside + count]
            if self._link is not None:
                self._link.binary(encode_frame(run.number, run.position, data))
            run.position += count
            run.credit -= count
        if run.position >= run.length:
            self._end(run, "succeeded")

    def _end(self, run: _Run, state: str) -> None:
        del self._runs[run.id]
        if run.number is not None:
            self._send(StreamClose(stream=run.number, offset=run.length))
        now = time.time()
        outcome = CommandResponse(
            id=run.id,
            state="succeeded" if state == "succeeded" else "cancelled",
            exit_code=0 if state == "succeeded" else None,
            started_at=run.began,
            finished_at=now,
            duration_ms=round((now - run.began) * 1000),
            stdout_bytes=run.length,
        )
        self._outcomes[run.id] = outcome
        self._send(outcome)
        self.done += 1

    def _send(self, message: Message) -> None:
        if self._link is not None:
            self._link.text(encode(message).encode())
