"""Plays a recording at this terminal: what was printed, when it was printed."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from chatops.cli.terminal.modes import Modes
from chatops.errors import ChatOpsError

_Event = tuple[float, str, str]
_decode: Final = msgspec.json.Decoder(_Event).decode
_header: Final = msgspec.json.Decoder(dict[str, Any]).decode


class Cast:
    """A recording as it comes, in parts of any size.

    Raises:
        ChatOpsError: it is none.
    """

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._lines = _lines(parts)
        try:
            head = _header(next(self._lines, b""))
            self.cols, self.rows = int(head["width"]), int(head["height"])
        except (msgspec.DecodeError, KeyError, TypeError, ValueError):
            raise ChatOpsError("this is no recording in asciicast v2") from None

    def events(self) -> Iterator[_Event]:
        """What happened: seconds since the beginning, a code, text. A line that is not whole, of a
        hub that was killed, is the end."""
        for line in self._lines:
            try:
                yield _decode(line)
            except msgspec.DecodeError:
                return


def play(cast: Cast, *, speed: float, idle: float | None) -> None:
    """Print it with its timing, ``speed`` times as fast, and no pause longer than ``idle`` seconds.
    However it ends, this terminal's modes are put back."""
    modes, out = Modes(), sys.stdout.buffer
    due = time.monotonic()
    before = 0.0
    try:
        for at, code, text in cast.events():
            pause = (at - before) / speed
            due += min(pause, idle) if idle is not None else pause
            before = at
            if code == "o":
                time.sleep(max(due - time.monotonic(), 0.0))
                data = text.encode()
                modes.see(data)
                out.write(data)
                out.flush()
    finally:
        if sys.stdout.isatty():
            out.write(modes.undo())
            out.flush()


def _lines(parts: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for part in parts:
        *whole, rest = (rest + part).split(b"\n")
        yield from whole
