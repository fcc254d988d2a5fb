"""When a line was written, and how bad it is, as its own format says it. Pure.

Known are JSON and logfmt with the usual names of fields; RFC 3339 and its looser forms at the head
(Python's logging and most others); syslog as RFC 3164 and RFC 5424 have it; the access and error
logs of nginx and Apache; klog. The message stays the whole line.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import msgspec

LEVELS: Final = ("debug", "info", "warning", "error", "critical")
_HEAD: Final = 256
"""Characters of a line in which its time and level stand."""
_EARLIEST, _LATEST = 631_152_000.0, 4_102_444_800.0  # 1990 to 2100: other numbers are no times
_YEAR: Final = 31_556_952.0

_LEVELS: Final = {
    name: level
    for level, names in (
        ("debug", "trace debug fine finer finest verbose d"),
        ("info", "info information informational notice i n"),
        ("warning", "warn warning w"),
        ("error", "err error severe e"),
        ("critical", "crit critical fatal alert emerg emergency panic dpanic f c"),
    )
    for name in names.split()
}
_SEVERITIES: Final = ("critical",) * 3 + ("error", "warning", "info", "info", "debug")
"""The levels of syslog's severities 0 to 7."""
_TIME_FIELDS: Final = ("ts", "time", "timestamp", "@timestamp", "t", "datetime", "date")
_LEVEL_FIELDS: Final = ("level", "severity", "lvl", "levelname", "loglevel", "log.level")

_ISO: Final = re.compile(
    r"(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?"
    r" ?(Z|UTC|[+-]\d\d:?\d\d)?"
)
_CLF: Final = re.compile(
    r"\[(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-]\d{4})\](?: \"[^\"]*\" (\d{3}))?"
)
_SYSLOG: Final = re.compile(r"([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d)(?![.\d])")
_KLOG: Final = re.compile(r"([IWEF])(\d\d)(\d\d) (\d\d):(\d\d):(\d\d)(\.\d{1,9})? ")
_PRIORITY: Final = re.compile(r"<(\d{1,3})>(?:\d{1,2} )?")
_MONTHS: Final = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
]  # fmt: skip
_WORD: Final = re.compile(
    r"(?<![\w./-])(?:"
    r"(TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERR(?:OR)?|SEVERE|CRIT(?:ICAL)?|FATAL|ALERT|EMERG|PANIC)"
    r"|[\[<(](trace|debug|info|notice|warn(?:ing)?|err(?:or)?|crit(?:ical)?|fatal|alert|emerg|panic)[\])>:]"
    r"|(debug|info|warning|error|critical|fatal|panic|[Tt]raceback)(?=: | \())"
    r"(?![\w/])",
)
_PAIR: Final = re.compile(r'(?<![\w.@])([@\w.]{1,20})=(?:"([^"\\]{0,64})"|([^\s"]{1,64}))')


class Said(NamedTuple):
    """What a line says of itself; None where it says nothing. ``ts`` is Unix seconds."""

    ts: float | None = None
    level: str | None = None


def read(line: str, now: float) -> Said:
    """The time and level of a line that was read at ``now``."""
    if line.startswith("{"):
        found = _of_json(line)
        if found is not None:
            return found
    head = line[:_HEAD]
    said = _of_syslog(head, now) or _of_access(head) or _of_klog(head, now) or Said(_iso(head))
    if said.ts is None or said.level is None:
        pairs = _of_pairs(head)
        said = Said(
            pairs.ts if said.ts is None else said.ts, said.level or pairs.level or _word(head)
        )
    return said


def _of_json(line: str) -> Said | None:
    try:
        fields = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError):
        return None
    return _of_fields(fields) if isinstance(fields, dict) else None


def _of_pairs(head: str) -> Said:
    return _of_fields({key: quoted or plain for key, quoted, plain in _PAIR.findall(head)})


def _of_fields(fields: dict[str, Any]) -> Said:
    times = (_moment(fields[name]) for name in _TIME_FIELDS if name in fields)
    levels = (level_of(fields[name]) for name in _LEVEL_FIELDS if name in fields)
    return Said(
        next((one for one in times if one is not None), None),
        next((one for one in levels if one is not None), None),
    )


def level_of(value: object) -> str | None:
    """The level that a field means: a word, or a number as bunyan and pino write them."""
    if isinstance(value, str):
        return _LEVELS.get(value.lower())
    if isinstance(value, int) and 10 <= value <= 60:
        return LEVELS[max(min(value // 10 - 2, 4), 0)]
    return None


def level_of_severity(number: int) -> str:
    """The level of one of syslog's severities, 0 to 7."""
    return _SEVERITIES[number]


def _moment(value: object) -> float | None:
    """The time that a field means: RFC 3339, or seconds, milli-, micro- or nanoseconds."""
    if isinstance(value, str):
        if (found := _iso(value)) is not None:
            return found
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not _EARLIEST <= value < _LATEST * 1e9:
        return None  # a number of JSON may be too large to be divided
    for unit in (1, 1e3, 1e6, 1e9):
        if _EARLIEST <= value / unit < _LATEST:
            return value / unit
    return None


def _iso(head: str) -> float | None:
    match = _ISO.search(head)
    if match is None:
        return None
    *parts, fraction, zone = match.groups()
    ts = _seconds([int(part) for part in parts], zone)
    return None if ts is None else ts + (float(f"0.{fraction}") if fraction else 0.0)


def _of_syslog(head: str, now: float) -> Said | None:
    priority = _PRIORITY.match(head)
    level = _SEVERITIES[int(priority[1]) & 7] if priority else None
    match = _SYSLOG.match(head, priority.end() if priority else 0)
    if match is None:
        return Said(_iso(head), level) if level else None
    month, day, *clock = match.groups()
    if month not in _MONTHS:
        return None
    when = [_MONTHS.index(month) + 1, int(day), *map(int, clock)]
    return Said(_of_some_year(when, now), level or _word(head[match.end() :]))


def _of_klog(head: str, now: float) -> Said | None:
    """As Kubernetes' programs write it: ``E1125 10:00:00.123456``."""
    match = _KLOG.match(head)
    if match is None:
        return None
    letter, *when, fraction = match.groups()
    ts = _of_some_year([int(part) for part in when], now)
    return Said(None if ts is None else ts + float(fraction or 0), _LEVELS[letter.lower()])


def _of_some_year(when: list[int], now: float) -> float | None:
    """The time without a year that is nearest to now: logs are read soon after they are written."""
    year = datetime.fromtimestamp(now, UTC).year
    found = [_seconds([one, *when], None) for one in (year - 1, year, year + 1)]
    known = [ts for ts in found if ts is not None and abs(ts - now) < 0.75 * _YEAR]
    return min(known, key=lambda ts: abs(ts - now), default=None)


def _of_access(head: str) -> Said | None:
    match = _CLF.search(head)
    if match is None or match[2] not in _MONTHS:
        return None
    day, month, year, *clock, zone, status = match.groups()
    ts = _seconds([int(year), _MONTHS.index(month) + 1, int(day), *map(int, clock)], zone)
    return Said(ts, "error" if (status or "").startswith("5") else "info")


def _word(head: str) -> str | None:
    match = _WORD.search(head)
    if match is None:
        return None
    word = match[match.lastindex or 0].lower()
    return "error" if word == "traceback" else _LEVELS[word]


def _seconds(parts: list[int], zone: str | None) -> float | None:
    """Unix seconds of year to second; without a zone they are in this host's own."""
    year, month, day, hour, minute, second = parts
    try:
        when = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
        if zone is None:
            when = when.replace(tzinfo=None)
        ts = when.timestamp() - _offset(zone) + max(second - 59, 0)
    except (ValueError, OverflowError, OSError):
        return None
    return ts if _EARLIEST <= ts < _LATEST else None


def _offset(zone: str | None) -> float:
    if zone in (None, "Z", "UTC"):
        return 0.0
    seconds = (int(zone[1:3]) * 60 + int(zone[-2:])) * 60.0
    return -seconds if zone[0] == "-" else seconds
