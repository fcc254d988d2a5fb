"""Packed columns: whatever goes in comes out, and nothing else is taken for them."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.server.services.metrics.columns import LARGEST, Broken, Value, pack, unpack

WHOLE = st.integers(-LARGEST + 1, LARGEST - 1)
DOUBLE = st.floats(allow_nan=False)


@st.composite
def tables(draw: st.DrawFn) -> list[list[Value]]:
    rows = draw(st.integers(1, 40))

    def column(values: st.SearchStrategy[float]) -> st.SearchStrategy[list[Value]]:
        return st.lists(st.none() | values, min_size=rows, max_size=rows)

    return draw(st.lists(column(WHOLE) | column(DOUBLE), min_size=1, max_size=6))


@given(tables())
def test_what_goes_in_comes_out(columns: list[list[Value]]) -> None:
    found = unpack(pack(columns))
    assert found == dict(enumerate(columns))
    types = [[type(value) for value in column] for column in found.values()]
    assert types == [[type(value) for value in column] for column in columns]


@given(tables(), st.data())
def test_a_part_can_be_had(columns: list[list[Value]], data: st.DataObject) -> None:
    wanted = data.draw(st.sets(st.integers(0, len(columns) - 1)))
    assert unpack(pack(columns), wanted) == {number: columns[number] for number in wanted}


@given(tables(), st.data())
def test_what_is_broken_is_told(columns: list[list[Value]], data: st.DataObject) -> None:
    packed = bytearray(pack(columns))
    packed[data.draw(st.integers(0, len(packed) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        unpack(bytes(packed))
    except Broken:
        return  # the other way that is left is to give numbers, never anything else
    with pytest.raises(Broken):
        unpack(bytes(packed[: len(packed) // 2]))


@pytest.mark.parametrize("data", [b"", b"\x01", b"\x02abc", b"\x01" + zlib.compress(b"x")])
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(Broken):
        unpack(data)


def test_a_bomb_does_not_go_off() -> None:
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = b"\x01" + deflate.compress(bytes(200 * 1024 * 1024)) + deflate.flush()
    with pytest.raises(Broken, match="cut short"):
        unpack(bomb)


def test_gauges_take_about_a_byte() -> None:
    times = [1_700_000_000_000 + 5000 * n for n in range(120)]
    steady = [[4_000_000_000 + (n * n) % 7 for n in range(120)] for _ in range(12)]
    assert len(pack([times, *steady])) / (12 * 120) < 0.6
