"""What an agent remembers of its logs between two lives, in one small file."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from chatops.agent.logs.places import Seen

_LARGEST: Final = 16 * 1024 * 1024
_log = logging.getLogger(__name__)


class _Record(Struct, kw_only=True):
    patterns: list[str] = []
    files: dict[str, Seen] = {}


class LogRecord:
    """Of each file, by its path, how far it was shipped; and for which ``patterns`` files were
    looked for: what is new there was made since. One that cannot be read is begun anew."""

    def __init__(self, path: Path) -> None:
        self._path = path
        found = self._read()
        self.files = found.files
        self.patterns = frozenset(found.patterns)

    def write(self) -> None:
        """Keep it: whole, or as it was before.

        Raises:
            OSError: the disk does not take it.
        """
        beside = self._path.with_suffix(".new")
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            record = _Record(patterns=sorted(self.patterns), files=self.files)
            file.write(msgspec.json.encode(record))
        beside.replace(self._path)

    def _read(self) -> _Record:
        try:
            with self._path.open("rb") as file:
                return msgspec.json.decode(file.read(_LARGEST), type=_Record)
        except FileNotFoundError:
            return _Record()
        except (OSError, msgspec.DecodeError) as error:
            _log.warning("%s cannot be read, logs are begun at their ends: %s", self._path, error)
            return _Record()
