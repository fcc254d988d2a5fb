"""Connection events: when servers came and went."""

from __future__ import annotations

from collections.abc import Iterator

from chatops.client.session import Session
from chatops.protocol.rest import Event, Page
from chatops.units import format_time


class Events:
    """``client.events``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list(
        self,
        *,
        server: str | None = None,
        since: float | None = None,
        until: float | None = None,
        limit: int | None = None,
    ) -> Iterator[Event]:
        """Events newest first; ``since`` and ``until`` are Unix seconds."""
        query = {"server": server, "since": moment(since), "until": moment(until)}
        return self._session.pages("/events", Page[Event], query=query, limit=limit)


def moment(seconds: float | None) -> str | None:
    """A point in time as the hub's queries have it."""
    return None if seconds is None else format_time(seconds)
