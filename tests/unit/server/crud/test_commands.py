"""Commands and their output."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from chatops.ids import new_id
from chatops.server.crud import commands, servers
from chatops.server.db.models import Command, Server, User


async def _make(session: AsyncSession, server: Server, **fields: Any) -> Command:
    given: dict[str, Any] = {
        "run_id": "run", "user_id": None, "user_name": None, "command": "uptime", "now": 10.0,
    }  # fmt: skip
    return await commands.create(session, server_id=server.id, **given | fields)


@pytest.mark.parametrize("command", ["echo 'ä'; true", ["printf", "%s", "a b"], ["x"]])
async def test_a_command_is_kept_as_it_was_given(
    session: AsyncSession, web: Server, command: str | list[str]
) -> None:
    made = await _make(session, web, command=command, options={"env": ["A"], "timeout": 1.5})
    session.expunge_all()
    row = await commands.get(session, made.id)
    assert row is not None
    assert (row.command, row.options) == (command, {"env": ["A"], "timeout": 1.5})
    assert (row.status, row.truncated, row.dropped_bytes) == ("queued", False, 0)


async def test_the_status_changes_only_from_where_it_is_expected(
    session: AsyncSession, web: Server
) -> None:
    row = await _make(session, web)
    assert await commands.update(session, row.id, expected=["queued"], status="sent", sent_at=11.0)
    assert not await commands.update(session, row.id, expected=["queued"], status="cancelled")
    assert not await commands.update(session, new_id(), expected=["sent"], status="running")
    assert await commands.update(
        session, row.id, expected=["sent", "running"], status="failed", exit_code=3,
        finished_at=12.0, duration_ms=2**40,
    )  # fmt: skip
    assert (row.status, row.sent_at, row.exit_code) == ("failed", 11.0, 3)
    assert (row.finished_at, row.duration_ms) == (12.0, 2**40)


async def test_filters_of_the_list(session: AsyncSession, web: Server, ann: User) -> None:
    other = await servers.create(session, name="db-1", owner_id=None, tags={}, now=1.0)
    one = await _make(session, web, now=10.0, user_id=ann.id, user_name="ann")
    two = await _make(session, other, now=20.0, run_id="second")
    three = await _make(session, web, now=30.0, run_id="second")

    async def found(**filters: Any) -> list[str]:
        rows, cursor = await commands.list_page(session, limit=9, **filters)
        assert cursor is None
        return [row.id for row in rows]

    assert await found() == [three.id, two.id, one.id]
    assert await found(server_ids=[web.id]) == [three.id, one.id]
    assert await found(server_ids=[]) == []
    assert await found(user_name="ann") == [one.id]
    assert await found(run_id="second") == [three.id, two.id]
    assert await found(since=20.0) == [three.id, two.id]
    assert await found(until=20.0) == [one.id]
    assert await found(since=0.0, until=30.0, server_ids=[other.id]) == [two.id]


async def test_what_is_open(session: AsyncSession, web: Server) -> None:
    other = await servers.create(session, name="db-1", owner_id=None, tags={}, now=1.0)
    made = {
        (server.name, status): await _make(session, server, status=status, now=float(number))
        for server in (web, other)
        for number, status in enumerate(("running", "sent", "queued", "lost", "succeeded"))
    }
    web_open = [made["web-1", "running"].id, made["web-1", "sent"].id]
    assert [row.id for row in await commands.open_for_server(session, web.id)] == web_open
    queued = await commands.open_for_server(session, web.id, statuses=["queued"])
    assert [row.id for row in queued] == [made["web-1", "queued"].id]
    assert len(await commands.open_all(session)) == 4
    assert len(await commands.open_all(session, statuses=["lost"])) == 2


async def test_a_run_and_its_key(session: AsyncSession, web: Server, ann: User) -> None:
    mine = [
        await _make(session, web, now=float(n), user_id=ann.id, idempotency_key="k") for n in (1, 2)
    ]
    await _make(session, web, run_id="other", idempotency_key="k")
    found = await commands.by_idempotency_key(session, user_id=ann.id, key="k")
    assert [row.id for row in found] == [row.id for row in mine]
    assert await commands.by_idempotency_key(session, user_id=ann.id, key="K") == []
    assert [row.id for row in await commands.in_run(session, "run")] == [row.id for row in mine]


async def test_output_is_kept_byte_for_byte(session: AsyncSession, web: Server) -> None:
    row = await _make(session, web)
    far = 2**40
    await commands.add_output(session, row.id, "stdout", [(0, bytes(range(256))), (far, b"end")])
    await commands.add_output(session, row.id, "stderr", [(0, b"\xff")])
    await commands.add_output(session, row.id, "stdout", [])
    assert await commands.get_output(session, row.id, "stdout") == [
        (0, bytes(range(256))), (far, b"end"),
    ]  # fmt: skip
    assert await commands.get_output(session, row.id, "stderr") == [(0, b"\xff")]
    assert await commands.get_output(session, new_id(), "stdout") == []


async def test_a_later_account_replaces_what_it_covers(session: AsyncSession, web: Server) -> None:
    row = await _make(session, web)
    await commands.add_output(session, row.id, "stdout", [(0, b"head"), (4, b"cut off")])
    await commands.add_output(session, row.id, "stdout", [(4, b"whole"), (9, b"tail")])
    assert await commands.get_output(session, row.id, "stdout") == [
        (0, b"head"), (4, b"whole"), (9, b"tail"),
    ]  # fmt: skip


async def test_old_commands_go_in_steps_and_open_ones_stay(
    session: AsyncSession, web: Server
) -> None:
    for number in range(4):
        row = await _make(session, web, now=float(number))
        await commands.add_output(session, row.id, "stdout", [(0, b"x")])
        await commands.update(
            session, row.id, expected=["queued"], status="succeeded", finished_at=number + 0.5
        )
    still = await _make(session, web, now=0.0)
    late = await _make(session, web, now=0.0)
    await commands.update(session, late.id, expected=["queued"], status="failed", finished_at=50.0)
    steps = [await commands.delete_before(session, before=10.0, limit=3) for _ in range(3)]
    assert steps == [3, 1, 0]
    rows, _ = await commands.list_page(session, limit=9)
    assert {row.id for row in rows} == {still.id, late.id}
    assert await commands.get_output(session, row.id, "stdout") == []
