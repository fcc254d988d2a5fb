"""Bars, and charts of several lines, drawn with blocks or with ASCII. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from chatops.cli.figures import short
from chatops.cli.top.spans import Spans, heat, left, right

_EIGHTHS: Final = " ▁▂▃▄▅▆▇█"
_HALVES: Final = "  ...:::#"
"""The same in ASCII."""
AXIS: Final = 7
"""Columns of the labels at the left of a chart."""


def bar(percent: float | None, width: int, *, blocks: bool = True) -> Spans:
    """A per cent as a bar of that width."""
    if percent is None:
        return [(" " * width, "")]
    full = min(max(round(percent / 100 * width), 0), width)
    return [(("█" if blocks else "#") * full, heat(percent) or "good"),
            (("░" if blocks else ".") * (width - full), "dim")]  # fmt: skip


def chart(
    title: str,
    values: Sequence[float | None],
    *,
    unit: str,
    height: int,
    latest: float | None = None,
    blocks: bool = True,
) -> list[Spans]:
    """A title with the latest value, and ``height`` lines with an axis; a gap stays blank. Per
    cent reach from 0 to 100, all else from 0 to the most. One value is one column."""
    known = [one for one in values if one is not None]
    top = 100.0 if unit == "%" else max(known, default=0.0) or 1.0
    width = len(values)
    text = short(latest, unit) or "-"
    lines: list[Spans] = [[(left(title, max(width + AXIS - len(text), 1)), "head"), (text, "head")]]
    steps = _EIGHTHS if blocks else _HALVES
    for at in range(height):
        label = short(top, unit) if at == 0 else "0" if at == height - 1 else ""
        floor = (height - 1 - at) / height * top
        drawn = "".join(_step(one, floor, top / height, steps, at == height - 1) for one in values)
        lines.append([(right(label or "", AXIS - 1), "dim"), (" ", ""), (drawn, "spark")])
    return lines


def beside(blocks: Sequence[Sequence[Spans]], widths: Sequence[int]) -> list[Spans]:
    """Several charts next to each other, each as wide as ``widths`` says."""
    lines: list[Spans] = []
    for at in range(max(map(len, blocks), default=0)):
        spans: Spans = []
        for block, width in zip(blocks, widths, strict=True):
            piece = list(block[at]) if at < len(block) else []
            used = sum(len(text) for text, _ in piece)
            spans += [*piece, (" " * max(width - used, 0), "")]
        lines.append(spans)
    return lines


def _step(value: float | None, floor: float, share: float, steps: str, lowest: bool) -> str:  # noqa: FBT001
    if value is None:
        return " "
    eighths = min(max(round((value - floor) / share * 8), 0), 8)
    return steps[max(eighths, 1) if lowest else eighths]
