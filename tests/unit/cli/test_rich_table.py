"""Tables on a terminal: what is copied from them stays in one piece."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest

from chatops.cli.commands.alerts import ALERTS
from chatops.cli.commands.ps import ONE
from chatops.cli.commands.servers import SERVERS
from chatops.cli.commands.thresholds import THRESHOLDS
from chatops.cli.history import HISTORY
from chatops.cli.rich_table import print_table
from chatops.cli.view import Cell, Column

ID = "018cc251-f400-7000-8000-000000000abc"


def table(monkeypatch: pytest.MonkeyPatch, width: int, rows: list[tuple[str, ...]]) -> str:
    monkeypatch.setenv("COLUMNS", str(width))
    columns = [Column(title, lambda _: None) for title in ("TIME", "ID", "COMMAND")]
    out = io.StringIO()
    print_table(out, columns, [[Cell(text) for text in row] for row in rows], color=False)
    assert max(len(line) for line in out.getvalue().splitlines()) <= width
    return out.getvalue()


def test_an_id_is_not_broken_while_other_columns_can_give_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = table(monkeypatch, 60, [("2026-11-24 02:50:30", ID, "systemctl status nginx")])
    assert ID in text
    assert "nginx" in text


def test_a_terminal_too_narrow_for_that_still_shows_all(monkeypatch: pytest.MonkeyPatch) -> None:
    text = table(monkeypatch, 30, [("2026-11-24 02:50:30", ID, "systemctl status nginx")])
    assert ID not in text
    assert "018cc25" in text


def test_spare_columns_go_from_the_last_on_when_ids_would_be_broken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    columns = [
        Column("ID", str), Column("USER", str, spare=True), Column("EXIT", str, spare=True),
        Column("COMMAND", str),
    ]  # fmt: skip
    rows = [[Cell(ID), Cell("ada"), Cell("0"), Cell("systemctl status")]]
    wanted = {
        59: [],
        58: ["EXIT"],
        53: ["EXIT"],
        52: ["EXIT", "USER"],
        47: ["EXIT", "USER"],
        46: [],
    }
    for width, left_out in wanted.items():
        monkeypatch.setenv("COLUMNS", str(width))
        out = io.StringIO()
        assert sorted(print_table(out, columns, rows, color=False)) == left_out, width
        assert (ID in out.getvalue()) == (width >= 47), "in a narrower one nothing is gained"


def test_a_table_without_rows_has_its_titles(monkeypatch: pytest.MonkeyPatch) -> None:
    assert table(monkeypatch, 60, []).split() == ["TIME", "ID", "COMMAND"]


def test_numbers_are_never_broken_and_the_spare_ones_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "44")
    for metric in ("cpu", "disk.free:/" + "x" * 60):
        out = io.StringIO()
        row = ["2026-11-25 20:10:00", metric, "1.46 GiB", "1.21 GiB", "1.77 GiB"]
        cells = [[Cell(text) for text in row]]
        assert print_table(out, HISTORY.columns, cells, color=False) == ["MIN", "MAX"]
        first = out.getvalue().splitlines()[1]
        assert first.startswith("2026-11-25 20:10:00  ")
        assert first.endswith("  1.46 GiB")


def test_a_column_may_be_cut_to_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    columns = [Column("PID", str), Column("COMMAND", str, cut=True)]
    out = io.StringIO()
    print_table(out, columns, [[Cell("7"), Cell("java -jar " + "x" * 900)]], color=False)
    _, row, *more = out.getvalue().splitlines()
    assert (more, len(row)) == ([], 30)
    assert row.endswith("…")


PS = ["4242", "ada", "101.5%", "12.5%", "1.46 GiB", "3d ago", "java -jar " + "x" * 900]
LONG_OS = "Debian GNU/Linux 12 (bookworm) x86_64"
LISTED = [
    "web-1",
    "offline",
    "100.0%",
    "53.1%",
    "71.0%",
    "2",
    "3h ago",
    "env=prod role=db",
    LONG_OS,
]


def fitted(
    monkeypatch: pytest.MonkeyPatch, columns: Sequence[Column], row: list[str], width: int
) -> tuple[list[str], list[str]]:
    """The lines of a table on a terminal, and what was left out."""
    monkeypatch.setenv("COLUMNS", str(width))
    out = io.StringIO()
    left_out = print_table(out, columns, [[Cell(text) for text in row]], color=False)
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    return [line.rstrip() for line in lines], left_out


def test_a_long_command_is_cut_before_any_figure_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    for width, gone in ((120, []), (80, []), (57, []), (56, ["STARTED"])):
        lines, left_out = fitted(monkeypatch, ONE.columns, PS, width)
        assert (len(lines), left_out) == (2, gone)
        assert lines[1].split()[:5] == ["4242", "ada", "101.5%", "12.5%", "1.46"]
        assert lines[1].endswith("…")


def test_a_list_of_servers_takes_a_line_each_at_any_width(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = {120: [], 80: [], 60: ["OS", "TAGS"], 30: ["ALERTS", "DISK", "OS", "SEEN", "TAGS"]}
    for width, gone in wanted.items():
        lines, left_out = fitted(monkeypatch, SERVERS.columns, LISTED, width)
        assert (len(lines), sorted(left_out)) == (2, gone), width
        assert lines[1].split()[:3] == LISTED[:3], width


def test_the_message_of_an_alert_stands_below_it_where_there_is_no_room_beside_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alert = [ID, "web-1", "warning", "firing", "3m ago", "hot", "cpu is 97.2 %, above 90 %"]
    for width, count, left_out in ((120, 2, []), (100, 3, []), (80, 3, []), (72, 3, ["RULE"])):
        lines, gone = fitted(monkeypatch, ALERTS.columns, alert, width)
        assert (len(lines), gone) == (count, left_out), width
        assert lines[1].split()[:4] == alert[:4]
        assert lines[-1].endswith("  cpu is 97.2 %, above 90 %")
    alert[3:5] = "acknowledged (stale, silenced)", "21m ago"
    lines, gone = fitted(monkeypatch, ALERTS.columns, [*alert[:-1], "x " * 70], 80)
    assert (ID in lines[1], lines[-1], gone) == (True, "  " + "x " * 30 + "x", ["RULE"])


def test_the_first_rules_of_a_hub_take_a_line_each(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = ["container-down", "container.state:* gt 0", "-28.5s", "1m", "critical", "all", "on"]
    lines, left_out = fitted(monkeypatch, THRESHOLDS.columns, [*rule, "ada"], 80)
    assert (len(lines), left_out) == (2, ["OWNER"])
    assert rule[1] in lines[1]
