"""A history that is fetched page after page while it is read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Generic, TypeVar

from chatops.client.session import Query, Session
from chatops.errors import ChatOpsError
from chatops.protocol.rest import HistoryGap, HistoryPage
from chatops.units import exact_duration

R = TypeVar("R")
PAGE_ROWS: Final = 10_000
"""Rows of a page: what is held of a history at a time."""


class History(Iterator[R], Generic[R]):
    """The rows of a history, oldest first; each comes once.

        rows = client.metrics.history("web-1", ["cpu"], since=time.time() - 3600, step=60)
        print(rows.step, rows.gaps)
        for row in rows:
            print(row.ts, row.value)

    No more than a page is held at a time. Reading rows, ``step`` and ``gaps`` alike fetches the
    first page, and raises the errors of the method that made it. Whoever reads is told when the
    history ends before its end: by an error, never by silence.
    """

    def __init__(
        self, session: Session, path: str, page: type[HistoryPage[R]], query: Query
    ) -> None:
        self._session = session
        self._path = path
        self._type = page
        self._query = query
        self._first: HistoryPage[R] | None = None
        self._rows = self._all()

    def __next__(self) -> R:
        return next(self._rows)

    @property
    def step(self) -> float | None:
        """Seconds that each row stands for; None for raw samples. It is longer than what was
        asked for where nothing finer is kept of the whole span."""
        return self._begin().step

    @property
    def gaps(self) -> list[HistoryGap]:
        """What agents said that they lost of the span, as far as it was known at the first page.
        There are no rows for these times, or means of fewer samples."""
        return self._begin().gaps

    def _begin(self) -> HistoryPage[R]:
        if self._first is None:
            self._first = self._fetch(None)
        return self._first

    def _all(self) -> Iterator[R]:
        page = self._begin()
        while True:
            yield from page.items
            page.items.clear()  # the first page is kept for what it says besides
            if page.next is None:
                return
            page = self._fetch(page.next)
            self._check(page)

    def _fetch(self, cursor: str | None) -> HistoryPage[R]:
        query = {**self._query, "limit": PAGE_ROWS, "cursor": cursor}
        return self._session.call("GET", self._path, self._type, query=query)

    def _check(self, page: HistoryPage[R]) -> None:
        """Raises:
        ChatOpsError: rows of this page stand for another time than those before.
        """
        if page.step != self.step:
            raise ChatOpsError(
                "the history became coarser while it was read: what was left of it is no longer"
                f" kept as {_form(self.step)}",
                hint=f"ask for {_form(page.step)}, or begin later",
            )


def _form(step: float | None) -> str:
    return "raw samples" if step is None else f"steps of {exact_duration(step)}"
