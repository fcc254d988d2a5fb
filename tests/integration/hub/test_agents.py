"""Agents' connections: let in, replaced, refused, silent, gone."""

from __future__ import annotations

import asyncio
import gc
import time
from pathlib import Path

import pytest
from aiohttp.http import RawRequestMessage

from chatops.clock import FakeClock
from chatops.protocol.facts import ExecFacts, HostFacts, PolicyFacts
from chatops.protocol.limits import EVENT_BURST, MAX_POLICY_RULES, MAX_POLICY_TEXT
from chatops.protocol.messages import Error, Ping
from chatops.server.crud.api_keys import AgentKey
from chatops.server.http import HubRequestHandler
from chatops.server.ws import agents
from tests.support.databases import failing
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

    async def recorded() -> bool:
        events = (await hub.ok("GET", "/events?server=web-1"))["items"]
        return [one["event"] for one in events] == ["disconnected", "connected"]

    await until_async(recorded, what="the event of its end")


async def test_a_connected_agent_holds_no_head_of_a_request(hub: TestHub) -> None:
    key = (await hub.server("web-1"))["key"]["key"]
    async with await hub.agent(key) as agent:
        await agent.expect("auth_success")
        (handler,) = [
            one for one in gc.get_objects()
            if type(one) is HubRequestHandler and one.transport and one._payload_parser
        ]  # fmt: skip
        assert handler._parser is None
        assert handler._current_request is not None
        assert not handler._current_request.headers
        assert not handler._current_request.raw_headers
        heads = [one for one in gc.get_objects() if type(one) is RawRequestMessage]
        assert not [one for one in heads if one.path.endswith("/agents/ws") and one.headers]


async def test_what_an_agent_says_of_its_policy_is_shown_and_bounded(hub: TestHub) -> None:
    key = (await hub.server("web-1"))["key"]["key"]
    said = PolicyFacts(
        allow=["exec"] * 999,
        exec=ExecFacts(commands=["x" * 999] * 999, user="deploy", folders=["/srv"], timeout=60.0),
    )
    async with await hub.agent(key, policy=said) as agent:
        await agent.expect("auth_success")
        shown = await hub.ok("GET", "/servers/web-1")
        assert len(shown["allow"]) == MAX_POLICY_RULES
        assert len(shown["exec"]["commands"]) == MAX_POLICY_RULES
        assert {len(one) for one in shown["exec"]["commands"][:-1]} == {MAX_POLICY_TEXT}
        assert (shown["exec"]["user"], shown["exec"]["folders"]) == ("deploy", ["/srv"])
        assert (shown["exec"]["timeout"], shown["exec"]["env_allow"]) == (60.0, None)
    async with await hub.agent(key, policy=PolicyFacts()) as agent:
        await agent.expect("auth_success")
        shown = await hub.ok("GET", "/servers/web-1")
        assert (shown["allow"], shown["exec"]) == ([], None)


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


async def test_another_protocol_version_is_an_event(hub: TestHub) -> None:
    key = (await hub.server("web-1"))["key"]["key"]
    async with await hub.agent(key, protocol=99) as agent:
        await agent.closed()
    (event,) = (await hub.ok("GET", "/events?server=web-1"))["items"]
    assert (event["event"], event["reason"]) == ("refused", "protocol_version")


@pytest.mark.parametrize(
    ("method", "path", "reason"),
    [("DELETE", "/api-keys/{key}", "key_revoked"), ("DELETE", "/servers/web-1", "server_removed")],
)
async def test_a_key_that_is_revoked_during_the_handshake_lets_nobody_in(
    hub: TestHub, monkeypatch: pytest.MonkeyPatch, method: str, path: str, reason: str
) -> None:
    made = (await hub.server("web-1"))["key"]
    check = hub.services.keys.check

    async def check_and_lose(text: str) -> AgentKey:
        found = await check(text)
        assert (await hub.call(method, path.format(key=made["id"]))).status < 300
        return found

    monkeypatch.setattr(hub.services.keys, "check", check_and_lose)
    async with await hub.agent(made["key"]) as agent:
        _, frames = await agent.closed()
        assert [frame["code"] for frame in frames] == [reason]
    assert len(hub.services.agents) == 0


async def test_what_an_ended_session_still_says_does_not_count(hub: TestHub) -> None:
    made = await hub.server("web-1")
    async with await hub.agent(made["key"]["key"]) as agent:
        await agent.expect("auth_success")
        hub.services.agents.unregister_agent(made["id"])
        await agent.send(metrics_message(1, time.time()))
        assert await agent.next() is None
    assert (await hub.call("GET", "/metrics/web-1")).code == "no_sample"


async def test_a_busy_hub_says_so_and_the_agent_is_back_when_it_can(hub: TestHub) -> None:
    key = (await hub.server("web-1"))["key"]["key"]
    async with failing(hub.hub.databases.chatops):
        async with await hub.agent(key) as agent:
            code, frames = await agent.closed()
            assert (code, frames[-1]["code"]) == (1013, "busy")
        async with await hub.agent(key[:-3] + "AAA") as agent:
            code, frames = await agent.closed()
            assert (code, frames[-1]["code"]) == (4010, "key_unknown")
        assert len(hub.services.agents) == 0
    async with await hub.agent(key) as agent:
        await agent.expect("auth_success")


async def test_a_handshake_that_fails_halfway_leaves_no_session(hub: TestHub) -> None:
    key = (await hub.server("web-1"))["key"]["key"]
    async with await hub.agent(key) as agent:
        await agent.expect("auth_success")
        body = {"target": "web-1", "command": "true", "mode": "detach"}
        await hub.ok("POST", "/commands", body)
        await agent.expect("command")
    await hub.wait_status("web-1", "offline")

    async def connecting(*_: object) -> None:
        """As if it had been recorded before the disk failed."""

    fleet = hub.hub.fleet
    async with failing(hub.hub.databases.chatops):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(fleet), "connecting", connecting)
            async with await hub.agent(key) as agent:  # it no longer knows the command
                code, frames = await agent.closed()
                assert (code, frames[-1]["code"]) == (1013, "busy")
        assert len(hub.services.agents) == 0


async def test_dead_links_are_found_also_after_the_disk_failed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = FakeClock(time.time())
    async with running_hub(tmp_path / "hub", clock=clock) as hub:
        key = (await hub.server("web-1"))["key"]["key"]
        async with await hub.agent(key) as agent:
            await agent.expect("auth_success")
            body = {"target": "web-1", "command": "true", "mode": "detach"}
            await hub.ok("POST", "/commands", body)
            await agent.expect("command")
        await hub.wait_status("web-1", "offline")
        async with failing(hub.hub.databases.chatops):
            clock.advance(120)
            await until_async(lambda: "the disk failed" in caplog.text)
        async with await hub.agent(key) as agent:
            await agent.expect("auth_success")
            clock.advance(11)
            await agent.expect("ping")


async def test_clones_of_one_machine_are_noticed(hub: TestHub) -> None:
    key = (await hub.server("web-1"))["key"]["key"]
    sockets = []
    for number in range(5):
        agent = await hub.agent(key, instance=f"i{number % 2}")
        await agent.expect("auth_success")
        sockets.append(agent)

    async def noticed() -> bool:
        events = (await hub.ok("GET", "/events?server=web-1"))["items"]
        return any("two agents" in (one["reason"] or "") for one in events)

    await until_async(noticed, what="an event about two agents")
    for agent in sockets:
        await agent.close()


async def test_one_agent_that_comes_back_fights_nobody(hub: TestHub) -> None:
    key = (await hub.server("web-1"))["key"]["key"]
    sockets = [await hub.agent(key) for _ in range(5)]
    for agent in sockets:
        await agent.expect("auth_success")

    async def replaced() -> list[str]:
        events = (await hub.ok("GET", "/events?server=web-1"))["items"]
        reasons = [one["reason"] for one in events if one["event"] == "replaced"]
        return reasons if len(reasons) == 4 else []

    assert set(await until_async(replaced)) == {"the same agent connected again"}
    for agent in sockets:
        await agent.close()


async def test_an_agent_that_lets_too_much_pile_up_has_to_come_again(
    hub: TestHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agents, "MAX_AGENT_BACKLOG", 64 * 1024)
    key = (await hub.server("web-1"))["key"]["key"]
    async with await hub.agent(key) as agent:
        await agent.expect("auth_success")
        (session,) = hub.services.agents.sessions()
        taken = [session.post(Error(code="x", message="x" * 1024)) for _ in range(100)]
        assert 50 < sum(taken) < 70
        assert not any(taken[sum(taken) :])
        code, frames = await agent.closed()
        assert (code, frames[-1]["code"]) == (4021, "silent")
    await hub.wait_status("web-1", "offline")


async def test_the_end_of_a_connection_has_its_reason(hub: TestHub) -> None:
    key = (await hub.server("web-1"))["key"]["key"]
    for ending in ("stopped", "cut"):
        agent = await hub.agent(key)
        await agent.expect("auth_success")
        if ending == "stopped":
            await agent.socket.close(1000, "agent_stopping")
        else:
            agent.socket.transport.abort()
            await agent.closed()
        await hub.wait_status("web-1", "offline")

    async def reasons() -> list[str]:
        events = (await hub.ok("GET", "/events?server=web-1"))["items"]
        return [one["reason"] for one in events if one["event"] == "disconnected"]

    async def both() -> bool:
        return await reasons() == ["connection lost", "agent_stopping"]

    await until_async(both, what="two different reasons")


async def test_an_agent_that_comes_and_goes_without_end_fills_no_disk(tmp_path: Path) -> None:
    connections = 2 * EVENT_BURST
    async with running_hub(tmp_path / "hub") as hub:
        key = (await hub.server("web-1"))["key"]["key"]
        for _ in range(connections):
            async with await hub.agent(key) as agent:
                await agent.expect("auth_success")
        await hub.wait_status("web-1", "offline")
        events = (await hub.ok("GET", "/events?server=web-1"))["items"]
        assert EVENT_BURST - 1 <= len(events) <= EVENT_BURST
    async with running_hub(tmp_path / "hub") as hub:  # the end of the hub waits for nothing
        events = (await hub.ok("GET", "/events?server=web-1&limit=1000"))["items"]
        assert len(events) == EVENT_BURST + 1
        assert (events[0]["event"], events[0]["ts"] > events[1]["ts"]) == ("disconnected", True)
        missing = int(events[0]["reason"].split("; ")[1].split()[0])
        assert missing + len(events) == 2 * connections
        assert (await hub.ok("GET", "/servers/web-1"))["last_seen"] is not None
