"""Many rows in one statement: about ten times faster than ORM objects one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.dml import UpdateBase
from sqlmodel import SQLModel

Row = Mapping[str, Any]


async def execute_many(session: AsyncSession, statement: UpdateBase, rows: Sequence[Row]) -> int:
    """Run ``statement`` once for each row, past the ORM. Answers how many rows it changed."""
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
