"""Lines cut from pieces, and what of them is new after the log began anew."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from chatops.cli.log_lines import Cutter, Place, Segment, order

CUTS = st.lists(st.integers(0, 10**6), max_size=10)


def stamp(number: int) -> bytes:
    return b"2026-01-02T03:04:05.%09dZ" % number


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[a:b] for a, b in pairwise(places)]


def read(place: Place, data: bytes, cuts: list[int]) -> list[Segment]:
    cutter = Cutter()
    segments = [one for piece in pieces(data, cuts) for one in cutter.cut(piece)]
    return [one for one in map(place.fresh, segments) if one is not None]


def shown(segments: list[Segment]) -> bytes:
    return b"".join(
        one.stamp + b" " + one.data if one.first else one.data for one in segments
    )  # fmt: skip


# Few times, so that many lines have the same.
LINES = st.lists(st.tuples(st.integers(0, 5), st.binary(max_size=80)), max_size=15).map(
    lambda found: b"".join(
        stamp(at) + b" " + text.replace(b"\n", b"") + b"\n" for at, text in sorted(found)
    )
)


@given(LINES, CUTS)
def test_lines_are_whole_however_they_come(data: bytes, cuts: list[int]) -> None:
    assert shown(read(Place(), data, cuts)) == data


@given(LINES, CUTS, st.integers(0, 10**6), st.integers(0, 10**6), CUTS)
def test_after_a_new_beginning_nothing_is_lost_and_nothing_comes_twice(
    data: bytes, cuts: list[int], end: int, begin: int, more: list[int]
) -> None:
    """The connection was lost anywhere; the log comes again from some line before that on."""
    end %= len(data) + 1
    place = Place()
    first = read(place, data[:end], cuts)
    starts = [0, *(at + 1 for at, byte in enumerate(data[:end]) if byte == 0x0A)]
    again = data[starts[begin % len(starts)] :] if place.stamp else data
    same = [line for line in data.splitlines(keepends=True) if line[:30] == place.stamp]
    again = again if again.count(place.stamp) >= len(same) else data
    place.resume()
    second = read(place, again, more)
    assert shown(first) + shown(second) == data


def test_a_long_line_is_not_held() -> None:
    cutter = Cutter()
    parts = [*cutter.cut(stamp(1) + b" a"), *cutter.cut(b"b" * 10_000), *cutter.cut(b"\n")]
    assert [(one.first, len(one.data)) for one in parts] == [(True, 1), (False, 10_000), (False, 1)]
    assert cutter._held == b""


def test_times_are_compared_as_times() -> None:
    assert order(b"2026-01-02T03:04:05.5+01:00") < order(b"2026-01-02T03:04:05.25Z")
    assert order(b"2026-01-02T03:04:05.000000001Z") > order(b"2026-01-02T03:04:05Z")
    assert order(b"no time") == (0.0, 0)
