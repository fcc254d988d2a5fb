"""What is read of a server's files and journals there and then."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from chatops.protocol.rest.common import ErrorDetail


class LogFeedEvent(Struct, omit_defaults=True, kw_only=True):
    """A text frame of a file or of a unit's journal, whose bytes come in binary frames between.

    ``start`` comes first: what it is (``name``: the path, or the unit's whole name), a ``notice``
    about it, and the numbers of its streams. Of a file ``data`` are the bytes as they are, and
    ``marks`` lines of JSON, each a FileMark; of a unit ``data`` are lines of JSON, each a
    UnitEntry. ``end`` comes last, ``error`` in its place when it cannot go on.
    """

    event: Literal["start", "end", "error"]
    server: str | None = None
    name: str | None = None
    notice: str | None = None
    data: int | None = None
    marks: int | None = None
    error: ErrorDetail | None = None
