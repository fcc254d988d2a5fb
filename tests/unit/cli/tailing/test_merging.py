"""Lines of several sources as one stream, and what waits of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chatops.cli.tailing import merging
from chatops.cli.tailing.lines import Line
from chatops.cli.tailing.merging import Merged
from tests.support.waiting import until


class Flood:
    """A source that gives as many lines as are taken, very many at a time."""

    name = "web-1"

    def __init__(self) -> None:
        self.given = 0

    def lines(self) -> Iterator[Sequence[Line]]:
        for _ in range(10):
            self.given += 1
            yield [Line("web-1", b"")] * 60_000


def test_lines_that_nobody_takes_are_bounded_however_many_come_together() -> None:
    source = Flood()
    merged = Merged([source], lambda _: None)
    lines = merged.lines()
    taken = len(next(lines))
    until(merged._feed.full)
    assert source.given <= 2
    assert merged._feed.qsize() * merging._MOST <= 64_000
    taken += sum(map(len, lines))
    assert (taken, merged.failed) == (600_000, 0)
