"""Entries of systemd's journal, as ``journalctl --output=export`` writes them. Pure.

That form is taken, and not JSON: JSON leaves out what is longer than 4 KiB, or (with ``--all``) has
journalctl hold twenty times a message's size in memory, which whoever may log could make it do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from chatops.agent.collectors.labels import clean
from chatops.agent.logs.lines import LONGEST, Line
from chatops.protocol.line_formats import level_of_severity, read

FIELDS: Final = (
    "MESSAGE", "PRIORITY", "SYSLOG_IDENTIFIER", "UNIT", "COREDUMP_UNIT", "OBJECT_SYSTEMD_UNIT",
    "_SYSTEMD_UNIT", "_TRANSPORT", "_COMM", "_PID", "_UID",
)  # fmt: skip
"""Those that are asked for; each entry has its cursor and its time besides."""
_CURSOR: Final = "__CURSOR"
_TIME: Final = "__REALTIME_TIMESTAMP"
_LONGEST_FIELD: Final = 1024
"""Bytes that are kept of a field other than the message."""
_LENGTH: Final = 8
_NAME: Final = re.compile(rb"[A-Z0-9_]{1,64}")
_PLACE: Final = re.compile(r"s=([0-9a-f]{1,32});i=([0-9a-f]{1,15});")
_PRINTED: Final = "6"
"""The priority of what a service only prints."""


class JournalEntry(NamedTuple):
    """One entry. ``series`` and ``number`` are its place: numbers rise within a series, which one
    journal keeps as long as it lives. ``unit`` is None where none wrote it, or is written about;
    ``ts`` is Unix seconds, ``level`` one of ours."""

    cursor: str
    series: str
    number: int
    ts: float
    unit: str | None
    source: str
    level: str
    line: Line


class NoEntry(ValueError):
    """What was written is none."""


class _Value:
    """A field's value while it comes: its first bytes are kept."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.left_out = 0
        self._longest = LONGEST if name == "MESSAGE" else _LONGEST_FIELD
        self.data = bytearray()

    def take(self, part: bytes) -> None:
        room = max(self._longest - len(self.data), 0)
        self.data += part[:room]
        self.left_out += max(len(part) - room, 0)

    @property
    def text(self) -> str:
        return self.data.decode("utf-8", "replace")


class EntryReader:
    """Takes what journalctl writes, cut anywhere, and gives the entries that are whole. A value may
    be as long as it likes: only its first bytes are held."""

    def __init__(self) -> None:
        self._rest = b""
        self._fields: dict[str, _Value] = {}
        self._value: _Value | None = None
        """The one that is not whole yet."""
        self._left: int | None = None
        """Bytes of it that are still to come, the line's end included; None: to the line's end."""

    def feed(self, data: bytes) -> list[JournalEntry]:
        """The entries that end in the next piece.

        Raises:
            NoEntry: something else is written there.
        """
        data = self._rest + data if self._rest else data
        entries: list[JournalEntry] = []
        at = 0
        while at < len(data):
            then = self._begin(data, at, entries) if self._value is None else self._go_on(data, at)
            if then is None:
                break
            at = then
        self._rest = data[at:]
        return entries

    def _begin(self, data: bytes, at: int, entries: list[JournalEntry]) -> int | None:
        """Take a field's name, or the blank line behind an entry; None: not all of it is there."""
        end = data.find(b"\n", at)
        if end == at:
            self._finish(entries)
            return at + 1
        equals = data.find(b"=", at, end if end >= 0 else len(data))
        if equals >= 0:
            self._value = _Value(_name(data[at:equals]))
            return equals + 1
        name = _name(data[at : end if end >= 0 else len(data)])
        if end < 0 or len(data) < end + 1 + _LENGTH:
            return None
        self._value = _Value(name)
        self._left = int.from_bytes(data[end + 1 : end + 1 + _LENGTH], "little") + 1
        return end + 1 + _LENGTH

    def _go_on(self, data: bytes, at: int) -> int:
        """Take what is there of a value."""
        value = self._value
        assert value is not None
        if self._left is None:
            end = data.find(b"\n", at)
            value.take(data[at : end if end >= 0 else len(data)])
            if end < 0:
                return len(data)
            then = end + 1
        else:
            then = min(at + self._left, len(data))
            self._left -= then - at
            value.take(data[at : then if self._left else then - 1])
            if self._left:
                return then
        self._fields.setdefault(value.name, value)  # the first one counts, as for journalctl
        self._value = self._left = None
        return then

    def _finish(self, entries: list[JournalEntry]) -> None:
        fields, self._fields = self._fields, {}
        entry = _entry(fields)
        if entry is not None:
            entries.append(entry)


def _name(data: bytes) -> str:
    if not _NAME.fullmatch(data):
        raise NoEntry("journalctl writes something else than entries")
    return data.decode("ascii")


def _entry(fields: Mapping[str, _Value]) -> JournalEntry | None:
    """What the fields say; None where they have no place, which journalctl always writes."""
    texts = {name: value.text for name, value in fields.items() if name != "MESSAGE"}
    place = _PLACE.match(texts.get(_CURSOR, ""))
    time = texts.get(_TIME, "")
    if place is None or not time.isdigit():
        return None
    message = fields.get("MESSAGE") or _Value("MESSAGE")
    number, ts = int(place[2], 16), int(time) / 1e6
    line = Line(bytes(message.data), number, message.left_out)
    unit = unit_of(texts)
    return JournalEntry(
        cursor=texts[_CURSOR], series=place[1], number=number, ts=ts, unit=unit,
        source=_source(texts, unit), level=_level(texts, line, ts), line=line,
    )  # fmt: skip


def unit_of(fields: Mapping[str, str]) -> str | None:
    """The unit that an entry belongs to: the one that it is about, if systemd or root's programs
    say so, else the one that wrote it."""
    about = fields.get("UNIT") if fields.get("_PID") == "1" else None
    if about is None and fields.get("_UID") == "0":
        about = fields.get("COREDUMP_UNIT") or fields.get("OBJECT_SYSTEMD_UNIT")
    unit = about or fields.get("_SYSTEMD_UNIT")
    return clean(unit) if unit else None


def _source(fields: Mapping[str, str], unit: str | None) -> str:
    if unit is not None:
        return f"unit:{unit}"
    name = fields.get("SYSLOG_IDENTIFIER") or fields.get("_COMM") or fields.get("_TRANSPORT")
    return f"journal:{clean(name or 'unknown')}"


def _level(fields: Mapping[str, str], line: Line, ts: float) -> str:
    """The priority; but what a service prints has the same for every line, so its words count."""
    priority = fields.get("PRIORITY", "")
    if fields.get("_TRANSPORT") == "stdout" and priority == _PRINTED:
        return read(line.text, ts).level or "info"
    return level_of_severity(int(priority)) if priority in tuple("01234567") else "info"
