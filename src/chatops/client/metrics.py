"""Samples: the latest, the past, and live as they arrive."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from chatops.client.events import moment
from chatops.client.session import Session, segment
from chatops.protocol.rest import HistoryRow, Page, ServerSample
from chatops.units import format_duration

if TYPE_CHECKING:
    from chatops.client.sockets import Link

_ROWS: Final = 10_000


class Metrics:
    """``client.metrics``. Metric names are those of chatops.protocol.metric_names."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def latest(self, server: str) -> ServerSample:
        """The newest sample.

        Raises:
            NotFound: there is no such server that the caller may see.
            NoSample: it has not sent one yet.
        """
        return self._session.call("GET", f"/metrics/{segment(server)}", ServerSample)

    def history(
        self,
        server: str,
        metrics: Sequence[str] = (),
        *,
        since: float | None = None,
        until: float | None = None,
        step: float | None = None,
    ) -> Iterator[HistoryRow]:
        """Values of ``metrics`` (by default of the main ones), oldest first.

        ``since`` and ``until`` are Unix seconds; ``step`` is in seconds, without it the raw
        samples come. Where nothing was measured there is no row.

        Raises:
            NotFound: there is no such server that the caller may see.
            InvalidInput: an unknown metric, or more rows than the hub gives at once.
        """
        query = {
            "metric": list(metrics),
            "since": moment(since),
            "until": moment(until),
            "step": format_duration(step) if step is not None else None,
        }
        path = f"/metrics/{segment(server)}/history"
        return self._session.pages(path, Page[HistoryRow], query=query, page_size=_ROWS)

    def watch(
        self, server: str, *, on_change: Callable[[Link], None] | None = None
    ) -> Generator[ServerSample, None, None]:
        """Samples as they arrive, without end; a lost connection is made again.

        ``on_change`` is called with "lost", and with "back" when samples come again.

        ``close()`` of the generator ends the subscription.

        Raises:
            NotFound, NotSignedIn, NotPermitted: the subscription was refused for good.
        """
        from chatops.client.sockets import subscribe

        return subscribe(self._session, server, on_change=on_change)
