"""The fleet at one glance: servers with tags and owners, who else operates them, who is what."""

from __future__ import annotations

from typing import Final, NamedTuple

from sqlalchemy import select
from sqlmodel import col

from chatops.server.db.models import Server, ServerShare, User
from chatops.server.db.statement import Statement
from chatops.server.db.transactions import Transaction

_SERVERS: Final = Statement(
    select(col(Server.id), col(Server.name), col(Server.tags), col(Server.owner_id)).order_by(
        col(Server.id)
    )
)
_OPERATORS: Final = Statement(
    select(col(ServerShare.server_id), col(ServerShare.user_id))
    .where(col(ServerShare.role) != "viewer")
    .order_by(col(ServerShare.server_id), col(ServerShare.user_id))
)
_USERS: Final = Statement(select(col(User.id), col(User.role)).order_by(col(User.id)))
_SEEN: Final = Statement(
    select(col(Server.id), col(Server.last_seen)).where(col(Server.last_seen).is_not(None))
)


class FleetRows(NamedTuple):
    """Servers as (id, name, tags as JSON, owner), shares of operators as (server, user), and
    users as (id, role)."""

    servers: list[tuple[str, str, str, str | None]]
    operators: list[tuple[str, str]]
    users: list[tuple[str, str]]


def read(tx: Transaction) -> FleetRows:
    """All of it. Two that are equal mean that nothing changed."""
    return FleetRows(tx.all(_SERVERS), tx.all(_OPERATORS), tx.all(_USERS))


def last_seen(tx: Transaction) -> dict[str, float]:
    """When each server was last heard that ever was."""
    return dict(tx.all(_SEEN))
