"""What services know of a WebSocket: they can post to it, and close it. Never more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from chatops.protocol.closing import CloseReason


class Connection(Protocol):
    """One peer's socket. No method blocks; what a peer does not take ends its link."""

    @property
    def address(self) -> str:
        """The peer's address, as the hub believes it."""
        ...

    def post(self, frame: str | bytes) -> bool:
        """Send a text or binary frame, in order, when the peer takes it. False: the link is
        gone."""
        ...

    def post_all(self, frames: Sequence[str | bytes]) -> bool:
        """The same of several. False: some were not sent, and no later ones will be."""
        ...

    def close(self, reason: CloseReason, message: str | None = None) -> None:
        """Tell the peer why in an ``error`` message and a close frame, and let go of it."""
        ...
