"""The audit trail of a real hub: verified, cut, pruned, exported, and copied as it happens."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chatops.clock import FakeClock
from chatops.protocol.rest import AuditVerdict
from chatops.server.housekeeping import Housekeeping
from chatops.server.local_reset import reset_password
from chatops.server.offline import verify_folder
from chatops.server.services import audit_verify
from chatops.server.services.audit import Origin
from chatops.server.services.audit_head import FILE, HeadFile
from tests.support.hub import PASSWORD, TestHub, running_hub
from tests.support.source import ROOT
from tests.support.waiting import until_async

DAY = 86_400.0


async def verify(hub: TestHub) -> Any:
    return await hub.ok("GET", "/audit/verify")


async def fill(hub: TestHub, count: int) -> None:
    """So many records more, and all of them anchored."""
    for number in range(count):
        await hub.services.audit.record_alone(Origin("::1"), "test", f"t{number}")
    await anchored(hub)


async def anchored(hub: TestHub) -> None:
    heads = HeadFile(hub.services.settings.folder, hub.services.audit.key)
    await until_async(lambda: heads.read().id == hub.services.audit.noted, what="the anchor")


async def tamper(hub: TestHub, statement: str) -> None:
    """As somebody does it who can write to the database and has no key."""
    async with hub.hub.databases.chatops.write() as session:
        await (await session.connection()).exec_driver_sql(statement)


async def test_a_trail_that_nobody_touched_holds(hub: TestHub) -> None:
    await hub.server("web-1")
    await anchored(hub)
    found = await verify(hub)
    trail = (await hub.ok("GET", "/audit"))["items"]
    assert (found["ok"], found["reason"], found["warnings"]) == (True, None, [])
    assert (found["records"], found["first_id"], found["last_id"]) == (len(trail), 1, len(trail))
    assert (found["last_hash"], found["last_ts"]) == (trail[0]["hash"], trail[0]["ts"])
    assert found["anchor_id"] == len(trail)


@pytest.mark.parametrize(
    ("statement", "fault", "reason"),
    [
        ("UPDATE audit_logs SET target = 'other' WHERE id = 5", 5, "record 5 was changed"),
        ("UPDATE audit_logs SET user_name = NULL, ts = ts + 1 WHERE id IN (4, 9)", 4,
         "record 4 was changed"),
        ("UPDATE audit_logs SET detail = '{\"a\": 1}' WHERE id = 6", 6, "record 6 was changed"),
        ("UPDATE audit_logs SET detail = 'no JSON' WHERE id = 6", 6, "record 6 was changed"),
        ("UPDATE audit_logs SET detail = x'ff' WHERE id = 6", 6, "record 6 was changed"),
        ("UPDATE audit_logs SET target = x'ff' WHERE id = 6", 6, "record 6 was changed"),
        ("UPDATE audit_logs SET target = CAST(x'ff' AS TEXT) WHERE id = 6", 6,
         "record 6 was changed"),
        ("UPDATE audit_logs SET hash = CAST(x'ff' AS TEXT) WHERE id = 6", 6,
         "record 6 was changed"),
        ("UPDATE audit_logs SET action = 'audit.prune', target = CAST(x'ff' AS TEXT) WHERE id = 6",
         6, "record 6 was changed"),
        ("UPDATE audit_logs SET ts = 'once' WHERE id = 6", 6, "record 6 was changed"),
        ("UPDATE audit_logs SET ts = strftime('%Y-%m-%dT%H:%M:%fZ', ts, 'unixepoch') WHERE id = 6",
         6, "record 6 was changed"),
        ("UPDATE audit_logs SET hash = 'é' WHERE id = 6", 6, "record 6 was changed"),
        ("UPDATE audit_logs SET hash = x'ff' WHERE id = 6", 6, "record 6 was changed"),
        ("UPDATE audit_logs SET action = 'audit.prune', detail = '{' WHERE id = 6", 6,
         "record 6 was changed"),
        ("DELETE FROM audit_logs WHERE id = 5", 5, "record 5 is missing"),
        ("DELETE FROM audit_logs WHERE id IN (3, 4, 5)", 3, "records 3 to 5 are missing"),
        ("DELETE FROM audit_logs WHERE id < 4", 1, "records 1 to 3 are missing"),
        ("DELETE FROM audit_logs WHERE id > 8", 9, "records 9 to 12 are missing at the end"),
        ("DELETE FROM audit_logs", 1, "records 1 to 12 are missing at the end"),
        (
            """UPDATE audit_logs SET action = 'audit.prune', detail = '{"through": 9, "hash": ""}'
            WHERE id = 12""", 12, "record 12 was changed",
        ),
    ],
)  # fmt: skip
async def test_the_first_fault_is_named(
    hub: TestHub, statement: str, fault: int, reason: str
) -> None:
    await fill(hub, 10)
    assert hub.services.audit.noted == 12
    await tamper(hub, statement)
    found = await verify(hub)
    assert (found["ok"], found["fault_id"], found["reason"]) == (False, fault, reason)
    assert found["records"] == fault - 1


async def test_it_is_walked_a_page_at_a_time(hub: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    await fill(hub, 10)
    monkeypatch.setattr(audit_verify, "PAGE", 3)
    assert (await verify(hub))["records"] == 12
    await tamper(hub, "DELETE FROM audit_logs WHERE id = 10")
    assert (await verify(hub))["fault_id"] == 10


async def test_a_gap_at_the_end_stays_when_the_hub_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "hub"
    async with running_hub(folder) as hub:
        await fill(hub, 5)
    with sqlite3.connect(folder / "chatops.db") as database:
        database.execute("DELETE FROM audit_logs WHERE id > 4")
    database.close()
    assert (await offline(folder)).reason == "records 5 to 7 are missing at the end"
    async with running_hub(folder) as hub:
        await fill(hub, 3)
        found = await verify(hub)
        assert (found["fault_id"], found["missing_through"]) == (5, 7)
        assert found["reason"] == "records 5 to 7 are missing"
        ids = [one["id"] for one in (await hub.ok("GET", "/audit"))["items"]]
        assert ids == [11, 10, 9, 8, 4, 3, 2, 1]


async def test_records_removed_from_a_running_hub_stay_missing_too(hub: TestHub) -> None:
    await fill(hub, 5)
    await tamper(hub, "DELETE FROM audit_logs WHERE id > 4")
    await fill(hub, 2)
    assert (await verify(hub))["reason"] == "records 5 to 7 are missing"


@pytest.mark.parametrize(
    ("content", "outcome"),
    [(None, "missing"), (b"", "damaged"), (b"{}", "not the hub's own"), (b"[1]", "damaged")],
)
async def test_without_an_anchor_the_hub_says_so_for_good(
    tmp_path: Path, content: bytes | None, outcome: str
) -> None:
    folder = tmp_path / "hub"
    async with running_hub(folder) as hub:
        await fill(hub, 2)
    path = folder / FILE
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    found = await offline(folder)
    assert not found.ok
    assert f"({FILE}) is {outcome}" in (found.reason or "")
    async with running_hub(folder) as hub:
        (record,) = (await hub.ok("GET", "/audit?action=audit.anchor"))["items"]
        assert (record["outcome"], record["detail"]) == (outcome, {"newest": 4})
        verdict = await verify(hub)
        assert verdict["ok"]
        (warning,) = verdict["warnings"]
        assert outcome in warning
        assert str(record["id"]) in warning


async def test_an_anchor_of_another_hub_is_none(tmp_path: Path) -> None:
    for name in ("one", "other"):
        async with running_hub(tmp_path / name) as hub:
            await fill(hub, 1)
    shutil.copy(tmp_path / "other" / FILE, tmp_path / "one" / FILE)
    assert "not the hub's own" in ((await offline(tmp_path / "one")).reason or "")


async def test_what_is_undone_leaves_no_record_and_no_gap(hub: TestHub) -> None:
    await fill(hub, 1)
    before = (await verify(hub))["records"]
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            await hub.hub.databases.chatops.transact(lambda tx: _note_and_fail(hub, tx))
    await fill(hub, 1)
    found = await verify(hub)
    assert (found["ok"], found["records"]) == (True, before + 1)


def _note_and_fail(hub: TestHub, tx: Any) -> None:
    hub.services.audit.note(tx, Origin(None), "test")
    raise ZeroDivisionError


async def offline(folder: Path) -> AuditVerdict:
    """As ``audit verify --data-dir`` does it, which has no event loop of its own yet."""
    return await asyncio.to_thread(verify_folder, folder)


# -- retention ----------------------------------------------------------------------------


async def walk(hub: TestHub) -> Any:
    """``verify`` past HTTP, whose tokens know nothing of a moved clock."""
    return msgspec.to_builtins(await hub.services.verifier.verify())


async def prunes(hub: TestHub) -> list[Any]:
    found = await hub.services.audit.after(0, 10_000)
    return [entry for entry, _ in found if entry.action == "audit.prune"]


async def test_old_records_go_once_a_day_and_the_rest_still_holds(tmp_path: Path) -> None:
    clock = FakeClock(time.time())
    async with running_hub(tmp_path / "hub", clock=clock, audit_retention=30 * DAY) as hub:
        keeping = Housekeeping(hub.services, hub.hub.fleet)
        await fill(hub, 1200)
        old = hub.services.audit.noted
        clock.advance(20 * DAY)
        await fill(hub, 5)
        clock.advance(11.5 * DAY)
        await anchored(hub)
        await keeping.once()
        found = await walk(hub)
        assert (found["ok"], found["pruned_through"], found["first_id"]) == (True, old, old + 1)
        (record,) = await prunes(hub)
        assert (record.detail["through"], record.user) == (old, None)
        clock.advance(DAY / 2)
        await keeping.once()
        assert len(await prunes(hub)) == 1
        await tamper(hub, f"DELETE FROM audit_logs WHERE id = {old + 1}")
        assert (await walk(hub))["reason"] == f"record {old + 1} is missing"


async def test_a_prune_that_was_interrupted_holds_and_goes_on(tmp_path: Path) -> None:
    clock = FakeClock(time.time())
    async with running_hub(tmp_path / "hub", clock=clock) as hub:
        await fill(hub, 20)
        clock.advance(40 * DAY)
        before = clock.now() - 30 * DAY
        assert await hub.services.audit.prune(before, 5) == 5
        await anchored(hub)
        found = await walk(hub)
        assert (found["ok"], found["first_id"], found["pruned_through"]) == (True, 6, 22)
        counts = [await hub.services.audit.prune(before, 8) for _ in range(4)]
        assert counts == [8, 8, 1, 0]
        assert (await walk(hub))["first_id"] == 23


async def test_records_that_were_made_to_look_old_are_not_removed(tmp_path: Path) -> None:
    async with running_hub(tmp_path / "hub", audit_retention=30 * DAY) as hub:
        await fill(hub, 10)
        await tamper(hub, "UPDATE audit_logs SET ts = ts - 3456000 WHERE id <= 8")
        await Housekeeping(hub.services, hub.hub.fleet).once()
        found = await verify(hub)
        assert (found["ok"], found["fault_id"], found["pruned_through"]) == (False, 1, None)
        assert not await prunes(hub)


async def test_records_stay_for_ever_unless_something_else_is_set(tmp_path: Path) -> None:
    clock = FakeClock(time.time())
    async with running_hub(tmp_path / "hub", clock=clock) as hub:
        clock.advance(5000 * DAY)
        await Housekeeping(hub.services, hub.hub.fleet).once()
        assert await hub.services.audit.after(0, 1)


# -- export -------------------------------------------------------------------------------


async def test_an_export_is_whole_and_goes_on_page_by_page(hub: TestHub) -> None:
    await fill(hub, 10)
    records: list[Any] = []
    cursor = ""
    while True:
        page = await hub.ok("GET", f"/audit/export?limit=5{cursor}")
        records += page["items"]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert [one["id"] for one in records] == list(range(1, 13))
    assert [one["prev_hash"] for one in records[1:]] == [one["hash"] for one in records[:-1]]
    assert (await hub.call("GET", "/audit/export?cursor=x")).status == 422


async def test_a_page_of_long_commands_stays_small(hub: TestHub) -> None:
    for _ in range(60):
        detail = {"command": "x" * 128 * 1024}
        await hub.services.audit.record_alone(Origin(None), "test", detail=detail)
    page = await hub.ok("GET", "/audit/export?limit=100")
    assert 30 < len(page["items"]) < 40
    page = await hub.ok("GET", f"/audit/export?limit=100&cursor={page['next']}")
    assert (len(page["items"]), page["next"]) == (28, None)


async def test_the_recipe_of_the_documentation_verifies_an_export(
    hub: TestHub, tmp_path: Path
) -> None:
    await hub.server("web-1")
    detail = {"command": ["écho", '"\\\x7f\u2028\U0001f600'], "b": {"z": 1, "a": [2.5, None]}}
    await hub.services.audit.record_alone(Origin(None), "test", "ü\n", detail=detail)
    await fill(hub, 5)
    page = await hub.ok("GET", "/audit/export")
    folder = hub.services.settings.folder
    lines = [json.dumps(one, ensure_ascii=False) for one in page["items"]]

    def run(lines: list[str]) -> subprocess.CompletedProcess[str]:
        (tmp_path / "export").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return subprocess.run(
            [sys.executable, "-c", recipe(), folder / "secrets.toml", tmp_path / "export"],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip

    last = page["items"][-1]
    assert run(lines).stdout == (
        f"{len(lines)} records hold, the last is {last['id']} with the hash {last['hash']}\n"
    )
    changed = [one.replace("web-1", "web-2") for one in lines]
    assert "was changed" in run(changed).stderr
    assert "missing before record 4" in run([*lines[:2], *lines[3:]]).stderr


def recipe() -> str:
    """The program in docs/topics/audit.md."""
    text = (ROOT / "docs" / "topics" / "audit.md").read_text(encoding="utf-8")
    (found,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    return str(found)


# -- copies -------------------------------------------------------------------------------


def ids(path: Path) -> list[int]:
    return [json.loads(line)["id"] for line in path.read_text().splitlines()]


async def test_a_file_gets_each_record_once_over_rotation_and_restart(tmp_path: Path) -> None:
    folder, path = tmp_path / "hub", tmp_path / "audit.jsonl"
    async with running_hub(folder, audit_file=path) as hub:
        await fill(hub, 5)
        await until_async(lambda: path.exists() and ids(path)[-1] == 7, what="all records")
        path.rename(tmp_path / "old")
        await fill(hub, 2)
        await until_async(lambda: path.exists() and ids(path)[-1] == 9, what="the rest")
    async with running_hub(folder, audit_file=path) as hub:
        await fill(hub, 1)
        exported = (await hub.ok("GET", "/audit/export"))["items"]
    assert ids(tmp_path / "old") + ids(path) == list(range(1, 12))
    lines = [*(tmp_path / "old").read_text().splitlines(), *path.read_text().splitlines()]
    assert [json.loads(line) for line in lines] == exported


async def test_a_reset_on_the_control_host_is_copied_by_the_next_hub(tmp_path: Path) -> None:
    folder, path = tmp_path / "hub", tmp_path / "audit.jsonl"
    async with running_hub(folder, audit_file=path) as hub:
        await fill(hub, 1)
    await asyncio.to_thread(reset_password, folder, "admin", lambda _: PASSWORD)
    async with running_hub(folder, audit_file=path) as hub:
        exported = (await hub.ok("GET", "/audit/export"))["items"]
        await until_async(lambda: len(ids(path)) >= len(exported), what="all records")
    told = [json.loads(line) for line in path.read_text().splitlines()]
    assert told == exported
    assert [one["action"] for one in told if one["address"] == "local"] == ["users.update"]


async def test_a_copy_that_fails_is_told_and_catches_up(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "log"
    async with running_hub(tmp_path / "hub", audit_syslog=str(path)) as hub:
        viewer = await hub.user("eve", "viewer")
        await fill(hub, 3)
        (feed,) = hub.hub.tail.feeds
        await until_async(lambda: feed.failing is not None, what="the failure")
        (warning,) = (await hub.ok("GET", "/status"))["warnings"]
        assert f"not copied to syslog:{path}: it is not there" in warning
        assert (await hub.ok("GET", "/status", token=viewer))["warnings"] == []
        assert caplog.text.count("cannot be copied") == 1
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
            listener.bind(str(path))
            listener.setblocking(False)
            await feed.catch_up()
            count = hub.services.audit.noted
            got = [json.loads(listener.recv(65_536).partition(b": ")[2]) for _ in range(count)]
            assert [one["id"] for one in got] == list(range(1, count + 1))
            assert (await hub.ok("GET", "/status"))["warnings"] == []


async def test_a_copy_begins_with_what_comes_after_it_was_set_up(tmp_path: Path) -> None:
    folder, path = tmp_path / "hub", tmp_path / "audit.jsonl"
    async with running_hub(folder) as hub:
        await fill(hub, 3)
    async with running_hub(folder, audit_file=path) as hub:
        await fill(hub, 1)
    assert ids(path) == [6, 7]
