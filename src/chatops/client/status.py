"""How the hub and the fleet are."""

from __future__ import annotations

from chatops.client.session import Session
from chatops.protocol.rest import Health, Status


class StatusArea:
    """``client.hub``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def status(self) -> Status:
        """The hub's version and the fleet's counts."""
        return self._session.call("GET", "/status", Status)

    def health(self) -> Health:
        """Whether the hub works, and whether registration is open; needs no credentials."""
        return self._session.call("GET", "/health", Health, is_open=True)
