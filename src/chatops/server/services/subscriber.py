"""One client that is told of what happens, and the rule for one that is too slow."""

from __future__ import annotations

from dataclasses import dataclass

from chatops.protocol.client_messages import Dropped, DroppedEvent
from chatops.protocol.codec import encode
from chatops.server.services.access import Holder
from chatops.server.services.connection import Connection


@dataclass(eq=False)
class Subscriber:
    """A slow one loses events and is told how many, and nobody waits."""

    connection: Connection
    holder: Holder
    dropped: int = 0

    def post(self, text: str) -> bool:
        """Send an encoded event, if there is room for it; whether there was."""
        if self.dropped and self.connection.post(
            encode(DroppedEvent(data=Dropped(count=self.dropped)))
        ):
            self.dropped = 0
        if self.dropped or not self.connection.post(text):
            self.dropped += 1
            return False
        return True


@dataclass
class Tally:
    """Events of all subscribers so far."""

    sent: int = 0
    dropped: int = 0

    def count(self, sent: bool) -> None:  # noqa: FBT001  (what ``post`` says)
        """One more."""
        if sent:
            self.sent += 1
        else:
            self.dropped += 1
