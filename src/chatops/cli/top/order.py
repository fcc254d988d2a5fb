"""Which servers are shown, in which order and groups. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from chatops.cli.top.fleet import Row
from chatops.errors import InvalidInput
from chatops.protocol.target import Target, parse_target

Key = Callable[[Row], float | str | None]
SORTS: Final[dict[str, Key]] = {
    "name": lambda row: row.name,
    "cpu": lambda row: row.value("cpu"),
    "memory": lambda row: row.value("memory"),
    "disk": lambda row: row.value("disk"),
    "load": lambda row: row.value("load1"),
    "received": lambda row: row.value("net.rx"),
    "sent": lambda row: row.value("net.tx"),
    "alerts": lambda row: (row.is_critical * _CRITICAL) + row.alerts,
    "seen": lambda row: row.seen,
}
"""What can be sorted by."""
_CRITICAL: Final = 1_000_000
"""What a critical alert counts for: more than all others."""
_TARGET_SIGNS: Final = frozenset("*?[,!")


@dataclass(frozen=True, slots=True)
class Order:
    """How a fleet is looked at. ``group`` is the key of a tag, or None."""

    sort: str = "name"
    reverse: bool = False
    group: str | None = None
    words: str = ""

    @property
    def falling(self) -> bool:
        """Whether the most comes first: names rise, all else falls, unless reversed."""
        return (self.sort != "name") != self.reverse


@dataclass(frozen=True, slots=True)
class Group:
    """The head of the servers that have one value of a tag; ``value`` None: they have none."""

    key: str
    value: str | None
    rows: tuple[Row, ...]


Line = Row | Group


def arrange(rows: Iterable[Row], order: Order) -> list[Line]:
    """What is shown, from top to bottom."""
    wanted = matcher(order.words)
    found = _sorted([row for row in rows if wanted(row)], order)
    if order.group is None:
        return list(found)
    groups: dict[str | None, list[Row]] = {}
    for row in found:
        groups.setdefault(row.server.tags.get(order.group), []).append(row)
    lines: list[Line] = []
    for value in sorted(groups, key=lambda one: (one is None, one or "")):
        lines += [Group(order.group, value, tuple(groups[value])), *groups[value]]
    return lines


def matcher(words: str) -> Callable[[Row], bool]:
    """Whether a server fits all of the words: each is a TARGET (``web-*``, ``tag:env=prod``,
    ``!db-1``), or a part of its name, its system or a tag."""
    tests = [_test(word) for word in words.split()]
    return lambda row: all(test(row) for test in tests)


def tag_keys(rows: Iterable[Row]) -> list[str]:
    """The keys of all tags, in order."""
    return sorted({key for row in rows for key in row.server.tags})


def after(one: str | None, all_of: Sequence[str], *, none: bool = False) -> str | None:
    """The next in a circle; with ``none`` nothing at all is one of it."""
    circle: list[str | None] = [None, *all_of] if none else list(all_of)
    if not circle:
        return one
    return circle[(circle.index(one) + 1) % len(circle)] if one in circle else circle[0]


def _sorted(rows: list[Row], order: Order) -> list[Row]:
    key = SORTS[order.sort]
    rows = sorted(rows, key=lambda row: row.name)
    known = [(value, row) for row in rows if (value := key(row)) is not None]
    unknown = [row for row in rows if key(row) is None]
    known.sort(key=lambda pair: pair[0], reverse=order.falling)
    return [row for _, row in known] + unknown


def _test(word: str) -> Callable[[Row], bool]:
    target = _target(word)
    if target is not None:
        return lambda row: target.covers(row.facts)
    part = word.removeprefix("tag:").casefold()
    return lambda row: any(part in text.casefold() for text in _texts(row))


def _target(word: str) -> Target | None:
    """A word that is more than a name; None while it is not a whole one."""
    if not (_TARGET_SIGNS & set(word) or word.startswith("tag:") or word == "all"):
        return None
    try:
        return parse_target(f"all,{word}" if word.startswith("!") else word)
    except InvalidInput:
        return None


def _texts(row: Row) -> Iterable[str]:
    yield row.name
    yield row.server.os or ""
    for key, value in row.server.tags.items():
        yield f"{key}={value}"
