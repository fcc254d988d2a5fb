"""Log lines, and the fast way to insert many rows."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from chatops.server.crud import log_entries
from chatops.server.crud.log_entries import NewLogEntry
from chatops.server.db.files import Databases
from chatops.server.db.models import LogEntryRow
from tests.support.transactions import tx


@pytest.fixture
async def session(databases: Databases) -> AsyncIterator[AsyncSession]:
    async with databases.logs.write() as session:
        yield session


def _line(server: str | None, ts: float, message: str = "m", received: float = 0.0) -> NewLogEntry:
    return NewLogEntry(
        server_id=server, ts=ts, received_at=received, level="info", source="s", message=message
    )


async def test_the_tail_is_the_newest_in_order(session: AsyncSession) -> None:
    lines = [_line("a", 3.0, "c"), _line("a", 1.0, "a"), _line("b", 9.0), _line("a", 3.0, "d"),
             _line(None, 2.0, "hub\x00\x1b[31m")]  # fmt: skip
    await tx(session, log_entries.insert_many, lines)
    await tx(session, log_entries.insert_many, [])
    assert [row.message for row in await log_entries.tail(session, "a", limit=9)] == list("acd")
    assert [row.message for row in await log_entries.tail(session, "a", limit=2)] == list("cd")
    own = await log_entries.tail(session, None, limit=9)
    assert [row.message for row in own] == ["hub\x00\x1b[31m"]


async def test_retention_counts_from_the_time_received(session: AsyncSession) -> None:
    lines = [_line("a", 99.0, received=float(n)) for n in range(6)]
    await tx(session, log_entries.insert_many, lines)
    steps = [await log_entries.delete_before(session, before=4.0, limit=3) for _ in range(3)]
    assert steps == [3, 1, 0]
    rows = await log_entries.tail(session, "a", limit=9)
    assert [row.received_at for row in rows] == [4.0, 5.0]


async def test_a_removed_servers_lines_go_in_steps(session: AsyncSession) -> None:
    await tx(session, log_entries.insert_many, [_line("a", float(n)) for n in range(4)])
    await tx(session, log_entries.insert_many, [_line("b", 1.0)])
    steps = [await log_entries.delete_for_server(session, "a", limit=3) for _ in range(3)]
    assert steps == [3, 1, 0]
    assert len(await log_entries.tail(session, "b", limit=9)) == 1


async def test_many_rows_at_once_cost_a_fraction_of_objects(session: AsyncSession) -> None:
    """In seconds of CPU, all threads together: the machine's other work does not count."""
    lines = [_line("a", float(n)) for n in range(3000)]
    begun = time.process_time()
    session.add_all([LogEntryRow(**line) for line in lines])
    await session.flush()
    objects = time.process_time() - begun
    session.expunge_all()
    begun = time.process_time()
    await tx(session, log_entries.insert_many, lines)
    rows = time.process_time() - begun
    assert rows < objects / 3, f"{rows:.3f} s against {objects:.3f} s"
