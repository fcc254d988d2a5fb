"""Plain tables."""

from __future__ import annotations

from chatops.cli.plain import cells, fitted, paint, plain_lines
from chatops.cli.view import Cell, Column


def test_wide_and_combining_characters_are_counted_as_terminals_show_them() -> None:
    assert [cells(text) for text in ("abc", "日本", "e\u0301", "é", "")] == [3, 4, 1, 1, 0]


def test_columns_are_aligned_by_what_is_seen() -> None:
    columns = [Column("A", str), Column("B", str, right=True)]
    rows = [[Cell("日"), Cell("1")], [Cell("x"), Cell("10")]]
    assert plain_lines(columns, rows, color=False) == ["A    B", "日   1", "x   10"]


def test_colour_changes_no_alignment() -> None:
    columns = [Column("A", str), Column("B", str)]
    line = plain_lines(columns, [[Cell("x", "bad"), Cell("y")]], color=True, widths=[3, 0])[1]
    assert line == "\x1b[31mx\x1b[0m    y"


def test_nothing_is_painted_without_colour_style_or_text() -> None:
    assert paint("x", "bad", color=False) == paint("x", None, color=True) == "x"
    assert paint("", "bad", color=True) == ""


def test_a_growing_row_fits_where_it_can_and_cuts_what_is_longest() -> None:
    row, widths = [Cell("web-1"), Cell("a-rule-with-a-long-name"), Cell("disk is 97 %")], [8, 8, 3]
    for room, texts in (
        (60, ["web-1", "a-rule-with-a-long-name", "disk is 97 %"]),
        (40, ["web-1", "a-rule-with-a-l…", "disk is 97 %"]),
        (26, ["web-1", "a-rule-…", "disk …"]),
        (12, ["web-1", "a-rule-…", "di…"]),
    ):
        assert [cell.text for cell in fitted(row, widths, room)] == texts
    assert cells(fitted([Cell("日本日本")], [4], 6)[0].text) <= 6
