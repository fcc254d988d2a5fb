"""The outbox: what channels are to be told, and every attempt to do it.

Most functions are for short transactions: they run in the one that changes an alert's state.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from typing import Any, Final, NamedTuple, TypedDict

from sqlalchemy import ColumnElement, and_, bindparam, exists, func, insert, null, or_, select
from sqlalchemy import delete as sql_delete
from sqlalchemy import update as sql_update
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, aliased
from sqlmodel import col

from chatops.server.crud.filters import equals
from chatops.server.crud.limited import delete_some
from chatops.server.crud.paging import decode, encode
from chatops.server.db.models import (
    Alert,
    AlertServer,
    Channel,
    Delivery,
    Notification,
    NotificationAlert,
    Server,
    ToldAlert,
)
from chatops.server.db.statement import Statement
from chatops.server.db.transactions import Transaction


class NewNotification(TypedDict):
    """What a message begins with."""

    id: str
    channel_id: str
    event: str
    created_at: float
    opens_at: float
    due_at: float
    attempts: int
    ended_at: float | None
    delivered: bool


class NewDelivery(TypedDict):
    """What an attempt begins with."""

    id: str
    notification_id: str
    channel_id: str
    attempt: int
    started_at: float


class Row(NamedTuple):
    """A message that is not delivered, and an alert that it tells of."""

    id: str
    event: str
    created_at: float
    due_at: float
    attempts: int
    alert: str | None


_ID, _CHANNEL = col(Notification.id), col(Notification.channel_id)
_EVENT, _ENDED = col(Notification.event), col(Notification.ended_at)
_ONE: Final = sql_update(Notification).where(bindparam("message") == _ID)
_OF: Final = select(func.count()).where(col(NotificationAlert.notification_id) == _ID)
_OF_CHANNEL: Final = and_(bindparam("channel") == _CHANNEL, _ENDED.is_(None))
_FIELDS: Final = (
    _ID, _EVENT, col(Notification.created_at), col(Notification.due_at),
    col(Notification.attempts),
)  # fmt: skip
_ROWS: Final = (
    select(*_FIELDS, col(NotificationAlert.alert_id))
    .outerjoin(NotificationAlert, col(NotificationAlert.notification_id) == _ID)
    .order_by(_ID)
)
_WAITING: Final = Statement(_ROWS.where(_OF_CHANNEL))
_HEADS: Final = Statement(select(*_FIELDS, null()).where(_OF_CHANNEL).order_by(_ID))
_NEWEST: Final = select(func.max(_ID)).where(
    _OF_CHANNEL, bindparam("wanted") == _EVENT, col(Notification.attempts) == 0
)
_OPEN: Final = Statement(_ROWS.where(_ID.in_(_NEWEST)))
_LAST: Final = Statement(
    select(func.max(col(Notification.opens_at))).where(
        bindparam("channel") == _CHANNEL, bindparam("wanted") == _EVENT
    )
)
_ADD: Final = Statement(insert(Notification), NewNotification.__annotations__)
_new = upsert(NotificationAlert)
_JOIN: Final = Statement(
    _new.on_conflict_do_update(
        index_elements=["notification_id", "alert_id"], set_={"alert": _new.excluded.alert}
    ),
    ("notification_id", "alert_id", "alert"),
)
_ALERTS: Final = Statement(
    select(col(NotificationAlert.alert))
    .where(col(NotificationAlert.notification_id) == bindparam("message"))
    .order_by(col(NotificationAlert.alert_id))
)
_BEGIN: Final = Statement(_ONE.values(attempts=bindparam("attempts"), due_at=bindparam("due_at")))
_DUE: Final = Statement(_ONE.values(due_at=bindparam("due_at")))
_END: Final = Statement(
    _ONE.values(ended_at=bindparam("ended_at"), delivered=bindparam("delivered"))
)
_ATTEMPT: Final = Statement(insert(Delivery), NewDelivery.__annotations__)
_ANSWERED: Final = Statement(
    sql_update(Delivery)
    .where(col(Delivery.id) == bindparam("delivery"))
    .values(ok=bindparam("ok"), answer=bindparam("answer"), duration_s=bindparam("duration_s"))
)
_CUT_OFF: Final = Statement(
    sql_update(Delivery)
    .where(col(Delivery.ok).is_(None), col(Delivery.answer).is_(None))
    .values(answer=bindparam("answer"))
)
_IN_MESSAGE: Final = select(col(NotificationAlert.alert_id)).where(
    col(NotificationAlert.notification_id) == bindparam("message")
)


def _heard_before(alert_id: Mapped[str]) -> ColumnElement[bool]:
    """Whether another message tells of it too, which was taken, or may be yet. Only an alert of
    several servers fires again, so that few are looked for among the channel's messages."""
    link, message = aliased(NotificationAlert), aliased(Notification)
    several = exists().where(col(Alert.id) == alert_id, col(Alert.server_id).is_(None))
    told = exists().where(
        col(link.alert_id) == alert_id, col(link.notification_id) == col(message.id),
        bindparam("channel") == col(message.channel_id), col(message.event) == "firing",
        bindparam("message") != col(message.id),
        or_(col(message.delivered).is_(True), col(message.ended_at).is_(None)),
    )  # fmt: skip
    return and_(several, told)


_UNTOLD: Final = Statement(
    sql_delete(ToldAlert).where(
        col(ToldAlert.channel_id) == bindparam("channel"),
        col(ToldAlert.alert_id).in_(_IN_MESSAGE),
        ~_heard_before(col(ToldAlert.alert_id)),
    )
)
_OPEN_ENDS: Final = select(_ID).where(
    bindparam("channel") == _CHANNEL, _EVENT == "resolved", _ENDED.is_(None),
    col(Notification.attempts) == 0,
)  # fmt: skip
_NO_END: Final = Statement(
    sql_delete(NotificationAlert).where(
        col(NotificationAlert.notification_id).in_(_OPEN_ENDS),
        col(NotificationAlert.alert_id).in_(_IN_MESSAGE),
        ~_heard_before(col(NotificationAlert.alert_id)),
    )
)
_EMPTY: Final = Statement(
    sql_delete(Notification).where(
        _ID.in_(_OPEN_ENDS),
        ~exists().where(col(NotificationAlert.notification_id) == _ID),
    )
)


def waiting(tx: Transaction, channel_id: str) -> list[Row]:
    """What a channel is to be told yet, the oldest first: a row for each alert of a message."""
    return [Row._make(row) for row in tx.all(_WAITING, {"channel": channel_id})]


def heads(tx: Transaction, channel_id: str) -> list[Row]:
    """The same without what they tell of: a row for each message."""
    return [Row._make(row) for row in tx.all(_HEADS, {"channel": channel_id})]


def newest_open(tx: Transaction, channel_id: str, event: str) -> list[Row]:
    """The newest message of an event that was not tried yet, whatever else waits: those before it
    are full (of two that were made in the same millisecond either may be the newest)."""
    rows = tx.all(_OPEN, {"channel": channel_id, "wanted": event})
    return [Row._make(row) for row in rows]


def last_opened(tx: Transaction, channel_id: str, event: str) -> float | None:
    """When the channel's newest message of an event might first be sent."""
    row = tx.first(_LAST, {"channel": channel_id, "wanted": event})
    return row[0] if row else None


def add(tx: Transaction, message: NewNotification) -> None:
    """A new message."""
    tx.run(_ADD, message)


def join(tx: Transaction, message_id: str, alert_id: str, alert: str) -> None:
    """One more alert that a message tells of, or one of them as it is now."""
    tx.run(_JOIN, {"notification_id": message_id, "alert_id": alert_id, "alert": alert})


def alerts(tx: Transaction, message_id: str) -> list[dict[str, Any]]:
    """What a message tells of."""
    return [json.loads(row[0]) for row in tx.all(_ALERTS, {"message": message_id})]


def begin(tx: Transaction, delivery: NewDelivery) -> None:
    """An attempt begins; one that is cut off is due again at once."""
    started = {"attempts": delivery["attempt"], "due_at": delivery["started_at"]}
    tx.run(_BEGIN, {"message": delivery["notification_id"], **started})
    tx.run(_ATTEMPT, delivery)


def answered(
    tx: Transaction, delivery_id: str, *, ok: bool, answer: str, duration_s: float
) -> None:
    """What came of an attempt."""
    tx.run(
        _ANSWERED,
        {"delivery": delivery_id, "ok": ok, "answer": answer, "duration_s": duration_s},
    )


def cut_off(tx: Transaction, answer: str) -> None:
    """Say of attempts that were under way when a hub was killed what became of them."""
    tx.run(_CUT_OFF, {"answer": answer})


def set_due(tx: Transaction, message_ids: Iterable[str], due_at: float) -> None:
    """When these are tried again."""
    for message_id in message_ids:
        tx.run(_DUE, {"message": message_id, "due_at": due_at})


def end(tx: Transaction, message_id: str, now: float, *, delivered: bool) -> None:
    """A message was delivered, or given up."""
    tx.run(_END, {"message": message_id, "ended_at": now, "delivered": delivered})


def forget_firing(tx: Transaction, channel_id: str, message_id: str) -> None:
    """Of what this message was to say nobody has heard, unless another one said it, too (a storm
    that fires again): nobody is told that it is over, either."""
    values = {"channel": channel_id, "message": message_id}
    for statement in (_UNTOLD, _NO_END):
        tx.run(statement, values)
    tx.run(_EMPTY, {"channel": channel_id})


class Attempt(NamedTuple):
    """An attempt with its message. ``alerts`` is how many that told of."""

    delivery: Delivery
    message: Notification
    alerts: int


async def attempts_page(
    session: AsyncSession, channel_id: str, *, limit: int, cursor: str | None = None
) -> tuple[list[Attempt], str | None]:
    """The attempts of a channel, newest first."""
    statement = (
        select(Delivery, Notification, _OF.scalar_subquery())
        .join(Notification, col(Delivery.notification_id) == _ID)
        .where(col(Delivery.channel_id) == channel_id)
    )
    if cursor is not None:
        statement = statement.where(col(Delivery.id) < decode(cursor, [str])[0])
    ordered = statement.order_by(col(Delivery.id).desc()).limit(limit + 1)
    rows = [Attempt(*row) for row in await session.execute(ordered)]
    more = len(rows) > limit
    return rows[:limit], encode([rows[limit - 1].delivery.id]) if more else None


async def count_waiting(session: AsyncSession, channel_id: str) -> int:
    """How many messages of a channel are not delivered."""
    statement = select(func.count()).where(*equals(_CHANNEL, channel_id), _ENDED.is_(None))
    return await session.scalar(statement) or 0


class Failing(NamedTuple):
    """A channel that does not take its messages: how many wait, since when."""

    channel: str
    waiting: int
    since: float


async def failing(session: AsyncSession, attempts: int) -> list[Failing]:
    """Channels with messages that were tried so often, in order of name."""
    statement = (
        select(col(Channel.name), func.count(), func.min(col(Notification.created_at)))
        .join(Notification, col(Channel.id) == _CHANNEL)
        .where(_ENDED.is_(None), col(Notification.attempts) >= attempts)
        .group_by(col(Channel.name))
        .order_by(col(Channel.name))
    )
    return [Failing(*row) for row in await session.execute(statement)]


async def servers_of(
    session: AsyncSession, alert_ids: Collection[str]
) -> dict[str, list[tuple[str, str]]]:
    """Ids and names of the servers that alerts are about, by the alerts' ids; what is gone is left
    out."""
    server, found = (col(Server.id), col(Server.name)), dict[str, list[tuple[str, str]]]()
    own = select(col(Alert.id), *server).join(Server, server[0] == col(Alert.server_id))
    several = select(col(AlertServer.alert_id), *server).join(
        Server, server[0] == col(AlertServer.server_id)
    )
    for statement in (
        own.where(col(Alert.id).in_(alert_ids)),
        several.where(col(AlertServer.alert_id).in_(alert_ids)),
    ):
        for alert_id, server_id, name in await session.execute(statement):
            found.setdefault(alert_id, []).append((server_id, name))
    return found


async def delete_before(session: AsyncSession, *, before: float, limit: int) -> int:
    """Delete at most ``limit`` messages that ended before then, with their attempts; how many."""
    return await delete_some(session, Notification, _ID, before > _ENDED, limit=limit)
