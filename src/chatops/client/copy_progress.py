"""How far a copy is, for who watches it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from chatops.copying.counting import Moved

Progress = Callable[[int, int], None]
"""Told how many bytes and whole files more are copied, holes too; in any thread. Fewer than none:
the copy begins anew."""


def unwatched(count: int, files: int) -> None:
    """The progress of a copy that nobody watches."""


class Meter:
    """Tells ``progress`` of what is new in ``moved``."""

    def __init__(self, moved: Moved, progress: Progress) -> None:
        self._moved: Final = moved
        self._progress = progress
        self._bytes = self._files = 0

    def tell(self) -> None:
        """Something may have moved."""
        count, files = self._moved.bytes - self._bytes, self._moved.files - self._files
        if count or files:
            self._bytes, self._files = self._moved.bytes, self._moved.files
            self._progress(count, files)

    def again(self) -> None:
        """The copy begins anew."""
        self._moved.bytes = self._moved.files = 0
        self.tell()
