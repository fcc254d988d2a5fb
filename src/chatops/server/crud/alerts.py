"""Alerts."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from chatops.server.db.models import Alert

OPEN: Final = ("firing", "acknowledged")
"""The states that count as open: pending ones may never fire."""


async def open_by_server(
    session: AsyncSession, server_ids: Collection[str] | None = None
) -> dict[str, int]:
    """How many alerts are open, by server id; servers without any are left out."""
    server = col(Alert.server_id)
    statement = select(server, func.count()).where(col(Alert.state).in_(OPEN)).group_by(server)
    statement = statement.where(
        server.is_not(None) if server_ids is None else server.in_(server_ids)
    )
    return {id_: number for id_, number in await session.execute(statement) if id_ is not None}


async def count_by_state(
    session: AsyncSession, server_ids: Collection[str] | None = None
) -> dict[str, int]:
    """How many alerts are in each state, resolved ones left out."""
    state = col(Alert.state)
    statement = select(state, func.count()).where(state != "resolved").group_by(state)
    if server_ids is not None:
        statement = statement.where(col(Alert.server_id).in_(server_ids))
    return dict((await session.execute(statement)).all())
