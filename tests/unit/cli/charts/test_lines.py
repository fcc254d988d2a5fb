from __future__ import annotations

import pytest

from chatops.cli.charts.lines import (
    MOST,
    STEPS,
    Line,
    Point,
    by_unit,
    coarser,
    highest,
    lines_of,
    names_of,
    step_for,
    title_of,
)
from chatops.protocol.rest import ServerHistoryRow
from chatops.units import format_time


def row(server: str, metric: str, ts: float, value: float) -> ServerHistoryRow:
    return ServerHistoryRow(
        server=server, ts=format_time(ts), metric=metric, value=value, min=value, max=value
    )


def line(server: str, metric: str, *times: float, spread: float = 0.0) -> Line:
    return Line(server, metric, [Point(ts, 5.0, 5.0 - spread, 5.0 + spread) for ts in times])


def test_rows_become_a_line_for_each_server_and_metric() -> None:
    rows = [row("b", "cpu", 0, 1), row("b", "memory", 0, 2), row("a", "cpu", 60, 3)]
    found = lines_of([*rows, row("b", "cpu", 60, 5)])
    assert [(one.server, one.metric) for one in found] == [
        ("a", "cpu"), ("b", "cpu"), ("b", "memory"),
    ]  # fmt: skip
    assert found[1].points == [Point(0, 1, 1, 1), Point(60, 5, 5, 5)]
    assert (found[1].mean, found[1].peak) == (3.0, 5.0)


def test_a_step_without_a_row_is_a_gap_where_steps_hold_many_samples() -> None:
    times = (0, 60, 120, 240, 300)
    assert line("a", "cpu", *times, spread=1.0).joined(60.0) == [False, True, True, False, True]


def test_samples_that_come_a_little_late_are_no_gap() -> None:
    times = (0, 5, 10, 20, 25, 60, 65)
    assert line("a", "cpu", *times).joined(None) == [False, True, True, True, True, False, True]
    assert line("a", "cpu", 7.0).joined(None) == [False]
    assert line("a", "cpu").joined(None) == []


def test_more_points_than_a_chart_has_room_for_are_put_together() -> None:
    long = line("a", "cpu", *range(1000), *range(5000, 10_000), spread=2.0)
    (merged,), step = coarser([long], 1.0, 0.0, 10_000.0, 100)
    assert (len(merged.points), step) == (60, 100.0)
    assert merged.points[10] == Point(5000.0, 5.0, 3.0, 7.0)
    assert [at for at, joined in enumerate(merged.joined(step)) if not joined] == [0, 10]
    assert coarser([long], 1.0, 0.0, 10_000.0, 6000) == ([long], 1.0)


@pytest.mark.parametrize(
    ("span", "places", "step"),
    [(600, 144, None), (3600, 144, 30.0), (86_400, 144, 600.0), (7 * 86_400, 144, 7200.0),
     (1e11, 144, float(STEPS[-1])), (3600, 0, 3600.0)],
)  # fmt: skip
def test_the_step_gives_about_a_row_for_each_place(
    span: float, places: int, step: float | None
) -> None:
    assert step_for(span, places) == step


def test_metrics_of_one_unit_share_a_chart() -> None:
    names = ["net.rx", "cpu", "memory"]
    lines = [line(server, name, 0) for server in "ab" for name in ("cpu", "memory", "net.rx")]
    charts = by_unit(lines, names)
    assert [[(one.server, one.metric) for one in chart] for chart in charts] == [
        [("a", "net.rx"), ("b", "net.rx")],
        [("a", "cpu"), ("a", "memory"), ("b", "cpu"), ("b", "memory")],
    ]
    assert by_unit([], names) == []


def test_of_too_many_lines_those_that_rise_the_highest_are_drawn() -> None:
    lines = [Line(f"s{n:02d}", "cpu", [Point(0, n, n, n)]) for n in range(MOST + 3)]
    assert highest(lines) == lines[3:]
    assert highest(lines[:MOST]) == lines[:MOST]


def test_lines_are_named_by_what_they_do_not_share() -> None:
    one, other = line("a", "cpu"), line("b", "cpu")
    assert (list(names_of([one, other])), title_of([one, other])) == (["a", "b"], "cpu")
    assert (list(names_of([one])), title_of([one])) == (["cpu"], "a cpu")
    both = [one, line("b", "memory")]
    assert (list(names_of(both)), title_of(both)) == (["a cpu", "b memory"], "cpu, memory")
