from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chatops.cli.top.columns import COLUMNS, Moment, column_at, fit, group_line, head, line
from chatops.cli.top.fleet import Row
from chatops.cli.top.order import Group, Order
from chatops.cli.top.spans import Spans, filled, left, right, safe, width_of
from docs.gen.top_scene import NOW, scene, server
from tests.support.samples import HOSTILE


def text(spans: Spans) -> str:
    return "".join(piece for piece, _ in spans)


def titles(width: int) -> list[str]:
    return [placed.column.title for placed in fit(COLUMNS, width) if placed.column.title]


def test_what_matters_least_goes_first() -> None:
    assert titles(200)[-2:] == ["TAGS", "SYSTEM"]
    assert titles(79) == ["SERVER", "CPU", "MEM", "DISK", "LOAD", "RX/s", "TX/s", "AL", "SEEN"]
    assert titles(40) == ["SERVER", "CPU", "MEM", "DISK", "AL"]
    assert titles(3) == ["SERVER"]


@given(st.integers(1, 400))
def test_a_line_has_the_width_of_its_titles_at_any_width(width: int) -> None:
    row = Row(server(0, name="n" * 63, os=HOSTILE * 500, tags={"a": HOSTILE}, alerts=10**9))
    row.values = dict.fromkeys(("cpu", "memory", "disk", "load1", "net.rx"), 1e18)
    placed = fit(COLUMNS, width)
    assert sum(one.width + 1 for one in placed) - 1 <= width
    assert width_of(head(placed, Order())) == sum(one.width + 1 for one in placed)
    found = line(row, placed, Moment(NOW))
    assert width_of(filled(found, width)) == width
    assert not set("\x1b\n\u202e") & set(text(found))


def test_old_values_are_dim_and_a_high_one_is_coloured() -> None:
    row = next(iter(scene(1).fleet.rows.values()))
    row.values = {"cpu": 95.0}
    placed = fit(COLUMNS, 79)
    styles = {style for piece, style in line(row, placed, Moment(NOW)) if "95%" in piece}
    assert styles == {"bad"}
    for moment in (Moment(NOW + 60), Moment(NOW, live=False)):
        assert {s for piece, s in line(row, placed, moment) if "95%" in piece} == {"dim"}


def test_without_blocks_everything_is_ascii() -> None:
    state = scene(3)
    placed = fit(COLUMNS, 200)
    for row in state.fleet.rows.values():
        assert text(line(row, placed, Moment(NOW, blocks=False))).isascii()
    assert text(head(placed, Order("cpu"), blocks=False)).isascii()


def test_a_group_is_summed_up() -> None:
    rows = tuple(scene(9).fleet.rows.values())
    told = text(group_line(Group("env", HOSTILE, rows), Moment(NOW)))
    assert told.startswith("env=[bold red]x[/] \\x1b[31m")
    assert "9 servers, 8 online, cpu " in told
    assert told.endswith("% on average, 1 alert")


def test_the_column_under_the_mouse() -> None:
    placed = fit(COLUMNS, 79)
    at = text(head(placed, Order())).index("DISK")
    found = column_at(placed, at)
    assert found is not None
    assert found.title == "DISK"
    assert column_at(placed, 500) is None


def test_foreign_text_is_cut_by_columns_not_characters() -> None:
    assert safe("日本語です", 5) == "日本…"
    assert left("日本", 6) == "日本  "
    assert right("ab", 4) == "  ab"
    assert safe("\x1b" * 10_000, 6) == "\\x1b\\…"
    assert safe("abc", 0) == ""
    assert safe(None, 3) == "-"
    assert filled([("日本", "")], 3) == [("日 ", "")]
