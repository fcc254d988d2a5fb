"""Bytes that have to wait, in bounded memory: what is much goes to one temporary file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Final

BLOCK: Final = 32 * 1024
"""Bytes of a chain that are held in memory."""


class Store:
    """Any number of chains of bytes that share a file, which is made when one gets long."""

    def __init__(self) -> None:
        self._file: IO[bytes] | None = None
        self._blocks = 0

    def write(self, data: bytes | bytearray) -> tuple[int, int]:
        """Put a block away; its place."""
        if self._file is None:
            import tempfile

            self._file = tempfile.TemporaryFile(prefix="chatops-", buffering=0)  # noqa: SIM115
        place = self._file.seek(0, 2)
        left = memoryview(data)
        while left:
            left = left[self._file.write(left) :]
        self._blocks += 1
        return place, len(data)

    def read(self, place: int, length: int) -> bytes:
        """A block."""
        assert self._file is not None
        self._file.seek(place)
        return self._file.read(length)

    def free(self, blocks: int) -> None:
        """So many blocks are not needed any more; when none is, the file is emptied."""
        self._blocks -= blocks
        if self._file is not None and blocks and not self._blocks:
            self._file.truncate(0)

    def close(self) -> None:
        """Let the file go."""
        if self._file is not None:
            self._file.close()
            self._file = None


class Chain:
    """Bytes that come piece by piece and leave together."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._places: list[tuple[int, int]] = []
        self._last = bytearray()

    def __bool__(self) -> bool:
        return bool(self._last or self._places)

    def add(self, data: bytes) -> None:
        """Put bytes at the end."""
        self._last += data
        if len(self._last) > BLOCK:
            self._places.append(self._store.write(self._last))
            self._last.clear()

    def take(self) -> Iterator[bytes]:
        """All of it, block by block; afterwards it is empty."""
        yield from self.parts()
        self._store.free(len(self._places))
        self._places, self._last = [], bytearray()

    def parts(self) -> Iterator[bytes]:
        """The same, and it stays."""
        for place, length in self._places:
            yield self._store.read(place, length)
        if self._last:
            yield bytes(self._last)
