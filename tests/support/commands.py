"""Commands in the database, for tests of what stands around them."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from chatops.ids import new_id
from chatops.server.crud import commands
from chatops.server.db.models import Command
from tests.support.transactions import tx


async def add_command(
    session: AsyncSession, server_id: str, *, now: float = 10.0, **fields: Any
) -> Command:
    """A command of that server; ``fields`` are the columns that matter to the test."""
    row: Any = {
        "id": new_id(now), "run_id": "run", "server_id": server_id, "user_id": None,
        "user_name": None, "command": "uptime", "status": "queued", "created_at": now,
        "sent_at": None, "finished_at": None, "reason": None, "error": None,
        "container": None,
    }  # fmt: skip
    await tx(session, commands.create, [row | fields])
    made = await commands.get(session, row["id"])
    assert made is not None
    return made
