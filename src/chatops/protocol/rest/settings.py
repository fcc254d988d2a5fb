"""Settings that an administrator changes while the hub runs."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from chatops.protocol.rest.common import Request, Timestamp

SettingSource = Literal["default", "config", "set"]
"""Where the value in use comes from; ``config``: the file, a variable or a flag."""
SettingKind = Literal["text", "int", "duration", "size"]
SettingValue = str | int | float


class Setting(Struct, kw_only=True):
    """A setting and the value in use: durations in seconds, sizes in bytes, else a word or number.

    ``text`` is that value as people write it, ``configured`` what it would be if nobody had set
    it here.
    """

    key: str
    value: SettingValue
    text: str
    source: SettingSource
    kind: SettingKind
    meaning: str
    configured: SettingValue
    changed_at: Timestamp | None
    changed_by: str | None


class SettingChange(Request):
    """A new value: as people write it (``30d``, ``64KiB``), or seconds, bytes, a number."""

    value: Annotated[str, Meta(max_length=256)] | int | float
