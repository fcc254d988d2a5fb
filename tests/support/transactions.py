"""Functions of the writer's thread, called within a session as tests have one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from chatops.server.db.transactions import Transaction, in_session

P = ParamSpec("P")
T = TypeVar("T")


async def tx(
    session: AsyncSession,
    function: Callable[Concatenate[Transaction, P], T],
    *args: P.args,
    **given: P.kwargs,
) -> T:
    """``function`` in the session's transaction."""
    return await in_session(session, lambda transaction: function(transaction, *args, **given))
