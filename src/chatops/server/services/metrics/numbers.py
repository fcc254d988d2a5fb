"""Which numbers of an epoch are known: few ranges, since almost all of them are."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import Final, Self

import msgspec

_decode: Final = msgspec.json.Decoder(list[tuple[int, int]]).decode
_encode: Final = msgspec.json.Encoder().encode


class Numbers:
    """A set of whole numbers, kept as ranges."""

    __slots__ = ("_firsts", "_lasts")

    def __init__(self, ranges: Iterable[tuple[int, int]] = ()) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []
        for first, last in ranges:
            self.add(first, last)

    @classmethod
    def read(cls, text: str | bytes) -> Self:
        """The numbers that ``text`` says."""
        return cls(_decode(text))

    def text(self) -> str:
        """The ranges as JSON: ``[[first, last], …]``."""
        return _encode(self.ranges()).decode()

    def ranges(self) -> list[tuple[int, int]]:
        """The ranges, ascending; no two of them touch."""
        return list(zip(self._firsts, self._lasts, strict=True))

    def __contains__(self, number: int) -> bool:
        place = bisect_right(self._firsts, number) - 1
        return place >= 0 and number <= self._lasts[place]

    def __len__(self) -> int:
        return sum(last - first + 1 for first, last in self.ranges())

    def add(self, first: int, last: int | None = None) -> None:
        """Add the numbers from ``first`` to ``last``, or just ``first``."""
        last = first if last is None else last
        if self._lasts and first == self._lasts[-1] + 1:  # by far the most common case
            self._lasts[-1] = last
            return
        left = bisect_right(self._lasts, first - 2)
        right = bisect_right(self._firsts, last + 1)
        if left < right:
            first = min(first, self._firsts[left])
            last = max(last, self._lasts[right - 1])
        self._firsts[left:right] = [first]
        self._lasts[left:right] = [last]

    def missing(self, first: int, last: int) -> int:
        """How many of the numbers from ``first`` to ``last`` are not in it."""
        known = sum(
            min(last, own_last) - max(first, own_first) + 1
            for own_first, own_last in self.ranges()
            if own_first <= last and own_last >= first
        )
        return last - first + 1 - known
