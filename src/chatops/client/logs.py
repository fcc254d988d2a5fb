"""Stored log entries: looked for, and followed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from chatops.client.events import moment
from chatops.client.session import Session
from chatops.protocol.rest import LogEntry, LogLevel, Page

if TYPE_CHECKING:
    from chatops.client.log_tail import LogTail
    from chatops.client.sockets import Link


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

    def tail(
        self,
        target: str,
        *,
        lines: int = 100,
        level: LogLevel | None = None,
        grep: str | None = None,
        follow: bool = True,
        patience: float = math.inf,
        on_change: Callable[[Link], None] = lambda _: None,
    ) -> LogTail:
        """The last ``lines`` of the servers of ``target`` in the order in which the hub received
        them, of ``level`` or worse, in which the pattern ``grep`` (RE2) is found; with ``follow``
        then what comes, without end. They come in pages. A connection that is lost is made again
        for ``patience`` seconds, of which ``on_change`` is told: no line is missing then
        and none comes twice, but for so many as a page says.
        """
        from chatops.client.log_tail import LogTail
        from chatops.protocol.client_messages import Tail

        asked = Tail(target, lines=lines, level=level, grep=grep, follow=follow)
        return LogTail(self._session, asked, patience, on_change)
