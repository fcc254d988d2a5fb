"""Commands and their output."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from chatops.ids import new_id
from chatops.server.crud import commands, runs, servers
from chatops.server.db.models import Server, User
from tests.support.commands import add_command
from tests.support.transactions import tx


def _run(run_id: str, user: User, **fields: Any) -> runs.NewRun:
    row: Any = {
        "id": run_id, "user_id": user.id, "user_name": user.name, "token_id": None, "target": "all",
        "command": "x",
        "options": {"batch": 2}, "idempotency_key": None, "digest": None, "sealed_env": None,
        "created_at": 1.0,
    }  # fmt: skip
    made: runs.NewRun = row | fields
    return made


@pytest.mark.parametrize("command", ["echo 'ä'; true", ["printf", "%s", "a b"], ["x"]])
async def test_a_command_is_kept_as_it_was_given(
    session: AsyncSession, web: Server, command: str | list[str]
) -> None:
    made = await add_command(session, web.id, command=command)
    session.expunge_all()
    row = await commands.get(session, made.id)
    assert row is not None
    assert row.command == command
    assert (row.status, row.truncated, row.dropped_bytes) == ("queued", False, 0)


async def test_the_status_changes_only_from_where_it_is_expected(
    session: AsyncSession, web: Server
) -> None:
    row = await add_command(session, web.id)
    update = commands.update
    assert await tx(session, update, row.id, expected=["queued"], status="sent", sent_at=11.0)
    assert not await tx(session, update, row.id, expected=["queued"], status="cancelled")
    assert not await tx(session, update, new_id(), expected=["sent"], status="running")
    assert await tx(
        session, update, row.id, expected=["sent", "running"], status="failed", exit_code=3,
        finished_at=12.0, duration_ms=2**40,
    )  # fmt: skip
    await session.refresh(row)
    assert (row.status, row.sent_at, row.exit_code) == ("failed", 11.0, 3)
    assert (row.finished_at, row.duration_ms) == (12.0, 2**40)


async def test_filters_of_the_list(session: AsyncSession, web: Server, ann: User) -> None:
    other = await servers.create(session, name="db-1", owner_id=None, tags={}, now=1.0)
    one = await add_command(session, web.id, now=10.0, user_id=ann.id, user_name="ann")
    two = await add_command(session, other.id, now=20.0, run_id="second", status="lost")
    three = await add_command(session, web.id, now=30.0, run_id="second")

    async def found(**filters: Any) -> list[str]:
        rows, cursor = await commands.list_page(session, limit=9, **filters)
        assert cursor is None
        return [row.id for row in rows]

    assert await found() == [three.id, two.id, one.id]
    assert await found(server_ids=[web.id]) == [three.id, one.id]
    assert await found(server_ids=[]) == []
    assert await found(user_name="ann") == [one.id]
    assert await found(run_id="second") == [three.id, two.id]
    assert await found(statuses=["lost", "running"]) == [two.id]
    assert await found(since=20.0) == [three.id, two.id]
    assert await found(until=20.0) == [one.id]
    assert await found(since=0.0, until=30.0, server_ids=[other.id]) == [two.id]


async def test_what_is_open(session: AsyncSession, web: Server) -> None:
    statuses = ("running", "sent", "queued", "lost", "succeeded")
    made = [
        await add_command(session, web.id, status=status, now=float(number))
        for number, status in enumerate(statuses)
    ]
    assert [row.id for row in await commands.open_all(session)] == [row.id for row in made[:3]]


async def test_many_at_once_change_only_from_where_it_is_expected(
    session: AsyncSession, web: Server
) -> None:
    statuses = ("queued", "queued", "sent")
    made = [await add_command(session, web.id, status=status) for status in statuses]
    ids = [row.id for row in made[1:]]
    changed = await tx(
        session,
        commands.update_all,
        ids,
        expected=["queued"],
        status="cancelled",
        error="not started",
    )
    session.expunge_all()
    rows = [await commands.get(session, row.id) for row in made]
    assert changed == 1
    assert [row.status for row in rows if row] == ["queued", "cancelled", "sent"]


async def test_a_run_its_key_and_its_failures(
    session: AsyncSession, web: Server, ann: User
) -> None:
    row = _run("r", ann, command=["x", "y"], idempotency_key="k", digest="d", sealed_env=b"sealed")
    await tx(session, runs.create, row)
    for status in ("failed", "timed_out", "lost", "succeeded", "offline", "queued"):
        await add_command(session, web.id, run_id="r", status=status)
    found = await tx(session, runs.by_key, user_id=ann.id, key="k")
    assert found == ("r", "d")
    made = await runs.get(session, "r")
    assert made is not None
    assert (made.command, made.options, made.sealed_env) == (["x", "y"], {"batch": 2}, b"sealed")
    assert await tx(session, runs.by_key, user_id=ann.id, key="K") is None
    assert await tx(session, runs.by_key, user_id="another", key="k") is None
    assert await commands.failures(session, "r") == 3
    assert len(await commands.in_run(session, "r")) == 6
    await tx(session, runs.forget_env, "r")
    await session.refresh(made)
    assert made.sealed_env is None


async def test_a_run_goes_when_its_commands_are_gone(
    session: AsyncSession, web: Server, ann: User
) -> None:
    for run_id, now in (("old", 1.0), ("held", 1.0), ("new", 50.0)):
        await tx(session, runs.create, _run(run_id, ann, created_at=now))
    await add_command(session, web.id, run_id="held")
    assert await runs.delete_before(session, before=10.0, limit=5) == 1
    assert {run.id for run in await runs.get_all(session, ["old", "held", "new"])} == {
        "held", "new",
    }  # fmt: skip


async def test_output_is_kept_byte_for_byte(session: AsyncSession, web: Server) -> None:
    row = await add_command(session, web.id)
    far = 2**40
    await tx(
        session, commands.add_output, row.id, "stdout", [(0, bytes(range(256))), (far, b"end")]
    )
    await tx(session, commands.add_output, row.id, "stderr", [(0, b"\xff")])
    await tx(session, commands.add_output, row.id, "stdout", [])
    assert await commands.get_output(session, row.id, "stdout") == [
        (0, bytes(range(256))), (far, b"end"),
    ]  # fmt: skip
    assert await commands.get_output(session, row.id, "stderr") == [(0, b"\xff")]
    assert await commands.get_output(session, new_id(), "stdout") == []


async def test_a_later_account_replaces_what_it_covers(session: AsyncSession, web: Server) -> None:
    row = await add_command(session, web.id)
    await tx(session, commands.add_output, row.id, "stdout", [(0, b"head"), (4, b"cut off")])
    await tx(session, commands.add_output, row.id, "stdout", [(4, b"whole"), (9, b"tail")])
    assert await commands.get_output(session, row.id, "stdout") == [
        (0, b"head"), (4, b"whole"), (9, b"tail"),
    ]  # fmt: skip


async def test_old_commands_go_in_steps_and_open_ones_stay(
    session: AsyncSession, web: Server
) -> None:
    update = commands.update
    for number in range(4):
        row = await add_command(session, web.id, now=float(number))
        await tx(session, commands.add_output, row.id, "stdout", [(0, b"x")])
        end = number + 0.5
        await tx(session, update, row.id, expected=["queued"], status="succeeded", finished_at=end)
    still = await add_command(session, web.id, now=0.0)
    late = await add_command(session, web.id, now=0.0)
    await tx(session, update, late.id, expected=["queued"], status="failed", finished_at=50.0)
    steps = [await commands.delete_before(session, before=10.0, limit=3) for _ in range(3)]
    assert steps == [3, 1, 0]
    rows, _ = await commands.list_page(session, limit=9)
    assert {row.id for row in rows} == {still.id, late.id}
    assert await commands.get_output(session, row.id, "stdout") == []
