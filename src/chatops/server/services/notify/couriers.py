"""One courier a channel brings its messages to their receiver: who hangs delays nobody else.

All that couriers know stands in the database. One that is killed in an attempt makes it again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from chatops.clock import Clock
from chatops.errors import ChatOpsError
from chatops.protocol.limits import LAST_DELIVERY, MAX_REMINDED
from chatops.server.crud import channels, told_alerts
from chatops.server.crud import notifications as crud
from chatops.server.db.engine import Database
from chatops.server.db.models import Channel
from chatops.server.services.notify.figures import Counts, Figures
from chatops.server.services.notify.message import Answer
from chatops.server.services.notify.outbox import CUT_OFF, Attempt, Looked, Outbox
from chatops.server.services.notify.schedule import Send
from chatops.server.services.notify.senders import Senders
from chatops.tasks import Tasks

_NAP: Final = 60.0
"""Seconds after which a courier looks again at the latest: the wall clock may have been set."""
_TROUBLE: Final = 1.0
"""Seconds until it looks again when the database did not answer."""
_FAULT: Final = 30.0
"""The same after a fault of ours."""
_log = logging.getLogger(__name__)


class Sent(NamedTuple):
    """An attempt that was made and took so many seconds; ``given_up``: the message's last."""

    attempt: Attempt
    answer: Answer
    took: float
    given_up: bool


Say = Callable[[Channel, Sent], Awaitable[None]]


class Couriers:
    """All couriers. ``say`` is told of each attempt."""

    def __init__(
        self, database: Database, outbox: Outbox, senders: Senders, say: Say, clock: Clock
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._senders = senders
        self._say = say
        self._clock = clock
        self._tasks = Tasks()
        self._news: dict[str, asyncio.Event] = {}
        self._found: dict[str, Looked] = {}
        self._stopping = False
        self.counts = Counts()
        self.may_remind: Callable[[str], bool] = lambda _: True
        """Whether nothing forbids to tell again of the alert of an id: AlertService's to say."""

    async def start(self) -> None:
        """Go on with what a hub before this one left."""
        await self._database.transact(lambda tx: crud.cut_off(tx, CUT_OFF))
        async with self._database.read() as session:
            for channel_id in await channels.ids(session):
                self.add(channel_id)

    def add(self, channel_id: str) -> None:
        """A channel is there."""
        if channel_id not in self._news and not self._stopping:
            self._news[channel_id] = asyncio.Event()
            self._tasks.spawn(self._run(channel_id), name=f"channel {channel_id}")

    def wake(self) -> None:
        """Something new may be to be told."""
        for channel_id in self._outbox.touched():
            if channel_id in self._news:
                self._news[channel_id].set()

    def look_at(self, channel_id: str) -> None:
        """Something about a channel has changed; it may be gone."""
        if channel_id in self._news:
            self._news[channel_id].set()

    async def stop(self) -> None:
        """Begin nothing more, let what is being sent have its answer, but not for long."""
        self._stopping = True
        for news in self._news.values():
            news.set()
        try:
            async with asyncio.timeout(LAST_DELIVERY):
                await self._tasks.finished()
        except TimeoutError:
            _log.warning("a receiver did not answer in time: it will get its message again")
        await self.close()

    async def close(self) -> None:
        """End all of them, whatever they are at."""
        await self._tasks.close()

    async def test(self, channel: Channel) -> Sent:
        """Send a test message now."""
        attempt = await self._database.transact(lambda tx: self._outbox.begin_test(tx, channel.id))
        sent = await self._send(channel, attempt)
        self.look_at(channel.id)  # after a success what waits need not wait any longer
        return sent

    def figures(self) -> Figures:
        """What was done, and what waits as the couriers saw it last."""
        found = list(self._found.values())
        now, counts = self._clock.now(), self.counts
        oldest = min((one.oldest for one in found if one.oldest is not None), default=now)
        waiting = sum(one.waiting for one in found)
        return Figures(
            counts.attempts, counts.failures, counts.given_up, waiting, max(now - oldest, 0.0)
        )

    # -- one courier --------------------------------------------------------------------

    async def _run(self, channel_id: str) -> None:
        news = self._news[channel_id]
        try:
            while not self._stopping:
                news.clear()
                try:
                    nap = await self._step(channel_id)
                except ChatOpsError as error:
                    _log.error("the outbox cannot be used: %s", error.message)
                    nap = _TROUBLE
                except Exception:  # noqa: BLE001  (no fault of ours may silence it for good)
                    _log.exception("the courier of channel %s failed", channel_id)
                    nap = _FAULT
                if nap is None:
                    return
                await self._sleep(news, nap)
        finally:
            del self._news[channel_id]
            self._found.pop(channel_id, None)

    async def _sleep(self, news: asyncio.Event, nap: float) -> None:
        try:
            async with asyncio.timeout(nap):
                await news.wait()
        except TimeoutError:
            pass

    async def _step(self, channel_id: str) -> float | None:
        """Do what is to be done now; how long to wait then, None if the channel is gone."""
        async with self._database.read() as session:
            channel = await channels.get(session, channel_id)
        if channel is None:
            return None
        found = await self._database.look(lambda tx: self._outbox.look(tx, channel_id))
        self._found[channel_id] = found
        step = found.step
        if isinstance(step, Send):
            message_id = step.id
            attempt = await self._database.transact(
                lambda tx: self._outbox.begin(tx, channel_id, message_id)
            )
            if attempt is not None:
                await self._send(channel, attempt)
            return 0.0
        due = step.until
        if due is None and channel.remind_s is not None:
            due = await self._remind(channel_id, channel.remind_s)
        return min(max(due - self._clock.now(), 0.0), _NAP) if due is not None else _NAP

    async def _remind(self, channel_id: str, every: float) -> float | None:
        """Write a reminder down if it is time for one; when to look again."""
        told = await self._database.look(
            lambda tx: told_alerts.told_firing(tx, channel_id, MAX_REMINDED)
        )
        due = {one.id: one.last_at + every for one in told if self.may_remind(one.id)}
        now = self._clock.now()
        late = [alert_id for alert_id, at in due.items() if at <= now]
        if late:
            await self._database.transact(lambda tx: self._outbox.remind(tx, channel_id, late))
        return min(due.values(), default=None)

    async def _send(self, channel: Channel, attempt: Attempt) -> Sent:
        begun = self._clock.monotonic()
        answer = await self._senders.send(channel.sealed, channel.id, attempt.message)
        took = self._clock.monotonic() - begun
        given_up = await self._keep(channel.id, attempt, answer, took)
        self.counts.count(ok=answer.ok, given_up=given_up)
        sent = Sent(attempt, answer, took, given_up)
        await self._say(channel, sent)
        return sent

    async def _keep(self, channel_id: str, attempt: Attempt, answer: Answer, took: float) -> bool:
        """Write the answer down, however long that takes: else it would be asked for again."""
        while True:
            try:
                return await self._database.transact(
                    lambda tx: self._outbox.end(tx, channel_id, attempt, answer, took)
                )
            except ChatOpsError as error:
                _log.error("what came of a message cannot be kept: %s", error.message)
                await asyncio.sleep(_TROUBLE)
