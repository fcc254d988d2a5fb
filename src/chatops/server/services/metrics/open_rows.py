"""What the hub remembers of each server's open samples: where they are, and their numbers.

It takes the place of two indexes (see docs/decisions/0009). All of it is in the database too, and
read from there when the hub starts.
"""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Iterable, Sequence
from typing import Final

from chatops.server.services.metrics.numbers import Numbers

CLOSE_AT: Final = 240
"""Open samples of a server that become a chunk."""
SPREAD: Final = 80
"""Servers that began together do not close together: the limit varies by so much."""
CLOSE_AFTER: Final = 3600.0
"""Seconds after which samples are closed however few they are."""
CLOSE_MOST: Final = CLOSE_AT + SPREAD // 2
"""Samples that are closed at once, also when more have piled up: of 480, whose rows lie on as many
pages, the writer was held for 20 ms and more."""
BEHIND: Final = 3
"""How many times more rows than are open may lie behind the oldest open one: who holds back the
clearing away of more has its samples closed, however few they are."""
EPOCHS: Final = 1000
"""Epochs of a server that are remembered, the newest: an agent begins one when its disk fails, or
after a power cut; one that begins more of them makes them up."""


class _Rows:
    """The rows of one server: 4 bytes each, as they lie near to one another."""

    __slots__ = ("_offsets", "first", "since")

    def __init__(self, since: float, ids: Sequence[int]) -> None:
        self.since = since
        self.first = ids[0]
        self._offsets = array("I", [one - self.first for one in ids])

    def add(self, row_id: int) -> None:
        self._offsets.append(row_id - self.first)

    def ids(self, most: int | None = None) -> list[int]:
        return [self.first + offset for offset in self._offsets[:most]]

    def __len__(self) -> int:
        return len(self._offsets)


class OpenRows:
    """The ids of the open samples of each server, in order of arrival."""

    def __init__(self) -> None:
        self._rows: dict[str, _Rows] = {}
        self._newest = 0
        self._floor = 0

    def begin(self, newest: int) -> None:
        """``newest`` is the id of the last sample that there is, open or closed."""
        self._newest = newest

    def add(self, server_id: str, row_id: int, received_at: float) -> bool:
        """A sample was stored. Whether the server has enough to be closed."""
        self._newest = max(self._newest, row_id)
        rows = self._rows.get(server_id)
        if rows is None:
            self._rows[server_id] = _Rows(received_at, [row_id])
            return False
        rows.add(row_id)
        return len(rows) >= _limit(server_id)

    def of(self, server_id: str) -> list[int]:
        """The ids of a server's open samples, as they are now."""
        rows = self._rows.get(server_id)
        return rows.ids() if rows is not None else []

    def due(self, server_id: str, now: float) -> list[int]:
        """The samples that are to be closed now; none if it is too early."""
        rows = self._rows.get(server_id)
        if rows is None or (len(rows) < _limit(server_id) and not self._is_old(rows, now)):
            return []
        return rows.ids(CLOSE_MOST)

    def front(self) -> int:
        """The oldest open sample: all before it are closed."""
        return min((rows.first for rows in self._rows.values()), default=self._newest + 1)

    def old(self, now: float) -> list[str]:
        """The servers whose samples have been open for long, or hold back too many of others."""
        self._floor = self._newest - BEHIND * len(self)
        return [server for server, rows in self._rows.items() if self._is_old(rows, now)]

    def closed(self, server_id: str, ids: Iterable[int], now: float) -> None:
        """These samples are no longer open."""
        gone = set(ids)
        left = [one for one in self.of(server_id) if one not in gone]
        if left:
            self._rows[server_id] = _Rows(now, left)
        else:
            self.forget(server_id)

    def forget(self, server_id: str) -> None:
        """The server is gone, or has none left."""
        self._rows.pop(server_id, None)

    def _is_old(self, rows: _Rows, now: float) -> bool:
        return rows.since <= now - CLOSE_AFTER or rows.first < self._floor

    def __len__(self) -> int:
        return sum(map(len, self._rows.values()))


class Known:
    """The numbers of each server's epochs that are committed, or known to be lost."""

    def __init__(self) -> None:
        self._epochs: dict[str, dict[str, Numbers]] = {}

    def has(self, server_id: str, epoch: str, seq: int) -> bool:
        """Whether this sample is stored."""
        numbers = self._epochs.get(server_id, {}).get(epoch)
        return numbers is not None and seq in numbers

    def of(self, server_id: str, epoch: str) -> Numbers:
        """The numbers of an epoch, to be added to."""
        epochs = self._epochs.setdefault(server_id, {})
        numbers = epochs.get(epoch)
        if numbers is None:
            numbers = epochs[epoch] = Numbers()
            if len(epochs) > EPOCHS:
                del epochs[next(iter(epochs))]
        return numbers

    def forget(self, server_id: str) -> None:
        """The server is gone."""
        self._epochs.pop(server_id, None)

    def servers(self) -> set[str]:
        """Those of which anything is known."""
        return set(self._epochs)

    def forget_epoch(self, server_id: str, epoch: str) -> None:
        """An epoch has not been heard of for long."""
        self._epochs.get(server_id, {}).pop(epoch, None)


def _limit(server_id: str) -> int:
    return CLOSE_AT - SPREAD // 2 + zlib.crc32(server_id.encode()) % SPREAD
