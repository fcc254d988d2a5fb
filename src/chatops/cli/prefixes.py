"""The names before lines of several servers."""

from __future__ import annotations

from typing import Final

from chatops.cli.output import Output
from chatops.text import escape

_COLORS: Final = (36, 33, 35, 32, 34, 96, 93, 95, 92, 94)


def named_prefix(out: Output, server: str, *, err: bool = False) -> str:
    """``NAME | ``; where colours are wanted each name has one of its own, the same each time."""
    name = escape(server)
    if out.colored(err=err):
        name = f"\x1b[{_COLORS[sum(name.encode()) % len(_COLORS)]}m{name}\x1b[0m"
    return f"{name} | "
