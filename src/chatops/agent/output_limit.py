"""How much a command may write, stdout and stderr together. Pure."""

from __future__ import annotations

from typing import Final


class OutputLimit:
    """Counts bytes down from ``size``; None is no limit. ``exceeded``: more came than that."""

    def __init__(self, size: int | None) -> None:
        self.size: Final = size
        self.exceeded = False
        self._left = size or 0

    def take(self, data: bytes) -> bytes:
        """What of the next bytes is within the limit; the rest is let go."""
        if self.size is None:
            return data
        self.exceeded = self.exceeded or len(data) > self._left
        kept = data[: self._left]
        self._left -= len(kept)
        return kept
