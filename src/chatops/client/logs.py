"""Stored log entries, looked for and followed; and what is read on a server itself."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from chatops.client.events import moment
from chatops.client.session import Session, segment
from chatops.protocol.rest import LogEntry, LogLevel, Page

if TYPE_CHECKING:
    from chatops.client.log_feeds import FileFeed, FilePlace, UnitFeed
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
        source: str | None = None,
        patience: float = math.inf,
        on_change: Callable[[Link], None] = lambda _: None,
    ) -> LogTail:
        """The last ``lines`` of the servers of ``target`` in the order in which the hub received
        them, of ``level`` or worse, of that ``source`` (a path, ``unit:NAME`` …), in which the
        pattern ``grep`` (RE2) is found; with ``follow`` then what comes, without end. They come in
        pages. A connection that is lost is made again for ``patience`` seconds, of which
        ``on_change`` is told: no line is missing then and none comes twice, but for so many as a
        page says.
        """
        from chatops.client.log_tail import LogTail
        from chatops.protocol.client_messages import Tail

        asked = Tail(target, lines=lines, level=level, grep=grep, follow=follow, source=source)
        return LogTail(self._session, asked, patience, on_change)

    def file(
        self,
        server: str,
        path: str,
        *,
        lines: int | None = None,
        follow: bool = False,
        place: FilePlace | None = None,
    ) -> FileFeed:
        """The ``lines`` last lines of a file on a server (None: all); with ``follow`` also what is
        written to it from now on, and to the files that take its place. ``place`` is that of
        another FileFeed of this file: go on there.

        Raises:
            NotFound: there is no such server that the caller may see, or no such file.
            NotPermitted: the caller may only look there.
            Refused: the agent's policy does not allow it.
            Offline: the agent is not connected.
            Conflict: the file cannot be read.
            Busy, TooManyRequests: too many are read at the same time.
        """
        from chatops.client.log_feeds import FileFeed

        query = {"path": path, "lines": lines, "follow": "true" if follow else None}
        if place is not None:
            query |= {"place": place.place, "skip": place.skip}
        url = f"/logs/{segment(server)}/file"
        return FileFeed(self._session, self._session.stream("GET", url, query=query))

    def unit(
        self,
        server: str,
        unit: str,
        *,
        lines: int | None = None,
        follow: bool = False,
        after: str | None = None,
    ) -> UnitFeed:
        """The ``lines`` last entries of the journal of a server's unit (None: all); with ``follow``
        also what comes from now on. ``after`` is the cursor of an entry: begin behind that.

        Raises:
            ChatOpsError: as ``file``.
        """
        from chatops.client.log_feeds import UnitFeed

        query = {
            "unit": unit, "lines": lines, "follow": "true" if follow else None, "after": after
        }  # fmt: skip
        url = f"/logs/{segment(server)}/unit"
        return UnitFeed(self._session, self._session.stream("GET", url, query=query))
