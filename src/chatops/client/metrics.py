"""Samples: the latest, the past, and live as they arrive."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING

from chatops.client.events import moment
from chatops.client.history import History
from chatops.client.session import Session, segment
from chatops.protocol.rest import Alert, HistoryPage, HistoryRow, ServerHistoryRow, ServerSample
from chatops.units import exact_duration

if TYPE_CHECKING:
    from chatops.client.sockets import Link
    from chatops.client.values import LiveValues


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
    ) -> History[HistoryRow]:
        """Values of ``metrics`` (by default of the main ones; ``["*"]`` is all), oldest first.

        ``since`` (by default an hour before ``until``) and ``until`` are Unix seconds; ``step``
        is in seconds, without it rows are as fine as the hub keeps for the whole span, at best
        the raw samples. Where nothing was measured there is no row.

        Errors come when the first row is read:
            NotFound: there is no such server that the caller may see.
            InvalidInput: an unknown metric, or too many of them.
        """
        path = f"/metrics/{segment(server)}/history"
        query = _query(metrics, since, until, step)
        return History(self._session, path, HistoryPage[HistoryRow], query)

    def histories(
        self,
        target: str,
        metrics: Sequence[str] = (),
        *,
        since: float | None = None,
        until: float | None = None,
        step: float | None = None,
    ) -> History[ServerHistoryRow]:
        """The same of all servers that a TARGET means; rows carry ``server``, those of one time
        are in order of name.

        Errors come when the first row is read:
            NotFound: it means none.
            InvalidInput: as for ``history``, or it means more servers than the hub reads at once.
        """
        query = {"target": target, **_query(metrics, since, until, step)}
        return History(self._session, "/metrics/history", HistoryPage[ServerHistoryRow], query)

    def scrape(self, *, fleet: bool = False) -> str:
        """What Prometheus gets of the hub, in its text format; with ``fleet`` also what every
        server that the caller may see measured last."""
        return self._session.text("/metrics", query={"fleet": "1"} if fleet else None)

    def watch(
        self, server: str, *, on_change: Callable[[Link], None] | None = None
    ) -> Generator[ServerSample, None, None]:
        """Samples as they arrive, without end; a lost connection is made again.

        ``on_change`` is called with "lost", and with "back" when it stands again.

        ``close()`` of the generator ends the subscription.

        Raises:
            NotFound, NotSignedIn, NotPermitted: the subscription was refused for good.
        """
        from chatops.client.sockets import subscribe

        return subscribe(self._session, server, on_change=on_change)

    def values(
        self,
        target: str,
        metrics: Sequence[str],
        *,
        on_alert: Callable[[Alert], None] | None = None,
    ) -> LiveValues:
        """Values of ``metrics`` of all servers that a TARGET means, as they arrive, over one
        connection, whichever servers these are as time goes by: for who watches a fleet.

        ``on_alert`` is called with each alert of these servers that fires, is acknowledged or is
        resolved, while the subscription stands. What was before is in ``client.alerts.list``.

            live = client.metrics.values("all", ["cpu", "memory"])
            for one in live.follow(lambda time: None):
                print(one.server, one.values)
        """
        from chatops.client.values import LiveValues

        return LiveValues(self._session, target, metrics, on_alert)


def _query(
    metrics: Sequence[str], since: float | None, until: float | None, step: float | None
) -> dict[str, str | list[str] | None]:
    return {
        "metric": list(metrics),
        "since": moment(since),
        "until": moment(until),
        "step": None if step is None else exact_duration(step),
    }
