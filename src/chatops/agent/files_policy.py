"""[policy.files]: which files and whose journals the hub may read, and where it may write. It holds
only where ``allow`` has files."""

from __future__ import annotations

import re
from dataclasses import dataclass

from chatops.protocol.facts import FilesFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesPolicy:
    """The table, key by key. ``folders`` hold the files that may be read, wherever links lead;
    ``units`` are patterns of whole names. Without both of them all that the agent's user can read
    may be read; with one of them nothing else. ``write`` names the folders in which files may be
    written; True: where they may be read, None: nothing was said of it."""

    folders: tuple[str, ...] | None = None
    units: tuple[re.Pattern[str], ...] | None = None
    write: tuple[str, ...] | bool | None = None

    @property
    def allowed_folders(self) -> tuple[str, ...] | None:
        """Where files may be read; None: everywhere."""
        return () if self.folders is None and self.units is not None else self.folders

    @property
    def may_write(self) -> bool:
        """Whether files may be written at all."""
        return bool(self.write)

    @property
    def write_folders(self) -> tuple[str, ...] | None:
        """Where files may be written; None: everywhere."""
        return self.write if isinstance(self.write, tuple) else self.allowed_folders

    @property
    def write_rule(self) -> str:
        """The key that says where files may be written."""
        return "files.write" if isinstance(self.write, tuple) else "files.folders"

    def reads(self, unit: str) -> bool:
        """Whether the journal of a unit, by its whole name, may be read."""
        if self.units is None:
            return self.folders is None
        return any(one.fullmatch(unit) for one in self.units)

    def facts(self) -> FilesFacts:
        """What the hub may know."""
        folders, units = self.allowed_folders, self.units
        if units is None and self.folders is not None:
            units = ()
        return FilesFacts(
            folders=_listed(folders),
            units=None if units is None else [one.pattern for one in units],
            write=self.may_write,
            write_folders=_listed(self.write_folders) if self.may_write else None,
        )


def _listed(folders: tuple[str, ...] | None) -> list[str] | None:
    return None if folders is None else list(folders)
