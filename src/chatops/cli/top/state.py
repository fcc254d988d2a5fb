"""What all screens look at: the fleet, the server that is open, and how the hub is. No I/O."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

from chatops.cli.top.agenda import Kind
from chatops.cli.top.alarms import servers
from chatops.cli.top.alert_sight import AlertSight
from chatops.cli.top.columns import Moment
from chatops.cli.top.container_sight import ContainerSight
from chatops.cli.top.detail import Detail
from chatops.cli.top.feed import Feed
from chatops.cli.top.fleet import Fleet, Row
from chatops.cli.top.news import Alerted, Failed, Filled, Listed, News, Told
from chatops.cli.top.order import Order
from chatops.protocol.rest import Alert

T = TypeVar("T")
_GONE: Final = "this server is not there any more: removed, renamed out of view, or not shared"


class State:
    """Made of what ``feed`` tells. While it is ``paused`` the screens see what was known then."""

    def __init__(self, feed: Feed, target: str, *, blocks: bool = True) -> None:
        self.feed = feed
        self.target = target
        self.order = Order()
        self.sight = AlertSight(feed)
        self.engine = ContainerSight(feed)
        self.detail: Detail | None = None
        self._shown: set[Kind] = set()
        self.gone: str | None = None
        """Why the open server cannot be shown any more."""
        self._blocks = blocks
        self._live = Fleet()
        self._frozen: tuple[Fleet, float] | None = None

    @property
    def fleet(self) -> Fleet:
        """The servers as they are to be shown."""
        return self._live if self._frozen is None else self._frozen[0]

    @property
    def moment(self) -> Moment:
        """The time for which they are shown, in hub time."""
        now = self.feed.clock.now() if self._frozen is None else self._frozen[1]
        return Moment(now, self.feed.link.works, self._blocks)

    @property
    def paused(self) -> bool:
        """Whether the screens stand still."""
        return self._frozen is not None

    def pause(self) -> None:
        """Stand still, or go on."""
        frozen = (self._live.copy(), self.feed.clock.now())
        self._frozen = frozen if self._frozen is None else None

    @property
    def trouble(self) -> str | None:
        """What to say when the hub is away."""
        return self.feed.link.words(time.monotonic())

    def alerts_of_open(self) -> list[Alert]:
        """The open alerts of the server on the screen."""
        name = self.detail.server.name if self.detail is not None else ""
        return [alert for alert in self.fleet.alerts if name in servers(alert)]

    def open(self, server_id: str) -> None:
        """Look at one server: until the hub has answered, at what the fleet's screen knew."""
        row = self.fleet.rows[server_id]
        known = {name: trail.points() for name, trail in row.trails.items()}
        self.detail, self.gone = Detail(row.server, history=known), None
        self._shown = set()
        self.feed.agenda.open(server_id, time.monotonic())
        self.feed.wake()

    def look_at(self, panel: str) -> None:
        """Which panel of the open server is on the screen."""
        self.sight.said = self.engine.said = None
        self.feed.agenda.look(panel, time.monotonic())
        self.feed.wake()

    def close(self) -> None:
        """Look at the fleet again."""
        self.detail = None
        self.feed.agenda.open(None, time.monotonic())

    def want_past(self, rows: list[Row]) -> None:
        """Sparklines of these are on the screen: fetch what was before, once."""
        missing = [row for row in rows if not row.filled]
        if not missing or not self.feed.clock.known or self.paused:
            return
        for row in missing:
            row.filled = True
        self.feed.agenda.fill(row.name for row in missing)
        self.feed.wake()

    def catch_up(self) -> None:
        """Take what has come.

        Raises:
            BaseException: whatever ended a thread of the feed.
        """
        news = _drained(self.feed.news.popleft)
        for one in news:
            self._take(one)
        changed = _drained(self.feed.changed.popleft)
        for alert in changed:
            self._live.alarms.change(alert)
            self.sight.changed(alert)
        if news or changed:
            self._live.mark()
        for values in _drained(self.feed.values.popleft):
            self._live.take(values)

    def _take(self, one: News) -> None:
        if isinstance(one, Failed):
            raise one.error
        if isinstance(one, Listed):
            self._live.list(one.servers)
            self._follow_open()
        elif isinstance(one, Alerted):
            self._live.alarms.put(one.alerts)
        elif isinstance(one, Filled):
            self._live.fill(one.rows)
        else:
            self._told(one)

    def _follow_open(self) -> None:
        if self.detail is None:
            return
        row = self._live.rows.get(self.detail.server.id)
        self.gone = _GONE if row is None else None
        if row is not None and not self.paused:
            self.detail.server = row.server

    def _told(self, one: Told) -> None:
        if one.kind in ("alert", "ack"):
            if (alert := self.sight.told(one)) is not None:
                self._live.alarms.change(alert)
            return
        if one.kind == "change":
            self.engine.told(one)
            return
        detail = self.detail
        if detail is None or detail.server.id != one.about:
            return
        if self.paused and one.kind in self._shown:
            return  # a server that is opened while the screens stand still is shown once
        self._shown.add(one.kind)
        if one.note is not None:
            detail.notes[one.kind] = one.note
            return
        detail.notes.pop(one.kind, None)
        setattr(detail, one.kind, one.answer)  # its fields are called as what is asked


def _drained(take: Callable[[], T]) -> list[T]:
    found: list[T] = []
    try:
        while True:
            found.append(take())
    except IndexError:
        return found
