"""Stored log entries."""

from __future__ import annotations

from collections.abc import Iterator

from chatops.client.events import moment
from chatops.client.session import Session
from chatops.protocol.rest import LogEntry, LogLevel, Page


class Logs:
    """``client.logs``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def search(
        self,
        query: str | None = None,
        *,
        target: str | None = None,
        level: LogLevel | None = None,
        since: float | None = None,
        until: float | None = None,
        limit: int | None = None,
    ) -> Iterator[LogEntry]:
        """Entries that were received last first: with all words of ``query``, of the servers of
        ``target``, of ``level`` or worse; ``since`` and ``until`` are Unix seconds.

        Raises:
            TimedOut: the hub stopped looking.
        """
        asked = {
            "query": query, "target": target, "level": level, "since": moment(since),
            "until": moment(until),
        }  # fmt: skip
        return self._session.pages("/logs", Page[LogEntry], query=asked, limit=limit)
