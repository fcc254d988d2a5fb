"""The latest sample of each server, in memory: what lists and subscribers want first."""

from __future__ import annotations

from typing import NamedTuple

from chatops.protocol.metrics import Sample


class Taken(NamedTuple):
    """A sample and when it was taken (Unix seconds)."""

    ts: float
    data: Sample


class LatestSamples:
    """One sample a server, never replaced by an older one."""

    def __init__(self) -> None:
        self._by_server: dict[str, Taken] = {}

    def put(self, server_id: str, ts: float, data: Sample) -> bool:
        """Offer a sample; True if it is the newest of its server."""
        known = self._by_server.get(server_id)
        if known is not None and known.ts > ts:
            return False
        self._by_server[server_id] = Taken(ts, data)
        return True

    def get(self, server_id: str) -> Taken | None:
        """The newest sample of a server, if it ever sent one."""
        return self._by_server.get(server_id)

    def forget(self, server_id: str) -> None:
        """The server is gone."""
        self._by_server.pop(server_id, None)
