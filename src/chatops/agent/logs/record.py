"""What an agent remembers of its logs between two lives, in one small file for each kind."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from chatops.agent.logs.places import Seen

T = TypeVar("T")
_LARGEST: Final = 16 * 1024 * 1024
_log = logging.getLogger(__name__)


class _Record(Struct, kw_only=True):
    patterns: list[str] = []
    files: dict[str, Seen] = {}


class LogRecord:
    """Of each file, by its ``name_of``, how far it was shipped; and for which ``patterns`` files
    were looked for: what is new there was made since. One that cannot be read is begun anew."""

    def __init__(self, path: Path) -> None:
        self._path = path
        found = read_record(path, _Record) or _Record()
        self.files = found.files
        self.patterns = frozenset(found.patterns)

    def write(self) -> None:
        """Keep it: whole, or as it was before.

        Raises:
            OSError: the disk does not take it.
        """
        record = _Record(patterns=sorted(self.patterns), files=self.files)
        write_record(self._path, msgspec.json.encode(record))


def name_of(path: Path | str) -> str:
    """A path as it can be written down and sent: names of files are bytes, and need not be text."""
    return str(path).encode("utf-8", "backslashreplace").decode()


def write_record(path: Path, data: bytes) -> None:
    """Keep something: whole, or as it was before.

    Raises:
        OSError: the disk does not take it.
    """
    beside = path.with_suffix(".new")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
    beside.replace(path)


def read_record(path: Path, kind: type[T]) -> T | None:
    """What a file remembers; None if there is none, or none that can be read."""
    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.read(_LARGEST), type=kind)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        _log.warning("%s cannot be read, logs are begun at their ends: %s", path, error)
        return None
