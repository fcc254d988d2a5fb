"""Gaps of what a segment loses: all that it holds, or what of it cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from chatops.agent.gaps import Gap
from chatops.agent.segment import Segment
from chatops.agent.spool_lines import Contents, Held, runs

FULL: Final = "full"
DAMAGED: Final = "damaged"


def overflow(segment: Segment, ended: float) -> Gap | None:
    """The gap that a segment leaves which has to go; None when it holds nothing. It ended at
    ``ended`` (Unix seconds), as far as its samples do not say so."""
    first, last = segment.next_held(segment.first), segment.newest
    if first is None or last is None:
        return None
    try:
        samples = Contents(segment.place.read(), segment.first).samples
    except OSError:
        samples = {}
    begin = samples.get(first)
    since = begin.ts if begin is not None else segment.opened.at
    return _gap(segment, FULL, (first, last), since, samples.get(last), ended)


def damage(segment: Segment, contents: Contents, ended: float) -> Iterator[Gap]:
    """The gaps of what a segment should hold and its contents have not."""
    for low, high in runs(segment.lost(contents)):
        first, last = segment.first + low, segment.first + high
        before = [one.ts for number, one in contents.samples.items() if number < first]
        after = [one for number, one in contents.samples.items() if number > last]
        since = before[-1] if before else segment.opened.at
        yield _gap(segment, DAMAGED, (first, last), since, after[0] if after else None, ended)


def _gap(
    segment: Segment, reason: str, span: tuple[int, int], since: float, end: Held | None,
    ended: float,
) -> Gap:  # fmt: skip
    until = end.ts if end is not None else ended
    whole = end is not None and until >= since  # else the clock was set meanwhile
    return Gap(
        epoch=segment.epoch, first=span[0], last=span[1], since=min(since, until),
        until=max(since, until), at=end.at if end is not None and whole else None,
        boot=segment.opened.boot, reason=reason,
    )  # fmt: skip
