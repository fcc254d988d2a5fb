"""Statements that change rows, past the ORM's objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import CursorResult, Insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.dml import UpdateBase
from sqlmodel import SQLModel

Row = Mapping[str, Any]


async def change(session: AsyncSession, statement: UpdateBase) -> int:
    """Run an update or delete; answers how many rows it met."""
    result = cast("CursorResult[Any]", await session.execute(statement))
    return result.rowcount


async def execute_many(session: AsyncSession, statement: UpdateBase, rows: Sequence[Row]) -> int:
    """Run ``statement`` once for each row; answers how many rows it changed.

    Many times faster than adding as many objects to the session.
    """
    if not rows:
        return 0
    connection = await session.connection()
    result = await connection.execute(statement, list(rows))
    return result.rowcount


def insert_new(model: type[SQLModel]) -> Insert:
    """An insert that leaves out rows that are already there, by any unique key.

    The one statement that SQLite and PostgreSQL need different classes for.
    """
    return sqlite_insert(model).on_conflict_do_nothing()
