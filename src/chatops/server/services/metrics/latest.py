"""The latest sample of each server, in memory: what lists and subscribers want first."""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from chatops.protocol.metrics import Sample

_decode: Final = msgspec.json.Decoder(Sample).decode


class Latest(NamedTuple):
    """A sample, when it was taken (Unix seconds), and how far its clock was ahead then. It is
    kept as JSON, a quarter of the size that it has as objects."""

    ts: float
    skew: float | None
    sample: bytes

    @property
    def data(self) -> Sample:
        """The sample itself."""
        return _decode(self.sample)


class LatestSamples:
    """One sample a server, never replaced by an older one."""

    def __init__(self) -> None:
        self._by_server: dict[str, Latest] = {}

    def put(self, server_id: str, sample: Latest) -> bool:
        """Offer a sample; True if it is the newest of its server."""
        known = self._by_server.get(server_id)
        if known is not None and known.ts > sample.ts:
            return False
        self._by_server[server_id] = sample
        return True

    def get(self, server_id: str) -> Latest | None:
        """The newest sample of a server, if it ever sent one."""
        return self._by_server.get(server_id)

    def __len__(self) -> int:
        return len(self._by_server)

    def forget(self, server_id: str) -> None:
        """The server is gone."""
        self._by_server.pop(server_id, None)
