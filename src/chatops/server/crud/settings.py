"""Settings that were set while the hub ran."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from chatops.server.db.models import SettingRow


async def get_all(session: AsyncSession) -> dict[str, SettingRow]:
    """All of them, by key."""
    rows = await session.scalars(select(SettingRow).order_by(col(SettingRow.key)))
    return {row.key: row for row in rows}


async def put(
    session: AsyncSession, key: str, value: str | int | float, *, now: float, by: str | None
) -> SettingRow:
    """Set one, in place of what was set before."""
    row = SettingRow(key=key, value=value, changed_at=now, changed_by=by)
    row = await session.merge(row)
    await session.flush()
    return row


async def remove(session: AsyncSession, key: str) -> bool:
    """Forget one; whether it was set."""
    row = await session.get(SettingRow, key)
    if row is None:
        return False
    await session.delete(row)
    await session.flush()
    return True
