"""What was lost before the hub had it: gaps, told to the hub until it has acked them. Pure.

A gap names a first and a last number, and with them those between that were not acked.
Neighbours are one gap as soon as nothing is held between them, so there are few.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from chatops.protocol.integers import Count


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """Samples that are lost, taken between ``since`` and ``until`` by the wall clock. ``at`` is
    ``until`` by CLOCK_BOOTTIME of ``boot``, where that is known."""

    epoch: str
    first: Count
    last: Count
    since: float
    until: float
    at: float | None = None
    boot: str = ""
    reason: str = "full"


NextHeld = Callable[[int], int | None]
"""The first number from a given one on whose sample is held."""
_encoder: Final = msgspec.json.Encoder()
_decode: Final = msgspec.json.Decoder(list[Gap]).decode


class Gaps:
    """The gaps that the hub has not acked, in order."""

    def __init__(self, data: bytes = b"[]") -> None:
        """``data`` is what ``encode`` has made; anything else is ``damaged``, and no gaps."""
        self.damaged = False
        try:
            self._gaps = sorted(_decode(data), key=lambda gap: gap.first)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self._gaps, self.damaged = [], True

    def __len__(self) -> int:
        return len(self._gaps)

    def encode(self) -> bytes:
        """All of them, to be written down."""
        return _encoder.encode(self._gaps)

    def first(self, *, after: int = 0, before: int | None = None) -> Gap | None:
        """The first gap that ends behind ``after`` and lies before the sample ``before``."""
        for gap in self._gaps:
            if gap.last > after:
                return gap if before is None or gap.last < before else None
        return None

    def of(self, epoch: str) -> list[Gap]:
        """Those of an epoch."""
        return [gap for gap in self._gaps if gap.epoch == epoch]

    def add(self, gap: Gap, next_held: NextHeld) -> None:
        """Take a gap, made one with its neighbours where nothing is held between them."""
        self._gaps = sorted([*self._gaps, gap], key=lambda one: one.first)
        joined: list[Gap] = []
        for one in self._gaps:
            if joined and _are_one(joined[-1], one, next_held):
                joined[-1] = _join(joined[-1], one)
            else:
                joined.append(one)
        self._gaps = joined

    def acked(self, told: Gap) -> bool:
        """The hub has committed what it was told; what came to a gap since then stays."""
        left = [rest for gap in self._gaps if (rest := _rest(gap, told)) is not None]
        changed = left != self._gaps
        self._gaps = left
        return changed


def _are_one(gap: Gap, other: Gap, next_held: NextHeld) -> bool:
    held = next_held(gap.last)
    same = (gap.epoch, gap.reason) == (other.epoch, other.reason)
    return same and (held is None or held > other.first)


def _join(gap: Gap, other: Gap) -> Gap:
    later = other if other.last >= gap.last else gap
    return msgspec.structs.replace(
        later, first=gap.first, since=min(gap.since, other.since),
        until=max(gap.until, other.until),
    )  # fmt: skip


def _rest(gap: Gap, told: Gap) -> Gap | None:
    if gap.epoch != told.epoch or gap.last < told.first or gap.first > told.last:
        return gap
    if gap.last <= told.last:
        return None
    since = min(told.until, gap.until)
    return msgspec.structs.replace(gap, first=told.last + 1, since=since)
