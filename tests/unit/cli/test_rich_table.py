"""Tables on a terminal: what is copied from them stays in one piece."""

from __future__ import annotations

import io

import pytest

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
    assert "018cc251" in text


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
