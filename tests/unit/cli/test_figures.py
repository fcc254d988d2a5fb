from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.cli.figures import (
    ASCII,
    BLOCKS,
    exact,
    has_blocks,
    in_columns,
    in_unit,
    short,
    spark_of,
    sparkline,
    unit_of,
)

MAYBE = st.lists(st.none() | st.floats(-1e18, 1e18), max_size=50)


def test_a_sparkline_rises_with_its_values_and_leaves_gaps_blank() -> None:
    assert sparkline([0, 1, 2, 3, None, 5, 6, 7]) == "▁▂▃▄ ▆▇█"
    assert sparkline([0, 1, 2, 3, None, 5, 6, 7], blocks=False) == "_.:- +*#"


def test_per_cent_are_drawn_from_0_to_100_and_all_else_from_0_to_the_most() -> None:
    assert spark_of("%", [5, 50, 99]) == "▁▅█"
    assert spark_of("B", [5, 50, 99]) == "▁▅█"
    assert spark_of("%", [1, 2, 3]) == "▁▁▁"
    assert spark_of("B", [1, 2, 3]) == "▃▆█"


def test_what_somebody_gave_keeps_its_digits() -> None:
    told = [exact(4.75, "%"), exact(90.0, "%"), exact(28.5, "s"), exact(-30.0, "s"), exact(0, "s")]
    assert told == ["4.75%", "90%", "28.5s", "-30s", "0s"]
    assert [exact(2e9, "B"), exact(-5.25, "°C"), exact(3.8, "")] == ["1.86 GiB", "-5.25°C", "3.8"]
    assert exact(1e13, "s") == in_unit(1e13, "s")


def test_odd_values_are_drawn_too() -> None:
    assert sparkline([]) == ""
    assert sparkline([None, None]) == "  "
    assert sparkline([0.0]) == "▁"
    assert sparkline([7.0]) == "█"
    assert sparkline([-5, 0, 5]) == "▁▅█"
    assert sparkline([-5, 200], low=0, high=100) == "▁█"


@given(MAYBE)
def test_any_values_give_one_known_character_each(values: list[float | None]) -> None:
    for blocks, known in ((True, BLOCKS), (False, ASCII)):
        line = sparkline(values, blocks=blocks)
        assert len(line) == len(values)
        assert set(line) <= {*known, " "}


def test_values_fall_into_equal_parts_of_the_span() -> None:
    points = [(-1.0, 9.0), (0.0, 1.0), (4.9, 3.0), (10.0, 5.0), (19.9, 7.0), (20.0, 9.0)]
    assert in_columns(points, 0.0, 20.0, 4) == [2.0, None, 5.0, 7.0]


@pytest.mark.parametrize(
    ("value", "unit", "full", "narrow"),
    [
        (12.345, "%", "12.3%", "12%"),
        (0.0, "B", "0 B", "0"),
        (1_572_864.0, "B", "1.5 MiB", "1.5M"),
        (1_003_520.0, "B/s", "980 KiB/s", "980K/s"),
        (1023.0, "B", "0.999 KiB", "1.0K"),
        (93_784.0, "s", "1d2h", "1d2h"),
        (41.5, "°C", "41.5°C", "41.5°C"),
        (0.5, "", "0.5", "0.5"),
        (None, "%", None, None),
    ],
)
def test_values_carry_their_unit(
    value: float | None, unit: str, full: str | None, narrow: str | None
) -> None:
    assert (in_unit(value, unit), short(value, unit)) == (full, narrow)


def test_an_instance_has_the_unit_of_its_metric() -> None:
    assert [unit_of(name) for name in ("disk:/a:b", "net.rx", "load1", "nope")] == [
        "%", "B/s", "", "",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("environ", "blocks"),
    [
        ({"LANG": "en_US.UTF-8"}, True),
        ({"LANG": "C.utf8"}, True),
        ({"LANG": "de_DE.UTF-8@euro"}, True),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "C"}, False),
        ({"LC_ALL": "", "LC_CTYPE": "de_DE.UTF-8", "LANG": "C"}, True),
        ({"LC_CTYPE": "C.UTF-8", "LANG": "C"}, False),
        ({"LC_CTYPE": "C.UTF-8"}, True),
        ({"LANG": "en_US.ISO-8859-1"}, False),
        ({}, True),
    ],
)
def test_the_locale_says_whether_there_are_blocks(environ: dict[str, str], blocks: bool) -> None:
    assert has_blocks(environ) is blocks
