"""Messages as they are put together within one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import cast

from chatops.ids import new_id
from chatops.protocol.limits import MAX_MESSAGE_ALERTS
from chatops.server.crud import notifications as crud
from chatops.server.db.transactions import Transaction
from chatops.server.services.notify.schedule import Event, Pace, Waiting, joins, opens_at


def waiting(tx: Transaction, channel_id: str) -> list[Waiting]:
    """What a channel is to be told yet, the oldest first."""
    return _messages(crud.waiting(tx, channel_id))


def heads(tx: Transaction, channel_id: str) -> list[Waiting]:
    """The same without the alerts, of which there may be tens of thousands."""
    return _messages(crud.heads(tx, channel_id))


def _messages(found_rows: Sequence[crud.Row]) -> list[Waiting]:
    found = []
    for _, rows in groupby(found_rows, lambda row: row.id):
        first, *more = rows
        alerts = frozenset(row.alert for row in (first, *more) if row.alert is not None)
        found.append(
            Waiting(
                first.id, cast("Event", first.event), first.created_at, first.due_at,
                first.attempts, alerts,
            )
        )  # fmt: skip
    return found


class Writing:
    """Puts alerts into messages, and remembers which: a storm does not ask for each of them."""

    def __init__(self, tx: Transaction, now: float, pace: Pace) -> None:
        self._tx = tx
        self._pace = pace
        self._room: dict[tuple[str, Event], tuple[str, int]] = {}
        self.now = now
        self.touched: set[str] = set()
        """Ids of the channels that got something."""

    def put(self, channel_id: str, event: Event, alert_id: str, alert: str) -> None:
        """One more alert (JSON) for a channel: into its open message of that kind, or a new one."""
        key = channel_id, event
        message_id, room = self._room.get(key) or self._found(channel_id, event)
        if not room:
            message_id, room = self.open(channel_id, event), MAX_MESSAGE_ALERTS
        crud.join(self._tx, message_id, alert_id, alert)
        self._room[key] = message_id, room - 1
        self.touched.add(channel_id)

    def open(self, channel_id: str, event: Event) -> str:
        """The id of a new message."""
        opens = opens_at(crud.last_opened(self._tx, channel_id, event), self.now, self._pace)
        message: crud.NewNotification = {
            "id": new_id(self.now), "channel_id": channel_id, "event": event,
            "created_at": self.now, "opens_at": opens, "due_at": opens, "attempts": 0,
            "ended_at": None, "delivered": False,
        }  # fmt: skip
        crud.add(self._tx, message)
        return message["id"]

    def _found(self, channel_id: str, event: Event) -> tuple[str, int]:
        """The open message that there is already, and for how many alerts it has room."""
        newest = _messages(crud.newest_open(self._tx, channel_id, event))
        found = joins(newest, event)
        return (found.id, MAX_MESSAGE_ALERTS - len(found.alerts)) if found else ("", 0)
