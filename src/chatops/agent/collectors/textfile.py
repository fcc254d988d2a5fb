"""Values of the host's own: ``*.prom`` files of a folder, in Prometheus' text format.

A file counts whole or not at all; why one does not is told, never what stands in it: it may be a
stranger's. Each is read again only when it has changed.
"""

from __future__ import annotations

import math
import os
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from chatops.agent.collectors.labels import clean
from chatops.protocol.limits import MAX_LABEL, MiB
from chatops.protocol.metrics import Custom

ENDING: Final = ".prom"
MAX_FILE: Final = 1 * MiB
MAX_FILES: Final = 100
MAX_VALUES: Final = 500
"""Values of all files together; a hub keeps a thousand METRIC names of a server."""
_TOO_MANY: Final = f"there are more than {MAX_VALUES} values"
_OPEN: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW
_ESCAPES: Final = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})

Values = dict[str, float]


class Unusable(Exception):
    """A file that does not count, and why."""


class _Read(NamedTuple):
    identity: tuple[int, int, int]
    values: Values
    why: str | None


class TextfileCollector:
    """Reads a folder. ``max_age`` is the seconds after which a file that nobody writes is stale;
    ``tell`` hears of files that do not count, by their names."""

    def __init__(self, folder: Path, max_age: float, now: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._max_age = max_age
        self._now = now
        self._known: dict[str, _Read] = {}
        self.refused: dict[str, str] = {}

    def __call__(self) -> list[Custom]:
        """The values that count, by file and then as they stand.

        Raises:
            OSError: the folder cannot be read.
        """
        names = sorted(os.listdir(self._folder))  # noqa: PTH208  (names, not paths)
        names = [name for name in names if name.endswith(ENDING) and not name.startswith(".")]
        self._known = {name: one for name, one in self._known.items() if name in names}
        found: Values = {}
        refused: dict[str, str] = {}
        for name in names[:MAX_FILES]:
            try:
                self._add(found, self._values(name))
            except Unusable as error:
                refused[name] = str(error)
        if len(names) > MAX_FILES:
            refused[names[MAX_FILES]] = f"only the first {MAX_FILES} files are read"
        self.refused = {clean(name): why for name, why in refused.items()}
        return [Custom(name, value) for name, value in found.items()]

    def _add(self, found: Values, values: Values) -> None:
        twice = next((name for name in values if name in found), None)
        if twice is not None:
            raise Unusable("a value of it stands in an earlier file, too")
        if len(found) + len(values) > MAX_VALUES:
            raise Unusable(_TOO_MANY)
        found |= values

    def _values(self, name: str) -> Values:
        try:
            file = os.open(self._folder / name, _OPEN)
        except OSError as error:
            raise Unusable("it is a link" if Path(self._folder / name).is_symlink() else
                           str(error.strerror)) from None  # fmt: skip
        try:
            return self._of(name, file)
        finally:
            os.close(file)

    def _of(self, name: str, file: int) -> Values:
        seen = os.fstat(file)
        if not stat.S_ISREG(seen.st_mode):
            raise Unusable("it is no ordinary file")
        if self._now() - seen.st_mtime > self._max_age:
            raise Unusable("it is stale: nobody has written it for too long")
        identity = (seen.st_ino, seen.st_size, seen.st_mtime_ns)
        known = self._known.get(name)
        if known is None or known.identity != identity:
            known = self._known[name] = _parsed(identity, file)
        if known.why is not None:
            raise Unusable(known.why)
        return known.values


def _parsed(identity: tuple[int, int, int], file: int) -> _Read:
    try:
        return _Read(identity, parse(_text(identity[1], file)), None)
    except Unusable as error:
        return _Read(identity, {}, str(error))


def _text(size: int, file: int) -> str:
    if size > MAX_FILE:
        raise Unusable("it is larger than 1 MiB")
    parts: list[bytes] = []
    while len(part := os.read(file, MAX_FILE)) > 0 and sum(map(len, parts)) <= MAX_FILE:
        parts.append(part)
    try:
        return b"".join(parts).decode()
    except UnicodeDecodeError:
        raise Unusable("it is not UTF-8") from None


def parse(text: str) -> Values:
    """The values of a file by their names, ``NAME`` or ``NAME{a="b",c="d"}`` with the labels in
    order; those that are no finite numbers are left out.

    Raises:
        Unusable: it is not what Prometheus reads, is half written, has a time or a name twice.
    """
    # Without the comments: the parser would give counters other names by what these say.
    if text and not text.endswith("\n"):
        raise Unusable("its last line has no end: it is half written")
    found: Values = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, value = _line(line, number)
        if name in found:
            raise Unusable(f"line {number} has a name that stands there already")
        if len(name) > MAX_LABEL:
            raise Unusable(f"line {number} has a name of more than {MAX_LABEL} characters")
        if len(found) == MAX_VALUES:  # a megabyte of them would take seconds
            raise Unusable(_TOO_MANY)
        found[name] = value
    return {name: value for name, value in found.items() if math.isfinite(value)}


def _line(line: str, number: int) -> tuple[str, float]:
    from prometheus_client.parser import text_string_to_metric_families  # only where it is used

    try:
        (family,) = text_string_to_metric_families(line)
        (sample,) = family.samples
    except Exception:  # noqa: BLE001  (the parser promises ValueError, and raises more)
        raise Unusable(f"line {number} is no value") from None
    if sample.timestamp is not None:
        raise Unusable(f"line {number} has a time, which is not taken")
    labels = ",".join(
        f'{key}="{value.translate(_ESCAPES)}"' for key, value in sorted(sample.labels.items())
    )
    return f"{sample.name}{{{labels}}}" if labels else sample.name, float(sample.value)
