"""One chart, drawn by plotext, which is imported only here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from chatops.cli.charts.axes import Axis, time_axis, value_axis
from chatops.cli.charts.lines import Line

COLORS: Final = (6, 3, 5, 2, 4, 1, 14, 11, 13, 10, 12, 9)
"""Of the 16 that every terminal has; the later ones are the bright ones of the first."""
_BAND: Final = 8
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
_FRAME: Final = str.maketrans("─│┌┐└┘┤├┬┴┼", "-|+++++++++")
_ROWS_A_MARK: Final = 4


class Canvas(NamedTuple):
    """How a chart is drawn: ``width`` columns, ``height`` rows, from ``since`` to ``until``
    (Unix seconds); with what the terminal has."""

    width: int
    height: int
    since: float
    until: float
    color: bool = True
    blocks: bool = True


def marks_of(lines: Sequence[Line], canvas: Canvas) -> list[str]:
    """The sign of each line, for a legend: of one line its own, of several a letter each where
    no colour tells them apart."""
    if len(lines) > 1 and not canvas.color:
        return list(_LETTERS[: len(lines)])
    return ["━━" if canvas.blocks else "*"] * len(lines)


def draw(lines: Sequence[Line], step: float | None, canvas: Canvas) -> str:
    """The chart as text; its colours are escape sequences."""
    import plotext  # type: ignore[import-untyped]

    least = min(point.least for line in lines for point in line.points)
    most = max(point.most for line in lines for point in line.points)
    values = value_axis(least, most, lines[0].unit, canvas.height // _ROWS_A_MARK)
    room = canvas.width - max(map(len, values.labels)) - 3
    figure = _figure(plotext, canvas, values, time_axis(canvas.since, canvas.until, room))
    if canvas.blocks and len(lines) == 1:
        _draw_band(plotext, figure, lines[0], step)
    for line, mark, color in zip(lines, marks_of(lines, canvas), COLORS, strict=False):
        sign = plotext.marker(mark if len(mark) == 1 else "braille")
        if canvas.color:
            sign.fill(plotext.pixel(foreground=color))
        _draw_line(figure, line, step, sign)
    text: str = figure.build().string(colorless=not canvas.color)
    return text if canvas.blocks else text.translate(_FRAME)


def _figure(plotext: Any, canvas: Canvas, values: Axis, times: Axis) -> Any:
    plotext.terminal.limit(width=False, height=False)  # its size is ours to know
    figure = plotext.figure
    figure.clear()
    figure.theme("colorless")
    figure.legend(active=False)
    figure.plot_size(canvas.width, canvas.height)
    for name, side, axis in (("x", "lower", times), ("y", "left", values)):
        ruler = figure.ruler(name, side)
        ruler.lim(axis.low, axis.high)
        ruler.ticks(axis.places, axis.labels)
    return figure


def _draw_line(figure: Any, line: Line, step: float | None, sign: Any) -> None:
    times = [point.ts + (step or 0.0) / 2 for point in line.points]
    signal = figure.signal(times, [point.value for point in line.points], marker=sign)
    for number, joined in enumerate(line.joined(step)):
        signal.line(number, joined)
    figure.draw(signal)


def _draw_band(plotext: Any, figure: Any, line: Line, step: float | None) -> None:
    """From least to most, behind the means."""
    spread = [point for point in line.points if point.least < point.most]
    times = [point.ts + (step or 0.0) / 2 for point in spread for _ in range(2)]
    values = [value for point in spread for value in (point.least, point.most)]
    sign = plotext.marker("░").fill(plotext.pixel(foreground=_BAND))
    signal = figure.signal(times, values, marker=sign)
    for number in range(1, len(values), 2):
        signal.line(number)
    if values:
        figure.draw(signal)
