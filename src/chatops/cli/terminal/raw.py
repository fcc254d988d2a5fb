"""This terminal while it stands for another one, and as it was before."""

from __future__ import annotations

import atexit
import os
import termios
import tty
from contextlib import suppress
from typing import Any, Final, TypedDict

from chatops.errors import InvalidInput

_LEAST: Final = (24, 80)
"""Rows and columns of a terminal that does not tell."""
_MOST: Final = 1000


class Size(TypedDict):
    """Of a terminal, in characters."""

    rows: int
    cols: int


class RawTerminal:
    """A terminal by the number of its file; ``instead`` is a hint for who has none. ``enter`` has
    every key come as it is, ``leave`` puts all back; both may be called again. If all else fails it
    is put back at the program's exit.

    Raises:
        InvalidInput: it is no terminal.
    """

    def __init__(self, file: int, instead: str) -> None:
        self._file = file
        try:
            self._before: list[Any] = termios.tcgetattr(file)
        except (OSError, termios.error):
            raise InvalidInput("stdin is no terminal, and this needs one", hint=instead) from None
        self.is_raw = False

    def enter(self) -> None:
        """From here on every key comes as it is."""
        if not self.is_raw:
            self.is_raw = True
            atexit.register(self.leave)
            tty.setraw(self._file, termios.TCSADRAIN)

    def leave(self) -> None:
        """The terminal is as it was before."""
        if self.is_raw:
            self.is_raw = False
            atexit.unregister(self.leave)
            with suppress(OSError, termios.error):  # it is gone
                termios.tcsetattr(self._file, termios.TCSADRAIN, self._before)

    def named_size(self) -> Size:
        """The same by name."""
        rows, cols = self.size()
        return Size(rows=rows, cols=cols)

    def size(self) -> tuple[int, int]:
        """Rows and columns."""
        try:
            cols, rows = os.get_terminal_size(self._file)
        except OSError:
            rows, cols = _LEAST
        return min(rows or _LEAST[0], _MOST), min(cols or _LEAST[1], _MOST)
