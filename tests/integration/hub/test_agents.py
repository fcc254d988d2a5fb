"""Agents' connections: let in, replaced, refused, silent, gone."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from chatops.clock import FakeClock
from chatops.protocol.messages import HostFacts, Ping
from tests.support.hub import TestHub, auth_message, metrics_message, running_hub
from tests.support.waiting import until_async


async def test_an_agent_connects_and_its_host_is_known(hub: TestHub) -> None:
    key = (await hub.server("web-1"))["key"]["key"]
    assert (await hub.ok("GET", "/servers/web-1"))["status"] == "never"
    async with await hub.agent(key, time=time.time() + 7) as agent:
        success = await agent.expect("auth_success")
        assert (success["name"], success["interval"]) == ("web-1", 5.0)
        shown = await hub.ok("GET", "/servers/web-1")
        assert (shown["status"], shown["os"], shown["allow"]) == ("online", "Stub OS", ["exec"])
        assert shown["host"]["hostname"] == "stub"
        assert 5 < shown["clock_skew_s"] < 8
    await hub.wait_status("web-1", "offline")
    events = (await hub.ok("GET", "/events?server=web-1"))["items"]
    assert [one["event"] for one in events] == ["disconnected", "connected"]


async def test_pings_are_answered(hub: TestHub) -> None:
    key = (await hub.server("web-1"))["key"]["key"]
    async with await hub.agent(key) as agent:
        await agent.send(Ping(id=77))
        assert (await agent.expect("pong"))["id"] == 77


async def test_the_newest_connection_wins_and_the_old_ones_end_leaves_it_alone(
    hub: TestHub,
) -> None:
    key = (await hub.server("web-1"))["key"]["key"]
    async with await hub.agent(key) as first:
        await first.expect("auth_success")
        async with await hub.agent(key) as second:
            await second.expect("auth_success")
            code, frames = await first.closed()
            assert code == 4020
            assert frames[-1]["code"] == "replaced"
            await second.send(metrics_message(1, time.time()))
            await second.expect("metrics_ack")
            assert (await hub.ok("GET", "/servers/web-1"))["status"] == "online"


async def test_two_machines_with_one_key_are_noticed(hub: TestHub) -> None:
    key = (await hub.server("web-1"))["key"]["key"]
    sockets = []
    for number in range(5):
        facts = HostFacts(hostname=f"host-{number % 2}", machine_id=f"m{number % 2}")
        agent = await hub.agent(key, host=facts)
        await agent.expect("auth_success")
        sockets.append(agent)

    async def noticed() -> bool:
        events = (await hub.ok("GET", "/events?server=web-1"))["items"]
        reasons = [one["reason"] for one in events if one["event"] == "replaced"]
        return any("two machines" in reason for reason in reasons)

    await until_async(noticed, what="an event about two machines")
    for agent in sockets:
        await agent.close()


@pytest.mark.parametrize(
    ("spoil", "reason", "code"),
    [
        ("unknown", "key_unknown", 4010),
        ("revoked", "key_revoked", 4011),
        ("gone", "key_unknown", 4010),
    ],
)
async def test_a_bad_key_is_refused_with_the_reason(
    hub: TestHub, spoil: str, reason: str, code: int
) -> None:
    made = await hub.server("web-1")
    key = made["key"]["key"]
    if spoil == "unknown":
        key = key[:-3] + "AAA"
    elif spoil == "revoked":
        await hub.ok("DELETE", f"/api-keys/{made['key']['id']}")
    else:
        await hub.call("DELETE", "/servers/web-1")
    async with await hub.agent(key) as agent:
        got, frames = await agent.closed()
        assert (got, frames[-1]["code"]) == (code, reason)
    refused = [
        one for one in (await hub.ok("GET", "/events"))["items"] if one["event"] == "refused"
    ]
    assert [one["reason"] for one in refused] == [reason]


async def test_an_expired_key_is_refused(tmp_path: Path) -> None:
    clock = FakeClock(time.time())
    async with running_hub(tmp_path / "hub", clock=clock) as hub:
        await hub.server("web-1")
        made = await hub.ok("POST", "/api-keys", {"server": "web-1", "expires_in": 60})
        clock.advance(61)
        async with await hub.agent(made["key"]) as agent:
            code, frames = await agent.closed()
            assert (code, frames[-1]["code"]) == (4012, "key_expired")


async def test_revoking_a_key_cuts_the_connection_that_uses_it(hub: TestHub) -> None:
    made = (await hub.server("web-1"))["key"]
    other = await hub.ok("POST", "/api-keys", {"server": "web-1", "name": "second"})
    async with await hub.agent(made["key"]) as agent:
        await agent.expect("auth_success")
        await hub.ok("DELETE", f"/api-keys/{other['id']}")
        await agent.send(Ping(id=1))
        await agent.expect("pong")
        await hub.ok("DELETE", f"/api-keys/{made['id']}")
        code, frames = await agent.closed()
        assert (code, frames[-1]["code"]) == (4011, "key_revoked")
    assert (await hub.call("DELETE", f"/api-keys/{made['id']}")).status == 409


async def test_removing_a_server_ends_its_agent_for_good(hub: TestHub) -> None:
    key = (await hub.server("web-1"))["key"]["key"]
    async with await hub.agent(key) as agent:
        await agent.expect("auth_success")
        assert (await hub.call("DELETE", "/servers/web-1")).status == 204
        code, frames = await agent.closed()
        assert (code, frames[-1]["code"]) == (4013, "server_removed")
    assert (await hub.call("GET", "/servers/web-1")).status == 404


async def test_a_silent_agent_is_pinged_and_then_dropped(tmp_path: Path) -> None:
    clock = FakeClock(time.time())
    async with running_hub(tmp_path / "hub", clock=clock) as hub:
        key = (await hub.server("web-1"))["key"]["key"]
        async with await hub.agent(key) as agent:
            await agent.expect("auth_success")
            clock.advance(11)
            await agent.expect("ping")
            clock.advance(15)
            code, frames = await agent.closed()
            assert (code, frames[-1]["code"]) == (4021, "silent")
        await hub.wait_status("web-1", "offline")


async def test_a_peer_that_never_reads_again_is_dropped_all_the_same(tmp_path: Path) -> None:
    clock = FakeClock(time.time())
    async with running_hub(tmp_path / "hub", clock=clock) as hub:
        key = (await hub.server("web-1"))["key"]["key"]
        async with await hub.agent(key) as agent:
            await agent.expect("auth_success")
            transport = agent.socket.transport
            transport.pause_reading()  # as if the cable were cut: no FIN, no answer
            clock.advance(11)
            await asyncio.sleep(0)
            clock.advance(16)
            await hub.wait_status("web-1", "offline")
            transport.resume_reading()


async def test_agents_are_told_when_the_hub_stops(tmp_path: Path) -> None:
    async with running_hub(tmp_path / "hub") as hub:
        key = (await hub.server("web-1"))["key"]["key"]
        agent = await hub.agent(key)
        await agent.expect("auth_success")
        stopping = asyncio.ensure_future(hub.hub.stop())  # noqa: TID251
        code, frames = await agent.closed()
        await stopping
        assert (code, frames[-1]["code"]) == (1001, "hub_stopping")


async def test_another_protocol_version_is_told_so(hub: TestHub) -> None:
    key = (await hub.server("web-1"))["key"]["key"]
    async with await hub.raw_agent() as agent:
        await agent.send(auth_message(key, protocol=99))
        code, frames = await agent.closed()
        assert (code, frames[-1]["code"]) == (4022, "protocol_version")
        assert "99" in frames[-1]["message"]


async def test_last_seen_survives_the_hub(tmp_path: Path) -> None:
    async with running_hub(tmp_path / "hub") as hub:
        key = (await hub.server("web-1"))["key"]["key"]
        agent = await hub.agent(key)
        await agent.expect("auth_success")
        await agent.close()
        await hub.wait_status("web-1", "offline")
        before = (await hub.ok("GET", "/servers/web-1"))["last_seen"]
    async with running_hub(tmp_path / "hub") as hub:
        shown = await hub.ok("GET", "/servers/web-1")
        assert shown["status"] == "offline"
        assert shown["last_seen"][:19] == before[:19]
