"""Pieces of Markdown that several generators need."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; bars and line ends in cells are made harmless."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines) + "\n"


def code(text: str) -> str:
    """Text in code letters; nothing for no text."""
    return f"`{text}`" if text else ""


def prose(doc: str | None) -> str:
    """A docstring as Markdown: unindented, double back quotes made single."""
    return inspect.cleandoc(doc or "").replace("``", "`")


def summary(doc: str | None) -> str:
    """The first paragraph of a docstring, in one line."""
    return " ".join(prose(doc).split("\n\n")[0].split())


def _cell(text: str) -> str:
    return re.sub(r"\s*\n\s*", " ", text.strip()).replace("|", "\\|")
