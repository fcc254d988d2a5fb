"""What an agent is to ship: ``--log`` with a path, ``unit:NAME`` or ``container:NAME``; and the
same with more to say in its file."""

from __future__ import annotations

import glob
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from chatops.agent.logs.directory import is_older_of_any
from chatops.errors import InvalidInput
from chatops.text import escape, shown

MOST_FILES: Final = 500
"""Files that are followed at a time."""
MOST_JOURNALS: Final = 16
"""Readers of the journal: each is a process."""
START: Final = "@start"
_MAGIC: Final = re.compile(r"[*?\[]")
_KINDS: Final = ("file", "unit", "container")
_KEYS: Final = (*_KINDS, "start", "entry", "hide", "rate")
_HINT: Final = (
    "write it like /var/log/app.log, '/var/log/*.log', unit:nginx or 'container:web-*'; "
    "with @start at the end all that is there is shipped"
)
_UNIT: Final = re.compile(r"[\w:.@*?\[\]!\\][\w:.@*?\[\]!\\-]{0,254}", re.ASCII)
_SUFFIX: Final = re.compile(
    r"\.(service|socket|device|mount|automount|swap|target|path|timer|slice|scope)$"
)
_CONTAINER: Final = re.compile(r"[\w.*?\[\]!][\w.*?\[\]!-]{0,254}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What holds for every kind. ``start``: what is there when it is first seen is shipped too;
    ``entry`` is the pattern of an entry's first line, ``hide`` what is struck out, ``rate`` the
    most lines a second (None: no bound)."""

    start: bool = False
    entry: re.Pattern[str] | None = None
    hide: tuple[re.Pattern[str], ...] = ()
    rate: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedFile(Wanted):
    """One path or glob."""

    pattern: str

    @property
    def is_glob(self) -> bool:
        """Whether it can name several files."""
        return _MAGIC.search(self.pattern) is not None

    def paths(self, known: Iterable[Path]) -> list[Path]:
        """The files it names now; a plain path also when nothing is there yet. The older files of
        another one that it names, or of one that is ``known``, are part of that."""
        if not self.is_glob:
            return [Path(self.pattern)]
        found = sorted(glob.glob(self.pattern))  # noqa: PTH207  (it is absolute)
        logs = {*found, *map(str, known)}
        return [Path(one) for one in found if not is_older_of_any(one, logs)]


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedUnits(Wanted):
    """Units of the journal, by their names or globs; ``*`` is all of the journal."""

    units: tuple[str, ...]

    @property
    def exact(self) -> tuple[str, ...]:
        """The names, if there is no glob among them: then journalctl finds them by its index. It
        resolves a glob when it starts, and never sees the first entry of a new unit."""
        return () if any(_MAGIC.search(one) for one in self.units) else self.units

    def names(self, unit: str | None) -> bool:
        """Whether an entry of a unit (or of none) is wanted."""
        return "*" in self.units or any(fnmatchcase(unit or "", one) for one in self.units)


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedContainers(Wanted):
    """Containers, by their names or globs."""

    containers: tuple[str, ...]

    def names(self, container: str) -> bool:
        """Whether a container of that name is wanted."""
        return any(fnmatchcase(container, one) for one in self.containers)


def parse_wanted(given: Iterable[str | Mapping[str, Any]]) -> tuple[Wanted, ...]:
    """What the settings mean.

    Raises:
        InvalidInput: one of them cannot be, and why.
    """
    wanted = tuple(_of_text(one) if isinstance(one, str) else _of_table(one) for one in given)
    if sum(isinstance(one, WantedUnits) for one in wanted) > MOST_JOURNALS:
        raise InvalidInput(
            f"the journal would be read by more than {MOST_JOURNALS} processes",
            hint='name several units in one: unit = ["nginx", "php*"]',
        )
    return wanted


def _of_text(text: str) -> Wanted:
    plain, start = text.removesuffix(START), text.endswith(START)
    for kind in _KINDS[1:]:
        if plain.startswith(f"{kind}:"):
            return _MAKERS[kind]([plain.removeprefix(f"{kind}:")], start=start)
    return _file([plain], start=start)


def _of_table(table: Mapping[str, Any]) -> Wanted:
    unknown = [key for key in table if key not in _KEYS]
    kinds = [key for key in _KINDS if key in table]
    if unknown or len(kinds) != 1:
        wrong = f"no key {shown(unknown[0])}" if unknown else "name one of file, unit and container"
        raise InvalidInput(f"a log in the file: {wrong}", hint=f"its keys are {', '.join(_KEYS)}")
    (kind,) = kinds
    names = table[kind] if isinstance(table[kind], list) and kind != "file" else [table[kind]]
    if not names or not all(isinstance(one, str) for one in names):
        raise InvalidInput(f"a log in the file: {kind} is no name", hint=_HINT)
    hide, rate = table.get("hide", []), table.get("rate")
    if not isinstance(hide, list):
        raise _wrong(names, "hide is no list of patterns")
    if rate is not None and (isinstance(rate, bool) or not isinstance(rate, int) or rate < 1):
        raise _wrong(names, "rate is no number of lines a second")
    start = names[-1].endswith(START) or table.get("start") is True
    return _MAKERS[kind](
        [one.removesuffix(START) for one in names],
        start=start,
        entry=_pattern(names, "entry", table.get("entry")),
        hide=tuple(one for text in hide if (one := _pattern(names, "hide", text))),
        rate=rate,
    )


def _file(names: list[str], **rest: Any) -> Wanted:
    (text,) = names
    if not text.startswith("/") or "\0" in text or text.endswith("/"):
        raise InvalidInput(f"{shown(text)} is not the whole path of a log", hint=_HINT)
    return WantedFile(pattern=text, **rest)


def _units(names: list[str], **rest: Any) -> Wanted:
    for name in names:
        if not _UNIT.fullmatch(name):
            raise InvalidInput(f"{shown(name)} is no name of a unit", hint=_HINT)
    return WantedUnits(units=tuple(sorted({_whole(name) for name in names})), **rest)


def _whole(name: str) -> str:
    """A name without its kind is a service's, as for systemctl; a ``*`` at its end is any kind."""
    return name if _SUFFIX.search(name) or name.endswith("*") else f"{name}.service"


def _containers(names: list[str], **rest: Any) -> Wanted:
    for name in names:
        if not _CONTAINER.fullmatch(name):
            raise InvalidInput(f"{shown(name)} is no name of a container", hint=_HINT)
    return WantedContainers(containers=tuple(sorted(set(names))), **rest)


_MAKERS: Final[Mapping[str, Callable[..., Wanted]]] = {
    "file": _file, "unit": _units, "container": _containers,
}  # fmt: skip


def _pattern(names: list[str], key: str, text: object) -> re.Pattern[str] | None:
    if text is None:
        return None
    try:
        if isinstance(text, str):
            return re.compile(text)
    except re.error as error:
        raise _wrong(names, f"{key} is no pattern: {error}") from None
    raise _wrong(names, f"{key} is no pattern: no text")


def _wrong(names: list[str], why: str) -> InvalidInput:
    return InvalidInput(f"log {escape(', '.join(names))}: {why}")
