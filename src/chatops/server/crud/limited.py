"""Deletes in small steps, so that no writer is held for long."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

from chatops.server.db.bulk import change


async def delete_some(
    session: AsyncSession,
    model: type[SQLModel],
    key: Any,
    condition: ColumnElement[bool],
    *,
    limit: int,
) -> int:
    """Delete at most ``limit`` rows of ``model`` that meet ``condition``; answers how many.

    ``key`` is the primary key's column. Fewer than ``limit`` means that none is left.
    """
    some = select(key).where(condition).limit(limit)
    statement = delete(model).where(key.in_(some))
    return await change(session, statement.execution_options(synchronize_session=False))
