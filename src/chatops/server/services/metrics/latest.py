"""The latest sample of each server, in memory: what lists and subscribers want first."""

from __future__ import annotations

from typing import NamedTuple

from chatops.protocol.metrics import Sample


class Latest(NamedTuple):
    """A sample, when it was taken (Unix seconds), and how far its clock was ahead then."""

    ts: float
    skew: float | None
    data: Sample


class LatestSamples:
    """One sample a server, never replaced by an older one."""

    def __init__(self) -> None:
        self._by_server: dict[str, Latest] = {}

    def put(self, server_id: str, sample: Latest) -> bool:
        """Offer a sample; True if it is the newest of its server."""
        newest = self.is_newest(server_id, sample.ts)
        if newest:
            self._by_server[server_id] = sample
        return newest

    def is_newest(self, server_id: str, ts: float) -> bool:
        """Whether nothing of its server is newer than that."""
        known = self._by_server.get(server_id)
        return known is None or known.ts <= ts

    def get(self, server_id: str) -> Latest | None:
        """The newest sample of a server, if it ever sent one."""
        return self._by_server.get(server_id)

    def forget(self, server_id: str) -> None:
        """The server is gone."""
        self._by_server.pop(server_id, None)
