"""Alerts of which channels were told, so that they hear of the end, and are reminded."""

from __future__ import annotations

import json
from typing import Any, Final, NamedTuple

from sqlalchemy import and_, bindparam, select
from sqlalchemy import delete as sql_delete
from sqlalchemy import update as sql_update
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlmodel import col

from chatops.server.db.models import Alert, AlertServer, Server, ToldAlert
from chatops.server.db.statement import Statement
from chatops.server.db.transactions import Transaction


class Told(NamedTuple):
    """An alert that a channel was told of, and when it was the last time."""

    id: str
    last_at: float


_told = upsert(ToldAlert)
_TELL: Final = Statement(
    _told.on_conflict_do_update(
        index_elements=["channel_id", "alert_id"],
        set_={"alert": _told.excluded.alert, "last_at": _told.excluded.last_at},
    ),
    ("channel_id", "alert_id", "alert", "last_at"),
)
_TOLD: Final = Statement(
    select(col(ToldAlert.channel_id), col(ToldAlert.alert))
    .where(col(ToldAlert.alert_id) == bindparam("wanted"))
    .order_by(col(ToldAlert.channel_id))
)
_OVER: Final = Statement(
    sql_delete(ToldAlert).where(col(ToldAlert.alert_id) == bindparam("wanted"))
)
_FIRES: Final = and_(
    col(Alert.id) == col(ToldAlert.alert_id),
    col(Alert.state) == "firing",
    col(Alert.stale).is_(False),
    col(Alert.silenced).is_(False),
)
_TOLD_FIRING: Final = Statement(
    select(col(ToldAlert.alert_id), col(ToldAlert.last_at))
    .join(Alert, _FIRES)
    .where(col(ToldAlert.channel_id) == bindparam("channel"))
    .order_by(col(ToldAlert.last_at), col(ToldAlert.alert_id))
    .limit(bindparam("count"))
)
_TOLD_ALERT: Final = Statement(
    select(col(ToldAlert.alert), col(Alert.value), col(Alert.message))
    .join(Alert, _FIRES)
    .where(
        col(ToldAlert.channel_id) == bindparam("channel"),
        col(ToldAlert.alert_id) == bindparam("wanted"),
    )
)
_AWAY: Final = Statement(
    select(col(Server.name))
    .join(AlertServer, col(AlertServer.server_id) == col(Server.id))
    .where(col(AlertServer.alert_id) == bindparam("wanted"), col(AlertServer.back).is_(False))
    .order_by(col(Server.name))
)
_REMINDED: Final = Statement(
    sql_update(ToldAlert)
    .where(
        col(ToldAlert.channel_id) == bindparam("channel"),
        col(ToldAlert.alert_id) == bindparam("wanted"),
    )
    .values(last_at=bindparam("last_at"))
)


def tell(tx: Transaction, channel_id: str, alert_id: str, alert: str, now: float) -> None:
    """A channel hears that an alert fires, or does so again, and so shall hear of its end."""
    row = {"channel_id": channel_id, "alert_id": alert_id, "alert": alert, "last_at": now}
    tx.run(_TELL, row)


def told(tx: Transaction, alert_id: str) -> dict[str, str | None]:
    """The channels that are to hear of an alert's end, by id: since when it fires as they know."""
    rows = tx.all(_TOLD, {"wanted": alert_id})
    return {channel_id: json.loads(alert)["fired_at"] for channel_id, alert in rows}


def over(tx: Transaction, alert_id: str) -> None:
    """An alert has ended: nobody is to hear more of it."""
    tx.run(_OVER, {"wanted": alert_id})


def told_firing(tx: Transaction, channel_id: str, limit: int) -> list[Told]:
    """Alerts that the channel was told of and that still fire, neither acknowledged nor stale nor
    silenced; first what it was told of longest ago."""
    rows = tx.all(_TOLD_FIRING, {"channel": channel_id, "count": limit})
    return [Told._make(row) for row in rows]


def told_alert(tx: Transaction, channel_id: str, alert_id: str) -> dict[str, Any] | None:
    """Such an alert as the channel was told of it, with the value that it has now."""
    row = tx.first(_TOLD_ALERT, {"channel": channel_id, "wanted": alert_id})
    if row is None:
        return None
    alert: dict[str, Any] = json.loads(row[0])
    return alert | {"value": row[1], "message": row[2]}


def away(tx: Transaction, alert_id: str) -> list[str]:
    """Names of the servers of an alert that dropped together and are not back, in order."""
    return [row[0] for row in tx.all(_AWAY, {"wanted": alert_id})]


def reminded(tx: Transaction, channel_id: str, alert_id: str, now: float) -> None:
    """The channel is told of it again."""
    tx.run(_REMINDED, {"channel": channel_id, "wanted": alert_id, "last_at": now})
