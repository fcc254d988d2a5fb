"""Lines cut from bytes that come in pieces which end anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from chatops.cli.tailing.lines import LONGEST


class Piece(NamedTuple):
    """A line without its end, or a part of a long one that has not ``ended``."""

    message: bytes
    ended: bool


class LineCutter:
    """Holds what has no end yet, at most ``LONGEST`` bytes of it."""

    def __init__(self) -> None:
        self._held = b""

    def cut(self, data: bytes) -> Iterator[Piece]:
        """The lines that the next bytes end, and what of a long one must be given now."""
        *whole, last = (self._held + data).split(b"\n")
        for line in whole:
            yield Piece(line, ended=True)
        while len(last) > LONGEST:
            yield Piece(last[:LONGEST], ended=False)
            last = last[LONGEST:]
        self._held = last

    def rest(self, *, ended: bool = False) -> Iterator[Piece]:
        """The last line, if it has no end; nothing more comes. ``ended``: it counts as one that
        has, for another one follows."""
        held, self._held = self._held, b""
        if held:
            yield Piece(held, ended=ended)
