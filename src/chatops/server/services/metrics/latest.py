"""The latest sample of each server: what lists show of it, and where all of it is."""

from __future__ import annotations

from typing import Final, Self

from msgspec import Struct

from chatops.protocol.metric_names import METRICS, value_of
from chatops.protocol.metrics import Sample

_DISK: Final = METRICS["disk"]


class Latest(Struct, gc=False):
    """When a sample was taken (Unix seconds), its row among the open ones, per cents, and whether
    it has what comes only now and then.

    The sample itself stays in the database: thousands of them are more than all else that the
    hub remembers. Once its row is closed, it is the server's in ``metric_latest``.
    """

    ts: float
    row_id: int
    cpu: float | None
    memory: float | None
    disk: float | None
    full: bool

    @classmethod
    def of(cls, ts: float, row_id: int, sample: Sample) -> Self:
        """What is remembered of a sample."""
        disk, full = value_of(sample, _DISK), sample.processes is not None
        return cls(ts, row_id, sample.cpu.percent, sample.memory.percent, disk, full)


class LatestSamples:
    """One sample a server, never replaced by an older one."""

    def __init__(self) -> None:
        self._by_server: dict[str, Latest] = {}
        self._full: dict[str, Latest] = {}

    def put(self, server_id: str, sample: Latest) -> bool:
        """Offer a sample; True if it is the newest of its server."""
        known = self._by_server.get(server_id)
        if known is not None and known.ts > sample.ts:
            return False
        self._by_server[server_id] = sample
        if sample.full:
            self._full[server_id] = sample
        return True

    def get(self, server_id: str) -> Latest | None:
        """The newest sample of a server, if it ever sent one."""
        return self._by_server.get(server_id)

    def get_full(self, server_id: str) -> Latest | None:
        """The newest one with what comes only now and then."""
        return self._full.get(server_id)

    def servers(self) -> set[str]:
        """Those that ever sent one."""
        return set(self._by_server)

    def __len__(self) -> int:
        return len(self._by_server)

    def forget(self, server_id: str) -> None:
        """The server is gone."""
        self._by_server.pop(server_id, None)
        self._full.pop(server_id, None)
