"""Events of containers on disk: those that the hub has not acked, and which ones are known.

The engine forgets what happened soon, and tells some things twice. A change is with the kernel
before it counts, so it survives the death of the agent; a power cut may take the last ones.
"""

from __future__ import annotations

import bisect
import errno
import logging
import os
import secrets
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from io import FileIO
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from chatops.agent.shipper import SourceLine
from chatops.clock import Clock, SystemClock
from chatops.paths import write_private
from chatops.protocol.limits import KiB
from chatops.protocol.parts import LogLine
from chatops.text import counted

MAX_LINES: Final = 5000
"""Lines that may wait for the hub."""
DROP: Final = 500
"""Of more, so many of the oldest go at once."""
KNOWN: Final = 1024
"""Events that are remembered, whatever became of them: more than any engine repeats."""
OVERLAP: Final = 60 * 10**9
"""Nanoseconds before what is known from which on the engine is asked: its clock may be set."""
JUMP: Final = 1_000_000
"""Numbers left out at each start: more than a power cut can have taken."""
SOURCE: Final = "containers"
"""Of lines that are of no container."""
_ROOM: Final = 512 * KiB
"""Bytes of changes after which the file is written anew."""
_log = logging.getLogger(__name__)


class Key(NamedTuple):
    """What tells an event from every other: nanoseconds, the container's id, what happened."""

    nano: int
    container: str
    action: str


class Note(NamedTuple):
    """What is to be written down: a line (or none), and of which event."""

    source: str
    line: LogLine | None
    key: Key | None = None


class _Record(msgspec.Struct, array_like=True):
    """Base of the lines of the file."""


class _Head(_Record, tag="h"):
    epoch: str
    seq: int
    begun: int


class _Held(_Record, tag="l"):
    source: str
    line: LogLine
    key: Key | None = None
    lost: int = 0


class _Seen(_Record, tag="s"):
    key: Key


class _Acked(_Record, tag="a"):
    seq: int


class _Until(_Record, tag="u"):
    nano: int


_Any = _Head | _Held | _Seen | _Acked | _Until
_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(_Any)


class EventJournal:
    """The journal in ``path``, for the caller alone. Numbers go on where they ended, with a gap;
    without a readable file they begin anew in an epoch of their own."""

    def __init__(self, path: Path, clock: Clock | None = None) -> None:
        self._path = path
        self._clock = clock or SystemClock()
        self._lines: list[_Held] = []
        self._known: OrderedDict[Key, None] = OrderedDict()
        self._head = _Head(secrets.token_hex(8), 0, self._now())
        self.is_new = True
        """Whether nothing is remembered: the agent looks at containers for the first time."""
        self.until = self._head.begun
        """Nanoseconds: all that happened before is known, as far as the engine told it."""
        self._file: FileIO | None = None
        self._size = 0
        self._failed = False
        for record in self._read():
            self._apply(record)
        self._head = _Head(self._head.epoch, self._head.seq + JUMP, self._head.begun)
        self._rewrite()

    def __len__(self) -> int:
        return len(self._lines)

    # -- what the engine is asked ----------------------------------------------------------

    @property
    def since(self) -> int:
        """Nanoseconds from which on the engine is to tell what happened."""
        oldest = next(iter(self._known)).nano if len(self._known) == KNOWN else 0
        return max(min(self.until, self._now()) - OVERLAP, oldest, self._head.begun)

    def knows(self, key: Key) -> bool:
        """Whether an event was taken already."""
        return key in self._known

    def know(self, key: Key) -> None:
        """An event was taken, and is not written down yet: if the agent dies, it is told again."""
        self._known[key] = None
        if len(self._known) > KNOWN:
            self._known.popitem(last=False)

    # -- a source of lines -----------------------------------------------------------------

    @property
    def epoch(self) -> str:
        return self._head.epoch

    def after(self, seq: int) -> Iterable[SourceLine]:
        first = bisect.bisect_right(self._lines, seq, key=lambda one: one.line.seq)
        for place in range(first, len(self._lines)):
            yield SourceLine(self._lines[place].source, self._lines[place].line)

    def acked(self, seq: int) -> None:
        if self._lines and self._lines[0].line.seq <= seq:
            self._write([_Acked(seq)])

    # -- what happens ----------------------------------------------------------------------

    def add(self, notes: Sequence[Note]) -> None:
        """Write down what happened, in one go."""
        records: list[_Any] = []
        seq = self._head.seq
        for source, line, key in notes:
            if line is not None:
                seq += 1
                records.append(_Held(source, msgspec.structs.replace(line, seq=seq), key))
            elif key is not None:
                records.append(_Seen(key))
        self._write(records)
        if len(self._lines) > MAX_LINES:
            self._drop()

    def reached(self) -> None:
        """All that happened up to now is known."""
        self._write([_Until(self._now())])

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    # -- within ----------------------------------------------------------------------------

    def _now(self) -> int:
        return int(self._clock.now() * 1e9)

    def _apply(self, record: _Any) -> None:
        match record:
            case _Head():
                self._head, self.is_new = record, False
                self.until = record.begun
            case _Held():
                self._lines.append(record)
                seq = max(self._head.seq, record.line.seq)
                self._head = _Head(self._head.epoch, seq, self._head.begun)
                if record.key is not None:
                    self._know(record.key)
            case _Seen():
                self._know(record.key)
            case _Acked():
                gone = bisect.bisect_right(
                    self._lines, record.seq, key=lambda one: one.line.seq
                )  # fmt: skip
                del self._lines[:gone]
            case _Until():
                self.until = record.nano

    def _know(self, key: Key) -> None:
        self.know(key)
        self.until = max(self.until, key.nano)

    def _drop(self) -> None:
        """The oldest go; a line in the place of the last of them says how many."""
        gone, last = self._lines[:DROP], self._lines[DROP - 1].line
        lost = sum(one.lost or 1 for one in gone)
        text = f"{counted(lost, 'line')} about containers left out: too many waited for the hub"
        line = LogLine(ts=last.ts, level="warning", message=text, seq=last.seq)
        self._lines[:DROP] = [_Held(SOURCE, line, None, lost)]
        self._rewrite()

    def _read(self) -> Iterable[_Any]:
        """All records; what cannot be read, as the end of a write that was cut, is left out."""
        try:
            lines = self._path.read_bytes().splitlines()
        except OSError:
            return
        for line in lines:
            try:
                yield _decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue

    def _write(self, records: Sequence[_Any]) -> None:
        for record in records:
            self._apply(record)
        data = b"".join(_encoder.encode(one) + b"\n" for one in records)
        self._size += len(data)
        if self._file is None or self._size > _ROOM:
            self._rewrite()
            return
        try:
            if self._file.write(data) != len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            self._note_failure(error)

    def _rewrite(self) -> None:
        """What counts, in a new file."""
        lines = [_Held(one.source, one.line, None, one.lost) for one in self._lines]
        known = [_Seen(key) for key in self._known]
        records = [self._head, *known, *lines, _Until(self.until)]
        self.close()
        self._size = 0
        try:
            data = b"".join(_encoder.encode(one) + b"\n" for one in records)
            write_private(self._path, data, durable=False)
            flags = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC
            self._file = FileIO(os.open(self._path, flags), "ab")
            self._failed = False
        except OSError as error:
            self._note_failure(error)

    def _note_failure(self, error: OSError) -> None:
        """What is not on the disk is still in memory, and written with the next change."""
        self.close()
        if not self._failed:
            _log.warning("events of containers cannot be written down: %s", error.strerror)
        self._failed = True
