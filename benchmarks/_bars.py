"""Figures with the bars that they have to keep, as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

Figures = dict[str, float]


class Bar(NamedTuple):
    """A figure to keep at most, or with ``least`` at least; ``aim`` is what is hoped for."""

    of: str
    bound: float
    unit: str
    aim: float | None = None
    least: bool = False

    def kept(self, found: Mapping[str, float]) -> bool:
        """Whether it holds; what was not measured does not."""
        value = found.get(self.of)
        if value is None:
            return False
        return value >= self.bound if self.least else value <= self.bound


def show(found: Mapping[str, float], bars: Sequence[Bar]) -> None:
    """Print all figures, those with a bar beside it and as a share of it."""
    known = {bar.of: bar for bar in bars}
    for name, value in found.items():
        line = f"{name:26} {value:12,.2f}"
        bar = known.get(name)
        if bar is not None:
            aim = "" if bar.aim is None else f"aim {bar.aim:g}, "
            word = "least" if bar.least else "bar"
            verdict = "ok" if bar.kept(found) else "MISSED"
            share = value / bar.bound if bar.bound else value
            line += f" {bar.unit:12} {aim}{word} {bar.bound:g}: {share:.2f} of it  {verdict}"
        print(line)


def all_kept(found: Mapping[str, float], bars: Sequence[Bar]) -> bool:
    """Whether every bar holds."""
    return all(bar.kept(found) for bar in bars)
