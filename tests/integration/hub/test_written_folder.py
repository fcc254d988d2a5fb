"""What somebody can do who may write to the databases of a stopped hub, and has none of its
secrets: anything that is data. The audit trail tells what was done to itself, and no more."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from passlib.hash import argon2

from chatops.server.offline import verify_folder
from tests.support.hub import PASSWORD, TestHub, running_hub

THEIR_PASSWORD = "chosen by the thief"


def write(folder: Path, statement: str, *values: str) -> int:
    """Change ``chatops.db`` as a program of its own would; how many rows changed."""
    with closing(sqlite3.connect(folder / "chatops.db")) as database, database:
        return database.execute(statement, values).rowcount


async def trail(hub: TestHub, about: str) -> list[tuple[str, str]]:
    """What the audit says of changes of an account."""
    items: list[dict[str, Any]] = (await hub.ok("GET", "/audit?action=users."))["items"]
    return [(one["action"], one["outcome"]) for one in items if one["target"] == about]


async def test_a_written_role_makes_an_administrator_and_the_trail_does_not_tell(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "hub"
    async with running_hub(folder) as hub:
        ann = await hub.user("ann", "viewer")
        assert (await hub.call("GET", "/users", token=ann)).code == "not_permitted"
        before = await trail(hub, "ann")
    assert write(folder, "UPDATE users SET role = 'admin' WHERE name = 'ann'") == 1
    assert (await asyncio.to_thread(verify_folder, folder)).ok
    async with running_hub(folder) as hub:
        ann = await hub.login("ann", PASSWORD)
        await hub.ok("GET", "/users", token=ann)
        await hub.server("web-1", token=ann)
        assert (await hub.ok("GET", "/audit/verify"))["ok"]
        assert await trail(hub, "ann") == before, "nothing says when ann became one"
        (made,) = (await hub.ok("GET", "/audit?action=servers.add"))["items"]
        assert made["user"] == "ann", "what is done as one is recorded"


async def test_a_written_password_hash_lets_its_writer_in_as_anybody(tmp_path: Path) -> None:
    folder = tmp_path / "hub"
    async with running_hub(folder) as hub:
        await hub.user("boss", "admin")
    hashed = argon2.using(rounds=1, memory_cost=64, parallelism=1).hash(THEIR_PASSWORD)
    assert write(folder, "UPDATE users SET password_hash = ? WHERE name = 'boss'", hashed) == 1
    assert (await asyncio.to_thread(verify_folder, folder)).ok
    async with running_hub(folder) as hub:
        thief = await hub.login("boss", THEIR_PASSWORD)
        await hub.ok("GET", "/users", token=thief)
        assert (await hub.ok("GET", "/audit/verify"))["ok"]
        assert await trail(hub, "boss") == [("users.create", "ok")]
