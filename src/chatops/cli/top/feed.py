"""Asks the hub and listens to it, in two threads; what comes waits until the screen takes it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from chatops.cli.top.agenda import Agenda, Job, Kind
from chatops.cli.top.asking import answer
from chatops.cli.top.fleet import METRICS, seconds
from chatops.cli.top.hub_clock import HubClock
from chatops.cli.top.link import Link, Source, Trouble
from chatops.cli.top.news import Failed, Listed, News, Told
from chatops.client import Client
from chatops.client.values import LiveValues
from chatops.errors import ChatOpsError, HubUnreachable, NotSignedIn
from chatops.protocol.client_messages import Values
from chatops.protocol.rest import Alert, Server
from chatops.protocol.session.backoff import Backoff
from chatops.protocol.target import Target

_VALUES: Final = 20_000
"""Live values that may wait, minutes of a large fleet's; the oldest go when the terminal stalls."""
_NEWS: Final = 200
_CHANGED: Final = 2000
"""Alerts that changed and may wait; what goes then is in the list that is read next."""
_SETTLED: Final = 1.0
"""Seconds from a change of an alert until all are read again: many changes are one question."""
_OF_ALL: Final = (HubUnreachable, NotSignedIn)
"""What is wrong with the way to the hub, and not with one question."""
_GOODBYE: Final = 2.0
"""Seconds that a thread gets to end."""


class Feed:
    """``connect`` makes a client for a thread of its own, ``patient`` one for what may take its
    time. ``link`` tells how it goes, and ``clock`` what time it is at the hub."""

    def __init__(
        self,
        connect: Callable[[], Client],
        target: Target,
        patient: Callable[[], Client] | None = None,
    ) -> None:
        self.values: deque[Values] = deque(maxlen=_VALUES)
        self.news: deque[News] = deque(maxlen=_NEWS)
        self.changed: deque[Alert] = deque(maxlen=_CHANGED)
        self.link = Link()
        self.clock = HubClock(time.time, time.monotonic)
        self.agenda = Agenda()
        self._target = target
        self._ending = False
        self._patient = patient or connect
        self._aside: set[Kind] = set()
        self._asker, self._listener = connect(), connect()
        # In this thread: see chatops.client.sockets.
        self._live: LiveValues = self._listener.metrics.values(
            str(target), METRICS, on_alert=self._alerted
        )
        self._ask = _Way("list", self._ask_once, self)
        self._listen = _Way("live", self._listen_once, self)

    def start(self, servers: list[Server]) -> None:
        """Begin, with the list that is known already."""
        self.news.append(Listed(servers))
        self._ask.thread.start()
        self._listen.thread.start()

    def wake(self) -> None:
        """Look at the agenda, or try again, now."""
        self._ask.wake.set()

    def retry(self) -> None:
        """Try again now, if something does not work."""
        self._ask.wake.set()
        self._listen.wake.set()

    def stop(self) -> None:
        """End both threads. One that waits for a hub that is silent is left to its time limit."""
        self._ending = True
        self._live.close()
        self.retry()
        for way, client in ((self._ask, self._asker), (self._listen, self._listener)):
            way.thread.join(_GOODBYE)
            if not way.thread.is_alive():
                client.close()

    def aside(self, job: Job) -> bool:
        """Ask that in a thread of its own: an engine that hangs keeps nothing else waiting. One of
        a kind is asked at a time; whether it is."""
        if job.kind in self._aside:
            return False
        self._aside.add(job.kind)
        work = threading.Thread(target=self._ask_aside, args=(job,), daemon=True)
        work.start()
        return True

    @property
    def ending(self) -> bool:
        """Whether it was stopped."""
        return self._ending

    def _ask_once(self) -> float:
        job = Job("servers") if not self.link.is_up("list") else self.agenda.next(time.monotonic())
        if not isinstance(job, Job):
            return job
        if job.kind == "containers":
            self.aside(job)
            return 0.0
        try:
            self.news.append(answer(self._asker, job, self._target, self.clock.now()))
        except ChatOpsError as error:
            if job.about and (job.kind == "ack" or not isinstance(error, _OF_ALL)):
                self.news.append(Told(job.about[0], job.kind, note=error.message))
            if not job.about or isinstance(error, _OF_ALL):
                raise
        if job.kind == "servers" and not self.link.is_up("list"):
            self._listen.wake.set()
        return 0.0

    def _ask_aside(self, job: Job) -> None:
        try:
            with self._patient() as client:
                self.news.append(answer(client, job, self._target, self.clock.now()))
        except ChatOpsError as error:
            self.news.append(Told(job.about[0], job.kind, note=error.message))
        except BaseException as error:  # noqa: BLE001  (told where it can be seen)
            self.news.append(Failed(error))
        finally:
            self._aside.discard(job.kind)

    def _listen_once(self) -> float:
        def opened(stamp: str | None) -> None:
            self._listen.works()
            self.clock.told(seconds(stamp))
            self._read_alerts(0.0)  # what changed before this was told to nobody

        try:
            for values in self._live.follow(opened):
                self.values.append(values)
        finally:
            if self.link.is_up("list"):  # what the end of this may mean for all is soon known
                self.agenda.hurry("servers", time.monotonic())
                self.wake()
        return 0.0

    def _alerted(self, alert: Alert) -> None:
        """An alert changed. The list is read again soon, as an answer that is on its way may be
        from before, and as one of several servers is told of in parts."""
        self.changed.append(alert)
        self._read_alerts(_SETTLED)

    def _read_alerts(self, wait: float) -> None:
        self.agenda.hurry("alerts", time.monotonic() + wait)
        if self.link.is_up("list"):
            self.wake()


class _Way:
    """A thread that does the same step for ever, and waits longer and longer when it fails."""

    def __init__(self, source: Source, step: Callable[[], float], feed: Feed) -> None:
        self.wake = threading.Event()
        self.thread = threading.Thread(target=self._run, name=f"top: {source}", daemon=True)
        self._source = source
        self._step = step
        self._feed = feed
        self._backoff = Backoff()
        self._since: float | None = None
        self._began: float | None = None
        self._tries = 0

    def works(self) -> None:
        """The hub answers."""
        self._since, self._tries = None, 0
        self._began = time.monotonic() if self._began is None else self._began
        self._feed.link.up(self._source)

    def _run(self) -> None:
        try:
            while not self._feed.ending:
                pause = self._once()
                if pause > 0:
                    self.wake.wait(pause)
                self.wake.clear()
        except BaseException as error:  # noqa: BLE001  (told where it can be seen)
            self._feed.news.append(Failed(error))

    def _once(self) -> float:
        try:
            pause = self._step()
        except ChatOpsError as error:
            return self._failed(error)
        if self._source == "list":
            self.works()
        return pause

    def _failed(self, error: ChatOpsError) -> float:
        now = time.monotonic()
        self._since = now if self._since is None else self._since
        self._tries += 1
        pause = self._backoff.ended(now if self._began is None else self._began, now)
        self._began = None
        self._feed.link.down(self._source, Trouble(error, self._since, now + pause, self._tries))
        return pause
