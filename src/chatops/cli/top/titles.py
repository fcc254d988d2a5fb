"""What all panels of one server begin with. Pure."""

from __future__ import annotations

from chatops.cli.top.detail import Detail
from chatops.cli.top.spans import Spans, left, right, safe


def titles(*wanted: tuple[str, int]) -> Spans:
    """Titles at the left (width below 0) or right of their columns, a blank before all but the
    first."""
    return [
        ((" " if at else "") + (left(text, -width) if width < 0 else right(text, width)), "title")
        for at, (text, width) in enumerate(wanted)
    ]


def nothing(detail: Detail, kind: str = "sample") -> list[Spans]:
    """What stands there before the first answer, or in place of it."""
    note = detail.notes.get(kind) or detail.notes.get("sample")
    return [[(safe(note) if note else "waiting for the hub …", "warn" if note else "dim")]]
