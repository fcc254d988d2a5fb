"""What a ``feed`` of a file or of a unit's journal is asked with, and what it says of itself.

Append-only, as the messages are. The bytes of a file come on ``stdout`` as they are, and on
``stderr``, where they belong between them, lines of JSON: each a FileMark. Those of a unit are
lines of JSON on ``stdout``: each a UnitEntry.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from chatops.protocol.integers import Count

FileNews = Literal["next", "missing", "gone"]


class FileArgs(Struct, omit_defaults=True, kw_only=True):
    """``file``: the ``lines`` last lines of the file at ``path`` (None: all of it). With ``follow``
    also what is written from now on, there and to the files that take its place. ``place`` goes on
    where another feed ended: ``skip`` bytes behind a mark of that place."""

    path: str
    lines: Count | None = None
    follow: bool = False
    place: str = ""
    skip: Count = 0


class FileMark(Struct, omit_defaults=True, kw_only=True):
    """Where the bytes that follow stand: ``place`` means something to that agent alone, ``file``
    tells the log's files from one another.

    ``news``: ``next``: another file has taken the place of the one before, or it was cut;
    ``missing``: the same, and a part that was seen there was gone before it was read; ``gone``:
    there is no file any more, for the reason that ``error`` says, and one is waited for.
    """

    place: str
    file: str = ""
    news: FileNews | None = None
    error: str | None = None


class UnitArgs(Struct, omit_defaults=True, kw_only=True):
    """``unit``: the ``lines`` last entries of a unit's journal (None: all); with ``follow`` also
    what comes from now on. ``after`` is the cursor of an entry: begin behind that."""

    unit: str
    lines: Count | None = None
    follow: bool = False
    after: str = ""


class UnitEntry(Struct, omit_defaults=True, kw_only=True):
    """An entry of a journal, cut as shipped lines are. ``cursor`` goes on behind it. ``missing``:
    the journal has no longer all that came between it and the entry before."""

    cursor: str
    ts: float
    level: str
    message: str
    missing: bool = False


class LogFeedBegin(Struct, omit_defaults=True, kw_only=True):
    """It has begun; ``name`` is the path, or the unit by its whole name. ``notice`` is something
    that whoever reads it should know."""

    name: str
    notice: str | None = None
