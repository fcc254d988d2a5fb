"""What an agent is to ship: ``--log FILE[@start]``, and the same with more to say in its file."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from chatops.agent.logs.directory import is_older
from chatops.errors import InvalidInput
from chatops.text import shown

MOST_FILES: Final = 500
"""Files that are followed at a time."""
START: Final = "@start"
_MAGIC: Final = re.compile(r"[*?\[]")
_KEYS: Final = ("file", "start", "entry", "hide", "rate")
_HINT: Final = "write it like /var/log/app.log, '/var/log/*.log' or /var/log/app.log@start"


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedFile:
    """One path or glob. ``start``: what is there when it is first seen is shipped too; ``entry`` is
    the pattern of an entry's first line, ``hide`` what is struck out, ``rate`` the most lines a
    second (None: no bound)."""

    pattern: str
    start: bool = False
    entry: re.Pattern[str] | None = None
    hide: tuple[re.Pattern[str], ...] = ()
    rate: float | None = None

    @property
    def is_glob(self) -> bool:
        """Whether it can name several files."""
        return _MAGIC.search(self.pattern) is not None

    def paths(self, known: Iterable[Path]) -> list[Path]:
        """The files it names now; a plain path also when nothing is there yet. The older files of
        another one that it names, or of one that is ``known``, are part of that."""
        if not self.is_glob:
            return [Path(self.pattern)]
        found = [Path(one) for one in sorted(glob.glob(self.pattern))]  # noqa: PTH207  (it is absolute)
        logs = {*found, *known}
        return [one for one in found if not any(is_older(one, log) for log in logs)]


def parse_wanted(given: Iterable[str | Mapping[str, Any]]) -> tuple[WantedFile, ...]:
    """What the settings mean.

    Raises:
        InvalidInput: one of them cannot be, and why.
    """
    return tuple(_of_text(one) if isinstance(one, str) else _of_table(one) for one in given)


def _of_text(text: str) -> WantedFile:
    start = text.endswith(START)
    return WantedFile(pattern=_path(text.removesuffix(START)), start=start)


def _of_table(table: Mapping[str, Any]) -> WantedFile:
    unknown = [key for key in table if key not in _KEYS]
    if unknown or not isinstance(table.get("file"), str):
        wrong = f"no key {shown(unknown[0])}" if unknown else "file, a path, is missing"
        raise InvalidInput(f"a log in the file: {wrong}", hint=f"its keys are {', '.join(_KEYS)}")
    hide, rate = table.get("hide", []), table.get("rate")
    if not isinstance(hide, list):
        raise InvalidInput(f"log {table['file']}: hide is no list of patterns")
    if rate is not None and (isinstance(rate, bool) or not isinstance(rate, int) or rate < 1):
        raise InvalidInput(f"log {table['file']}: rate is no number of lines a second")
    plain = _of_text(table["file"])
    return WantedFile(
        pattern=plain.pattern,
        start=plain.start or table.get("start") is True,
        entry=_pattern(table, "entry", table.get("entry")),
        hide=tuple(one for text in hide if (one := _pattern(table, "hide", text))),
        rate=rate,
    )


def _pattern(table: Mapping[str, Any], key: str, text: object) -> re.Pattern[str] | None:
    if text is None:
        return None
    try:
        return re.compile(text) if isinstance(text, str) else _refuse(table, key, "no text")
    except re.error as error:
        return _refuse(table, key, str(error))


def _refuse(table: Mapping[str, Any], key: str, why: str) -> re.Pattern[str]:
    raise InvalidInput(f"log {table['file']}: {key} is no pattern: {why}")


def _path(text: str) -> str:
    if not text.startswith("/") or "\0" in text or text.endswith("/"):
        raise InvalidInput(f"{shown(text)} is not the whole path of a log", hint=_HINT)
    return text
