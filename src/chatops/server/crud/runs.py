"""Runs: what somebody asked for."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final, NamedTuple, TypedDict

from sqlalchemy import bindparam, exists, insert, select
from sqlalchemy import update as sql_update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from chatops.server.crud.limited import delete_some
from chatops.server.db.models import Command, Run
from chatops.server.db.statement import Statement
from chatops.server.db.transactions import Transaction


class NewRun(TypedDict):
    """What a run begins with, and stays."""

    id: str
    user_id: str
    user_name: str
    token_id: str | None
    target: str
    command: str | list[str]
    options: dict[str, Any]
    idempotency_key: str | None
    digest: str | None
    sealed_env: bytes | None
    created_at: float


class KnownRun(NamedTuple):
    """A run that was made with a key, and what it was asked for."""

    id: str
    digest: str | None


_CREATE: Final = Statement(insert(Run), NewRun.__annotations__)
_BY_KEY: Final = Statement(
    select(col(Run.id), col(Run.digest)).where(
        col(Run.user_id) == bindparam("user_id"), col(Run.idempotency_key) == bindparam("key")
    )
)
_FORGET_ENV: Final = Statement(
    sql_update(Run)
    .where(col(Run.id) == bindparam("run_id"), col(Run.sealed_env).is_not(None))
    .values(sealed_env=None)
)


_FORGET_NEEDLESS: Final = Statement(
    sql_update(Run)
    .where(
        col(Run.sealed_env).is_not(None),
        ~exists().where(col(Command.run_id) == col(Run.id), col(Command.status) == "queued"),
    )
    .values(sealed_env=None)
)


def create(tx: Transaction, row: NewRun) -> None:
    """A new run; the user must not have used the key before."""
    tx.run(_CREATE, row)


async def get(session: AsyncSession, run_id: str) -> Run | None:
    """The run of this id."""
    return await session.get(Run, run_id)


async def get_all(session: AsyncSession, run_ids: Collection[str]) -> list[Run]:
    """The runs of these ids."""
    return list(await session.scalars(select(Run).where(col(Run.id).in_(run_ids))))


def by_key(tx: Transaction, *, user_id: str, key: str) -> KnownRun | None:
    """The run that the user made with this key."""
    row = tx.first(_BY_KEY, {"user_id": user_id, "key": key})
    return KnownRun(*row) if row else None


def forget_env(tx: Transaction, run_id: str) -> None:
    """Nothing of the run has to be sent any more: its variables are not needed."""
    tx.run(_FORGET_ENV, {"run_id": run_id})


def forget_needless_env(tx: Transaction) -> None:
    """The same for all runs of which nothing waits."""
    tx.run(_FORGET_NEEDLESS, {})


async def delete_before(session: AsyncSession, *, before: float, limit: int) -> int:
    """Delete at most ``limit`` runs of before that time whose commands are gone; how many."""
    commands = exists().where(col(Command.run_id) == col(Run.id))
    old = (col(Run.created_at) < before) & ~commands
    return await delete_some(session, Run, col(Run.id), old, limit=limit)
