"""The outbox as it is kept: what an alert's change means for which channel, and what becomes of
messages. Each function is one short transaction, or part of the one that changes the alert."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from chatops.clock import Clock
from chatops.ids import new_id
from chatops.protocol.target import Target, parse_target
from chatops.server.crud import channels, told_alerts
from chatops.server.crud import notifications as crud
from chatops.server.db.transactions import Transaction
from chatops.server.services.alerting.outbox import AlertChange
from chatops.server.services.alerting.sentences import together
from chatops.server.services.notify.message import Answer, Message
from chatops.server.services.notify.schedule import (
    Pace,
    Send,
    Wait,
    next_step,
    retry_at,
    sooner,
)
from chatops.server.services.notify.writing import Writing, heads, waiting

SEVERITIES: Final = ("info", "warning", "critical")
CUT_OFF: Final = "the hub ended before an answer came"


class Attempt(NamedTuple):
    """A message that is being sent."""

    delivery_id: str
    started: float
    number: int
    created_at: float
    message: Message


class Looked(NamedTuple):
    """What a courier finds: its next step, how many messages wait, since when the oldest does."""

    step: Send | Wait
    waiting: int
    oldest: float | None


class _Channel(NamedTuple):
    """What of a channel decides which alerts it is for."""

    id: str
    rank: int
    target: Target

    def takes(self, change: AlertChange) -> bool:
        """Whether it is to hear of that. Who is to hear of all servers hears of an alert without
        any, too."""
        if SEVERITIES.index(change.alert.severity) < self.rank:
            return False
        if any(self.target.covers(one.server) for one in change.servers):
            return True
        return not change.servers and str(self.target) == "all"


class Outbox:
    """What is written down, for AlertService (``note``) and for the couriers."""

    def __init__(self, clock: Clock, pace: Pace) -> None:
        self._clock = clock
        self.pace = pace
        self._touched: deque[str] = deque()  # filled in the writer's thread

    def touched(self) -> set[str]:
        """Ids of the channels that were given something since this was asked last."""
        return {self._touched.popleft() for _ in range(len(self._touched))}

    # -- in the transaction that changes alerts -----------------------------------------

    def note(self, tx: Transaction, changes: Sequence[AlertChange]) -> None:
        """Write down whom these changes are to be told."""
        there = _channels(tx)
        writing = Writing(tx, self._clock.now(), self.pace)
        for change in changes if there else ():
            alert = msgspec.json.encode(change.alert).decode()
            if change.event == "firing":
                known, fired_at = told_alerts.told(tx, change.alert.id), change.alert.fired_at
                for channel in there:
                    if channel.takes(change) and known.get(channel.id) != fired_at:
                        writing.put(channel.id, "firing", change.alert.id, alert)
                        told_alerts.tell(tx, channel.id, change.alert.id, alert, writing.now)
            elif change.event == "resolved":  # for those who heard of its beginning
                for channel_id in told_alerts.told(tx, change.alert.id):
                    writing.put(channel_id, "resolved", change.alert.id, alert)
                told_alerts.over(tx, change.alert.id)
        self._touched.extend(writing.touched)

    # -- for the couriers ---------------------------------------------------------------

    def look(self, tx: Transaction, channel_id: str) -> Looked:
        """What a channel's courier is to do."""
        found = heads(tx, channel_id)
        if sum(not one.is_open for one in found) < self.pace.tried:  # else no other one is begun
            found = waiting(tx, channel_id)
        oldest = min((one.created_at for one in found), default=None)
        return Looked(next_step(found, self._clock.now(), self.pace), len(found), oldest)

    def begin(self, tx: Transaction, channel_id: str, message_id: str) -> Attempt | None:
        """An attempt at a message begins; None if there is nothing to send any more."""
        found = [one for one in heads(tx, channel_id) if one.id == message_id]
        if not found:
            return None
        now = self._clock.now()
        attempt = Attempt(
            new_id(now), now, found[0].attempts + 1, found[0].created_at,
            Message(message_id, found[0].event, crud.alerts(tx, message_id)),
        )  # fmt: skip
        self._note_attempt(tx, channel_id, attempt)
        return attempt

    def begin_test(self, tx: Transaction, channel_id: str) -> Attempt:
        """A test message, which is sent once."""
        now = self._clock.now()
        message_id = Writing(tx, now, self.pace).open(channel_id, "test")
        crud.end(tx, message_id, now, delivered=False)
        attempt = Attempt(new_id(now), now, 1, now, Message(message_id, "test", []))
        self._note_attempt(tx, channel_id, attempt)
        return attempt

    def end(
        self, tx: Transaction, channel_id: str, attempt: Attempt, answer: Answer, took: float
    ) -> bool:
        """What came of an attempt; whether the message is given up."""
        now, message = self._clock.now(), attempt.message
        crud.answered(tx, attempt.delivery_id, ok=answer.ok, answer=answer.text, duration_s=took)
        said = answer.text if answer.ok else f"failed: {answer.text}"
        channels.set_result(tx, channel_id, said, now)
        if answer.ok:
            crud.end(tx, message.id, now, delivered=True)
            late = sooner(heads(tx, channel_id), attempt.started, self.pace)
            crud.set_due(tx, late, now)
            return False
        if message.event == "test":
            return False
        due = retry_at(attempt.created_at, attempt.number, attempt.started, now, self.pace)
        if due is not None:
            crud.set_due(tx, [message.id], due)
            return False
        if message.event == "firing":
            crud.forget_firing(tx, channel_id, message.id)
        crud.end(tx, message.id, now, delivered=False)
        return True

    def remind(self, tx: Transaction, channel_id: str, alert_ids: Sequence[str]) -> None:
        """Write down a reminder of these alerts, unless something is to be told before."""
        if heads(tx, channel_id):
            return
        writing = Writing(tx, self._clock.now(), self.pace)
        for alert_id in alert_ids:
            alert = told_alerts.told_alert(tx, channel_id, alert_id)
            if alert is not None:
                if alert["server"] is None:  # of several, of which some may be back
                    names = told_alerts.away(tx, alert_id)
                    alert |= {"servers": names, "message": together(names)}
                text = msgspec.json.encode(alert).decode()
                writing.put(channel_id, "reminder", alert_id, text)
                told_alerts.reminded(tx, channel_id, alert_id, writing.now)

    def _note_attempt(self, tx: Transaction, channel_id: str, attempt: Attempt) -> None:
        delivery: crud.NewDelivery = {
            "id": attempt.delivery_id, "notification_id": attempt.message.id,
            "channel_id": channel_id, "attempt": attempt.number, "started_at": attempt.started,
        }  # fmt: skip
        crud.begin(tx, delivery)


def _channels(tx: Transaction) -> list[_Channel]:
    return [
        _Channel(one.id, SEVERITIES.index(one.severity), parse_target(one.target, longest=None))
        for one in channels.filters(tx)
    ]
