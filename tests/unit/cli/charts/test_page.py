"""Charts as they come out: gaps, colours or letters, small terminals, hostile names."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

import pytest

from chatops.cli.charts.draw import Canvas
from chatops.cli.charts.lines import Line, Point
from chatops.cli.charts.page import page, rows_beside
from chatops.cli.charts.picture import svg, write_picture
from chatops.errors import InvalidInput
from tests.support.samples import HOSTILE

PLAIN = Canvas(60, 12, 0.0, 600.0, color=False)
EDGES = re.compile(r"[│┤┌└├|+]")
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def line(server: str = "web-1", metric: str = "cpu", *, height: float = 50.0) -> Line:
    """Ten minutes with a gap from 200 to 400."""
    times = [float(ts) for ts in range(0, 600, 10) if not 200 <= ts < 400]
    return Line(server, metric, [Point(ts, height, height, height) for ts in times])


def rows(canvas: Canvas, *charts: Sequence[Line]) -> list[str]:
    return list(page(charts, 10.0, canvas))


def drawn(shown: Sequence[str]) -> list[str]:
    """The insides of the charts."""
    inner = [re.split(r"[│┤|+]", row, maxsplit=1)[1] for row in shown if re.match(r".*[│┤|]", row)]
    return [row.rstrip("│| ") for row in inner]


def test_a_chart_of_very_many_rows_draws_means_and_says_so() -> None:
    points = [Point(float(ts), ts % 10, ts % 10, ts % 10) for ts in range(20_000)]
    shown = rows(PLAIN._replace(until=20_000.0), [Line("web-1", "cpu", points)])
    assert shown[0] == "web-1 cpu, mean of 17s"
    assert "9.0%" in shown[-1]  # the figures are of every row


@pytest.mark.parametrize("blocks", [True, False])
def test_a_gap_is_no_line(blocks: bool) -> None:
    shown = rows(PLAIN._replace(blocks=blocks), [line()])
    (curve,) = [row for row in drawn(shown) if row.strip()]
    assert len(curve) > 50
    third = len(curve) // 3
    assert curve[third + 2 : 2 * third - 2].strip() == ""
    assert " " not in curve[1 : third - 2]
    assert " " not in curve[2 * third + 2 :]


def test_a_chart_has_its_title_axes_and_figures() -> None:
    shown = rows(PLAIN, [line()])
    assert shown[0] == "web-1 cpu, mean of 10s"
    assert [row.split("┤")[0].strip() for row in shown if "┤" in row] == ["50%", "25%", "0%"]
    assert shown[-2].split() == ["SERIES", "LAST", "MEAN", "MIN", "MAX"]
    assert shown[-1].split() == ["━━", "cpu", *["50.0%"] * 4]
    assert max(map(len, shown)) <= 60
    assert len(shown) == 12 + 3 == PLAIN.height + rows_beside([[line()]])


def test_several_lines_have_a_colour_each_or_else_a_letter() -> None:
    both = [line(height=20.0), line("web-2", height=40.0)]
    shown = rows(PLAIN._replace(color=True), both)
    assert any(row.startswith("\x1b[36m━━\x1b[0m web-1") for row in shown)
    assert any(row.startswith("\x1b[33m━━\x1b[0m web-2") for row in shown)
    codes = {code for row in shown for code in re.findall(r"\x1b\[([0-9;]*)m", row)}
    assert codes <= {"0", "36", "33"}  # of the 16 that each terminal has
    plain = rows(PLAIN, both)
    assert not ESCAPES.search("".join(plain))
    assert {letter for row in drawn(plain) for letter in row.strip()} == {"a", "b", " "}
    assert [row.split()[:2] for row in plain[-2:]] == [["a", "web-1"], ["b", "web-2"]]


def test_ascii_is_ascii() -> None:
    canvas = PLAIN._replace(blocks=False)
    for charts in ([[line()]], [[line(), line("web-2")], [line(metric="net.rx")]]):
        assert "".join(rows(canvas, *charts)).isascii()
    assert "".join(rows(canvas._replace(width=20), [line()])).isascii()


def test_a_spike_shows_behind_the_mean() -> None:
    spiky = line()
    spiky.points[5] = Point(50.0, 50.0, 10.0, 90.0)
    shown = rows(PLAIN, [spiky])
    assert sum("░" in row for row in shown) >= 5
    assert "░" not in "".join(rows(PLAIN, [spiky, line("web-2")]))


@pytest.mark.parametrize(("width", "height"), [(1, 1), (10, 3), (29, 24), (30, 7), (80, 6)])
def test_a_small_terminal_gets_what_fits(width: int, height: int) -> None:
    canvas = PLAIN._replace(width=width, height=height)
    shown = rows(canvas, [line(), line("web-2", height=5.0)])
    assert any("web-1" in row for row in shown)
    if width >= 29:
        assert max(map(len, shown)) <= width


@pytest.mark.parametrize(
    ("metric", "values"),
    [
        ("cpu", [12.0]), ("load1", [0.0]), ("load1", [1e300]), ("uptime", [1e6, 1e6 + 60]),
        ("net.rx", [1e18, -2e18]), ("clock.skew", [-1000.0, 0.5]), ("temp", [-273.15, 1e25]),
        ("memory.available", [1e9, 1e9, 1e9]), ("from.the.future", [5e-12, 1e-11]),
    ],
)  # fmt: skip
def test_any_values_can_be_drawn(metric: str, values: list[float]) -> None:
    odd = Line("w", metric, [Point(60.0 * n, v, v, v) for n, v in enumerate(values)])
    shown = rows(PLAIN, [odd])
    assert max(map(len, shown)) <= 60
    assert any(row.strip() for row in drawn(shown))


def test_hostile_names_are_only_text(tmp_path: Path) -> None:
    many = [line(metric=f"disk:{HOSTILE}"), line(metric="disk:/" + "x" * 4096)]
    for color in (False, True):
        shown = rows(PLAIN._replace(color=color), many)
        text = ESCAPES.sub("", "\n".join(shown))
        assert not set("\x1b\x9b\u202e") & set(text)
        assert max(map(len, text.split("\n"))) <= 60
    assert "[bold red]" in "".join(rows(PLAIN._replace(width=120), many))


def test_a_picture_is_svg_that_loads_nothing(tmp_path: Path) -> None:
    shown = rows(PLAIN._replace(width=100, color=True), [line("a<b>&", f"disk:{HOSTILE}")])
    text = svg(shown)
    ET.fromstring(text)
    assert "a&lt;b&gt;&amp;" in text
    assert "[bold" in text
    links = [word for word in re.findall(r"[a-z]+://[^\"' )]+", text) if "www.w3.org" not in word]
    assert (links, "@import" in text) == ([], False)
    assert "#" in text
    file = tmp_path / "cpu.svg"
    write_picture(file, "old")
    write_picture(file, text)
    assert file.read_text(encoding="utf-8") == text


def test_a_picture_that_cannot_be_written(tmp_path: Path) -> None:
    for where in (tmp_path, tmp_path / "no" / "cpu.svg"):
        with pytest.raises(InvalidInput, match=r"--svg: .* cannot be written"):
            write_picture(where, "x")


def test_each_word_of_a_picture_has_its_own_place() -> None:
    text = svg(["⣀⠤   │", "80%┤   │", "  a<b"])
    borders = re.findall(r'x="([^"]+)" y="[^"]+" textLength="12.0">│<', text)
    assert borders == ["60.2", "84.3"]
    assert ">a&lt;b</text>" in text
    assert "&#160;" not in text
