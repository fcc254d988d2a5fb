"""Recordings of terminals."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, TypedDict

from sqlalchemy import bindparam, insert, select
from sqlalchemy import delete as sql_delete
from sqlalchemy import update as sql_update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from chatops.server.crud.filters import among, equals, within
from chatops.server.crud.limited import delete_some
from chatops.server.crud.paging import page
from chatops.server.db.models import Recording
from chatops.server.db.statement import Statement
from chatops.server.db.transactions import Transaction


class NewRecording(TypedDict):
    """What a recording begins with."""

    id: str
    server_id: str
    user_id: str | None
    user_name: str | None
    command: str | list[str]
    container: str | None
    started_at: float


_ONE: Final = col(Recording.id) == bindparam("recording")
_CREATE: Final = Statement(insert(Recording), NewRecording.__annotations__)
_END: Final = Statement(
    sql_update(Recording)
    .where(_ONE)
    .values(duration_s=bindparam("duration_s"), size=bindparam("size"))
)
_DELETE: Final = Statement(sql_delete(Recording).where(_ONE))


def create(tx: Transaction, row: NewRecording) -> None:
    """A recording begins."""
    tx.run(_CREATE, row)


def end(tx: Transaction, recording_id: str, *, duration_s: float, size: int) -> None:
    """It is over."""
    tx.run(_END, {"recording": recording_id, "duration_s": duration_s, "size": size})


def delete(tx: Transaction, recording_id: str) -> None:
    """There was nothing to record."""
    tx.run(_DELETE, {"recording": recording_id})


async def get(session: AsyncSession, recording_id: str) -> Recording | None:
    """The recording of this id."""
    return await session.get(Recording, recording_id)


async def list_page(
    session: AsyncSession,
    *,
    limit: int,
    cursor: str | None = None,
    server_ids: Collection[str] | None = None,
    user_name: str | None = None,
    since: float | None = None,
    until: float | None = None,
) -> tuple[list[Recording], str | None]:
    """Recordings, newest first. ``since`` is included, ``until`` is not."""
    statement = select(Recording).where(
        *among(col(Recording.server_id), server_ids),
        *equals(col(Recording.user_name), user_name),
        *within(col(Recording.started_at), since, until),
    )
    by = [col(Recording.started_at), col(Recording.id)]
    return await page(session, statement, by=by, limit=limit, cursor=cursor, newest_first=True)


async def known(session: AsyncSession, ids: Collection[str]) -> set[str]:
    """Those of these ids that there are."""
    found = await session.scalars(select(col(Recording.id)).where(col(Recording.id).in_(ids)))
    return set(found)


async def delete_before(session: AsyncSession, *, before: float, limit: int) -> int:
    """Delete at most ``limit`` recordings that began, and ended, before that time; how many."""
    ended = col(Recording.started_at) + col(Recording.duration_s) < before  # never, without an end
    return await delete_some(session, Recording, col(Recording.id), ended, limit=limit)
