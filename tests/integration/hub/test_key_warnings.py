"""Keys are warned of before they end, end on time, and tell when two agents share one."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from chatops.clock import FakeClock
from chatops.protocol.facts import HostFacts
from chatops.server.services.key_warnings import SOON
from tests.support.hub import TestHub, running_hub
from tests.support.waiting import until_async

DAY = 86_400.0
ONE = HostFacts(hostname="one", machine_id="m1")
TWO = HostFacts(hostname="two", machine_id="m2")


async def _key(hub: TestHub, server: str, name: str, days: float) -> Any:
    body = {"server": server, "name": name, "expires_in": days * DAY}
    return await hub.ok("POST", "/api-keys", body)


async def _reasons(hub: TestHub, event: str) -> list[str | None]:
    events = (await hub.ok("GET", "/events?server=web-1"))["items"]
    return [one["reason"] for one in events if one["event"] == event]


async def test_status_names_the_keys_that_expire_soon(hub: TestHub) -> None:
    await hub.server("web-1")
    await _key(hub, "web-1", "later", 20)
    await _key(hub, "web-1", "soon", 13)
    await _key(hub, "web-1", "sooner", 1)
    gone = await _key(hub, "web-1", "revoked", 2)
    await hub.ok("DELETE", f"/api-keys/{gone['id']}")
    found = (await hub.ok("GET", "/status"))["keys_expiring"]
    assert [(one["server"], one["name"]) for one in found] == [
        ("web-1", "sooner"),
        ("web-1", "soon"),
    ]
    assert found[0]["expires_at"] > found[0]["expires_at"][:4]
    ann = await hub.user("ann", "operator")
    hers = await hub.ok("GET", "/status", token=ann)
    assert (hers["keys_expiring"], hers["keys_shared"]) == ([], [])


async def test_the_log_and_the_agent_are_told_once_a_day(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = FakeClock(time.time())
    async with running_hub(tmp_path / "hub", clock=clock) as hub:
        server_id = (await hub.server("web-1"))["id"]
        made = await _key(hub, "web-1", "short", 15)
        warnings = hub.services.key_warnings

        def said() -> int:
            return sum("the key short" in one for one in caplog.messages)

        async with await hub.agent(made["key"]) as agent:
            await agent.expect("auth_success")
            await warnings.look()
            assert said() == 0
            clock.advance(1.5 * DAY - 1)
            hub.services.agents.heard(hub.services.agents.session(server_id))
            await warnings.look()
            notice = await agent.expect("notice")
            assert notice["code"] == "key_expiring"
            assert "the key short" in notice["message"]
            assert made["key"][13:] not in notice["message"]
            clock.advance(3600)
            await warnings.look()
            assert said() == 1
            clock.advance(DAY)
            await warnings.look()
            assert said() == 2


async def test_an_agent_that_comes_with_such_a_key_is_told_at_once(hub: TestHub) -> None:
    await hub.server("web-1")
    made = await _key(hub, "web-1", "short", SOON / DAY - 1)
    async with await hub.agent(made["key"]) as agent:
        assert (await agent.expect("notice"))["code"] == "key_expiring"


async def test_a_key_that_expires_ends_its_connection(tmp_path: Path) -> None:
    clock = FakeClock(time.time())
    async with running_hub(tmp_path / "hub", clock=clock) as hub:
        await hub.server("web-1")
        made = await _key(hub, "web-1", "short", 5 / DAY)
        async with await hub.agent(made["key"]) as agent:
            await agent.expect("auth_success")
            clock.advance(6)
            code, frames = await agent.closed()
            assert (code, frames[-1]["code"]) == (4012, "key_expired")
        async with await hub.agent(made["key"]) as agent:
            code, _ = await agent.closed()
            assert code == 4012


async def test_two_machines_with_one_key_are_told_of_everywhere(
    hub: TestHub, caplog: pytest.LogCaptureFixture
) -> None:
    made = (await hub.server("web-1"))["key"]
    one = await hub.agent(made["key"], instance="a", host=ONE)
    await one.expect("auth_success")
    two = await hub.agent(made["key"], instance="b", host=TWO)
    await two.expect("auth_success")
    assert (await hub.ok("GET", "/status"))["keys_shared"] == []  # it may have moved
    back = await hub.agent(made["key"], instance="a", host=ONE)
    notice = await back.expect("notice")
    assert notice["code"] == "key_shared"
    assert "two (127.0.0.1) and one (127.0.0.1)" in notice["message"]
    (shared,) = (await hub.ok("GET", "/status"))["keys_shared"]
    assert (shared["server"], shared["agents"]) == ("web-1", ["two (127.0.0.1)", "one (127.0.0.1)"])
    text = "two machines are using one identity: two (127.0.0.1) and one (127.0.0.1)"

    async def recorded() -> bool:
        return await _reasons(hub, "replaced") == [
            text,
            "another machine (two) connected with the same key",
        ]

    await until_async(recorded, what="the events")
    assert await _reasons(hub, "connected") == [None, "another machine than before: two", None]
    assert any("two machines are using one identity" in one for one in caplog.messages)
    for agent in (one, two, back):
        await agent.close()
    await hub.ok("DELETE", f"/api-keys/{made['id']}")
    assert (await hub.ok("GET", "/status"))["keys_shared"] == []


async def test_they_are_found_when_they_are_never_there_together(hub: TestHub) -> None:
    key = (await hub.server("web-1"))["key"]["key"]
    for instance in ("a", "b", "a"):
        async with await hub.agent(key, instance=instance) as agent:
            await agent.expect("auth_success")
        await hub.wait_status("web-1", "offline")
    (shared,) = (await hub.ok("GET", "/status"))["keys_shared"]
    assert shared["server"] == "web-1"
    assert "a cloned machine" in str((await _reasons(hub, "connected"))[0])


async def test_restarts_share_nothing(hub: TestHub) -> None:
    key = (await hub.server("web-1"))["key"]["key"]
    for number in range(12):
        for _ in range(2):
            async with await hub.agent(key, instance=f"i{number}") as agent:
                await agent.expect("auth_success")
    await until_async(lambda: len(hub.services.agents) == 0)
    assert (await hub.ok("GET", "/status"))["keys_shared"] == []
    assert set(await _reasons(hub, "connected")) == {None}


async def test_others_do_not_hear_of_it(hub: TestHub) -> None:
    key = (await hub.server("web-1"))["key"]["key"]
    for instance in ("a", "b", "a"):
        async with await hub.agent(key, instance=instance) as agent:
            await agent.expect("auth_success")
    ann = await hub.user("ann", "operator")
    assert (await hub.ok("GET", "/status", token=ann))["keys_shared"] == []
    assert len((await hub.ok("GET", "/status"))["keys_shared"]) == 1
