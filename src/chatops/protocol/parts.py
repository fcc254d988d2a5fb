"""Parts of messages between agent and hub. Append-only, as the messages are."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from chatops.protocol.integers import Count

Cells = Annotated[int, Meta(ge=1, le=1000)]
"""Rows or columns of a terminal."""
TermName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9+._-]{0,63}$")]
"""A kind of terminal."""


class Largest(Struct, kw_only=True):
    """A folder, and the bytes of all that is in it."""

    path: str
    bytes: Count


class MountUse(Struct, kw_only=True):
    """The folders of a mount that hold most; ``complete``: there was time to look at all of it."""

    path: str
    complete: bool = True
    largest: list[Largest] = []


class LogLine(Struct, omit_defaults=True, kw_only=True):
    """One shipped line. ``seq`` is its place in the epoch, from 1 on, above that of the line
    before."""

    ts: float
    level: str = "info"
    message: str
    seq: Count = 0


class Terminal(Struct, omit_defaults=True, kw_only=True):
    """The terminal that a command runs at. ``term`` is its kind, as terminfo calls it; ``login``:
    the command is the login shell of its user, whatever its text says."""

    rows: Cells
    cols: Cells
    term: TermName = "xterm"
    login: bool = False
