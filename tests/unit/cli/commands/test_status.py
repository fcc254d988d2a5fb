"""``chatops status``: the hub in numbers, and the keys that need somebody."""

from __future__ import annotations

from typing import Any

from tests.support.fake_hub import FakeHub, Reply, error, page
from tests.support.samples import HOSTILE, THEN
from tests.unit.cli.commands.test_alerts import alert
from tests.unit.cli.conftest import Invoke

CALM: dict[str, Any] = {
    "version": "0.1.0",
    "url": "http://127.0.0.1:8765",
    "uptime_s": 60.0,
    "servers": {"total": 2, "online": 1, "offline": 1, "never": 0},
    "alerts": {"firing": 0, "pending": 0},
}
KEYS: dict[str, Any] = {
    "keys_expiring": [{"id": "k", "server": "web-1", "name": "spare", "expires_at": THEN}],
    "keys_shared": [{"server": "db-1", "ts": THEN, "agents": ["one (192.0.2.1)", HOSTILE]}],
}


def test_keys_that_need_somebody_are_named_on_stderr(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /status", Reply(body={**CALM, **KEYS}))
    done = cli("status")
    lines = done.err.splitlines()
    assert [line.split(":")[0] for line in lines] == ["warning", "hint", "warning", "hint"]
    assert "the key spare of web-1 expires at 2026-" in lines[0]
    assert "two agents use the key of db-1: one (192.0.2.1) and" in lines[2]
    assert not set("\x1b\x9b\u202e") & set(done.err)


def test_machines_find_them_in_the_fields(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /status", Reply(body={**CALM, **KEYS}))
    done = cli("status", "-o", "json")
    assert {name: done.json()[name] for name in KEYS} == KEYS
    assert done.err == ""


def test_nothing_is_said_when_all_is_well(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /status", Reply(body=CALM))
    assert cli("status").err == ""
    assert cli("status", "-o", "json").json()["keys_expiring"] == []


def test_people_read_how_many_alerts_are_critical(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /status", Reply(body={**CALM, "alerts": {"firing": 3, "pending": 0}}))
    hub.on("GET /alerts", page(alert(), alert()))
    assert "3 (2 critical)" in cli("status").out
    asked = hub.asked[-1].query
    assert (asked["state"], asked["severity"]) == (["firing"], ["critical"])
    assert cli("status", "-o", "json").json()["alerts"] == {"firing": 3, "pending": 0}
    hub.on("GET /alerts", error(503, "busy", "not now"))
    done = cli("status")
    assert done.code == 0
    assert "critical" not in done.out
