"""Settings that an administrator changes while the hub runs."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

from chatops.options import parse, text_of
from chatops.server.housekeeping import Housekeeping
from chatops.server.services.event_pace import Moment
from chatops.server.services.settings import LIVE
from chatops.server.settings import HubSettings
from tests.support.hub import PASSWORD, TestHub, running_hub


async def put(hub: TestHub, key: str, value: object) -> Any:
    return await hub.ok("PUT", f"/settings/{key}", {"value": value})


async def test_they_are_listed_with_where_they_come_from(tmp_path: Path) -> None:
    async with running_hub(tmp_path / "hub", request_limit=300) as hub:
        await put(hub, "raw_retention", "48h")
        items = {one["key"]: one for one in (await hub.ok("GET", "/settings"))["items"]}
        assert set(items) == set(LIVE)
        found = {key: (one["text"], one["source"]) for key, one in items.items()}
        assert found["logs_retention"] == ("30d", "default")
        assert found["request_limit"] == ("300", "config")
        assert found["raw_retention"] == ("2d", "set")
        one = items["raw_retention"]
        assert (one["value"], one["configured"], one["kind"]) == (172_800, 86_400, "duration")
        assert (one["changed_by"], bool(one["changed_at"])) == ("admin", True)
        assert await hub.ok("GET", "/settings/raw_retention") == one


@pytest.mark.parametrize("one", LIVE.values(), ids=LIVE)
def test_each_has_a_text_that_means_the_same(one: Any) -> None:
    assert parse(one, text_of(one, one.default), one.name) == one.default


async def test_a_change_holds_at_once_and_after_a_restart(tmp_path: Path) -> None:
    folder = tmp_path / "hub"
    async with running_hub(folder) as hub:
        await put(hub, "logs_retention", "7d")
        await put(hub, "subscriber_buffer", 65_536)
        assert hub.services.settings.logs_retention == 7 * 86_400
    async with running_hub(folder, logs_retention=3 * 86_400.0) as hub:
        one = await hub.ok("GET", "/settings/logs_retention")
        assert (one["text"], one["source"], one["configured"]) == ("7d", "set", 3 * 86_400)
        assert hub.services.settings.subscriber_buffer == 65_536
        back = await hub.ok("DELETE", "/settings/logs_retention")
        assert (back["text"], back["source"], back["changed_by"]) == ("3d", "config", None)
        assert await hub.ok("DELETE", "/settings/logs_retention") == back
        assert hub.services.settings.logs_retention == 3 * 86_400
    async with running_hub(folder) as hub:
        assert (await hub.ok("GET", "/settings/logs_retention"))["source"] == "default"
        assert (await hub.ok("GET", "/settings/subscriber_buffer"))["text"] == "64KiB"


async def test_changes_are_audited_with_both_values(hub: TestHub) -> None:
    await put(hub, "events_retention", "60d")
    await put(hub, "events_retention", "30d")
    await hub.ok("DELETE", "/settings/events_retention")
    await hub.ok("DELETE", "/settings/events_retention")
    audit = (await hub.ok("GET", "/audit?action=settings."))["items"]
    assert [(one["action"], one["target"], one["detail"], one["user"]) for one in audit] == [
        ("settings.reset", "events_retention", {"old": "30d", "new": "90d"}, "admin"),
        ("settings.set", "events_retention", {"old": "60d", "new": "30d"}, "admin"),
        ("settings.set", "events_retention", {"old": "90d", "new": "60d"}, "admin"),
    ]


@pytest.mark.parametrize(
    ("key", "value", "hint"),
    [
        ("raw_retention", "5m", "the least is 1h"),
        ("raw_retention", "soon", "write it like"),
        ("raw_retention", -1, None),
        ("raw_retention", "1e9", "write it like"),
        ("request_limit", 99, "the least is 100"),
        ("request_limit", 150.5, None),
        ("request_limit", "", None),
        ("raw_retention", 1e18, None),
        ("subscriber_buffer", "1 GB of it", "write it like"),
        ("audit_retention", "29d", "the least is 30d; 0 keeps them for ever"),
        ("registration", "perhaps", None),
        ("registration", 1, None),
    ],
)
async def test_what_makes_no_sense_changes_nothing(
    hub: TestHub, key: str, value: object, hint: str | None
) -> None:
    before = await hub.ok("GET", f"/settings/{key}")
    answer = await hub.call("PUT", f"/settings/{key}", {"value": value})
    assert (answer.status, answer.code) == (422, "invalid"), answer.body
    assert key in answer.body["error"]["message"]
    assert (hint or "") in answer.body["error"].get("hint", "")
    assert await hub.ok("GET", f"/settings/{key}") == before


async def test_a_number_that_is_too_large_to_reckon_with_changes_nothing(hub: TestHub) -> None:
    for key in ("sign_in_account_limit", "request_limit", "subscriber_buffer", "raw_retention"):
        data = b'{"value": 1' + b"0" * 400 + b"}"
        answer = await hub.call("PUT", f"/settings/{key}", data=data)
        assert (answer.status, answer.code) == (422, "invalid"), answer.body
    assert {one["source"] for one in (await hub.ok("GET", "/settings"))["items"]} == {"default"}


async def test_what_is_no_setting_is_not_found(hub: TestHub) -> None:
    for method, body in (("GET", None), ("PUT", {"value": "1"}), ("DELETE", None)):
        for key in ("nonsense", "admin_password", "data_dir", "audit_file", "port"):
            answer = await hub.call(method, f"/settings/{key}", body)
            assert (answer.status, answer.code) == (404, "not_found")
            assert answer.body["error"]["hint"]


async def test_a_stored_value_that_lost_its_sense_is_left_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "hub"
    async with running_hub(folder) as hub:
        await put(hub, "raw_retention", "48h")
    with sqlite3.connect(folder / "chatops.db") as database:
        database.execute("UPDATE settings SET value = '1.0'")
        database.execute("INSERT INTO settings VALUES ('of_old', '1', 1.0, NULL)")
    database.close()
    async with running_hub(folder) as hub:
        assert (await hub.ok("GET", "/settings/raw_retention"))["source"] == "default"
    assert "raw_retention cannot be 1s" in caplog.text
    assert "of_old" in caplog.text
    with sqlite3.connect(folder / "chatops.db") as database:
        assert database.execute("SELECT count(*) FROM settings").fetchone() == (2,)
    database.close()


# -- each is obeyed at once ---------------------------------------------------------------


async def test_registration(hub: TestHub) -> None:
    body = {"username": "new", "password": PASSWORD}
    assert (await hub.call("POST", "/auth/register", body, token=None)).status == 403
    await put(hub, "registration", "open")
    assert (await hub.call("GET", "/health", token=None)).body["registration"] == "open"
    assert (await hub.call("POST", "/auth/register", body, token=None)).status == 201


async def test_the_limits_of_sign_ins(hub: TestHub) -> None:
    async def failures(name: str, count: int) -> list[int]:
        body = {"username": name, "password": "wrong"}
        made = [await hub.call("POST", "/auth/login", body, token=None) for _ in range(count)]
        return [one.status for one in made]

    await put(hub, "sign_in_account_limit", 2)
    assert await failures("ada", 3) == [401, 401, 429]
    await put(hub, "sign_in_address_limit", 1)
    assert await failures("bob", 3) == [401, 429, 429]


async def test_the_limit_of_requests(hub: TestHub) -> None:
    await put(hub, "request_limit", 100)
    statuses = [(await hub.call("GET", "/health", token=None)).status for _ in range(400)]
    assert 429 in statuses
    assert statuses.index(429) >= 90


async def test_the_patience_with_silent_agents(hub: TestHub) -> None:
    await put(hub, "lost_after", "5s")
    assert hub.services.commands.lost_after == 5.0
    await hub.ok("DELETE", "/settings/lost_after")
    assert hub.services.commands.lost_after == HubSettings().lost_after


async def test_retention(hub: TestHub) -> None:
    events = hub.services.events
    async with hub.hub.databases.chatops.write() as session:
        await events.record(session, Moment("refused", None, time.time(), "::1"))
        await (await session.connection()).exec_driver_sql(
            "UPDATE connection_events SET ts = ts - 172800"
        )
    keeping = Housekeeping(hub.services, hub.hub.fleet)
    await keeping.once()
    assert len((await hub.ok("GET", "/events"))["items"]) == 1
    await put(hub, "events_retention", "1d")
    await keeping.once()
    assert (await hub.ok("GET", "/events"))["items"] == []
