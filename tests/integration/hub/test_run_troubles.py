"""Runs in trouble: a hub that is restarted, a full disk, people who come and go."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from chatops.clock import FakeClock
from chatops.errors import Busy
from chatops.protocol.facts import HeldCommand, JournalFacts
from chatops.server.services.awake import Awake
from tests.support.fleet import CommandAgent, attach, connect, fleet
from tests.support.hub import TestHub, running_hub
from tests.support.waiting import until_async


def run(hub: TestHub, target: str, command: object = "true", **fields: Any) -> Any:
    return hub.ok("POST", "/commands", {"target": target, "command": command, **fields})


async def statuses(hub: TestHub, run_id: str) -> dict[str, str]:
    found = await hub.ok("GET", f"/runs/{run_id}")
    return {one["server"]: one["status"] for one in found["commands"]}


async def wait_over(hub: TestHub, run_id: str) -> None:
    async def over() -> bool:
        return (await hub.ok("GET", f"/runs/{run_id}"))["finished_at"] is not None

    await until_async(over, what="the run is over")


def holding(command_id: str) -> JournalFacts:
    return JournalFacts(epoch="journal-1", commands=[HeldCommand(id=command_id)])


async def test_input_goes_on_after_a_restart_of_the_hub(tmp_path: Path) -> None:
    """Also with variables, which are forgotten by then; and the agent may be back first."""
    async with running_hub(tmp_path / "hub") as hub:
        key = (await hub.server("web-1"))["key"]["key"]
        one = CommandAgent(await hub.agent(key))
        await one.agent.expect("auth_success")
        fields = {"mode": "attach", "stdin": True, "env": {"A": "b"}}
        command_id = (await run(hub, "web-1", "cat", **fields))["commands"][0]["id"]
        await attach(hub, command_id, stdin=True)
        await one.started()
    async with (
        running_hub(tmp_path / "hub") as hub,
        await hub.agent(key, journal=holding(command_id)) as agent,
    ):
        names = [(await agent.expect("stream_open"))["name"] for _ in range(2)]
        follower = await attach(hub, command_id, stdin=True)
        opened = await agent.expect("stream_open")
        assert [*names, opened["name"]] == ["stdout", "stderr", "stdin"]
        number = opened["stream"]
        await agent.send_json({"type": "stream_credit", "stream": number, "credit": 9, "offset": 4})
        assert (await follower.socket.expect("stream_credit"))["offset"] == 4
        await follower.socket.send_stream(0, 4, b"more")
        assert (await agent.next()).data == b"more"
        await follower.socket.close()


async def test_a_cancel_outlives_the_hub(tmp_path: Path) -> None:
    async with running_hub(tmp_path / "hub") as hub:
        one = await connect(hub)
        key = (await hub.ok("POST", "/api-keys", {"server": "web-1", "name": "next"}))["key"]
        command_id = (await run(hub, "web-1", mode="detach"))["commands"][0]["id"]
        await one.started()
        await one.agent.close()
        await hub.wait_status("web-1", "offline")
        await hub.ok("POST", f"/commands/{command_id}/cancel")
    async with (
        running_hub(tmp_path / "hub") as hub,
        await hub.agent(key, journal=holding(command_id)) as agent,
    ):
        assert (await agent.expect("command_cancel"))["id"] == command_id


async def test_a_cancel_reaches_an_agent_that_was_given_up_meanwhile(tmp_path: Path) -> None:
    clock = FakeClock(time.time())
    async with running_hub(tmp_path / "hub", clock=clock) as hub:
        key = (await hub.server("web-1"))["key"]["key"]
        one = CommandAgent(await hub.agent(key))
        await one.agent.expect("auth_success")
        started = await run(hub, "web-1", mode="detach")
        command_id = started["commands"][0]["id"]
        await one.started()
        await one.agent.close()
        await hub.wait_status("web-1", "offline")
        await hub.ok("POST", f"/commands/{command_id}/cancel")
        clock.advance(31)
        await wait_over(hub, started["run_id"])
        assert await statuses(hub, started["run_id"]) == {"web-1": "lost"}
        async with await hub.agent(key, journal=holding(command_id)) as agent:
            assert (await agent.expect("command_cancel"))["id"] == command_id


async def test_a_hub_that_stood_still_calls_nothing_lost_and_nobody_away(tmp_path: Path) -> None:
    """As when its process is stopped or its machine paused: the agents took it for dead."""
    clock = FakeClock(time.time())
    async with running_hub(tmp_path / "hub", clock=clock) as hub:
        one = await connect(hub)
        run_id = (await run(hub, "web-1", mode="detach"))["run_id"]
        await one.started()
        await until_async(lambda: _has(hub, run_id, "running"), what="it runs")
        services = hub.services
        services.agents.awake = Awake(clock, clock.monotonic)
        clock.advance(76)
        await one.agent.close()
        await hub.wait_status("web-1", "offline")
        await services.alerting.look()
        await services.alerting.tick()
        services.commands.sweep()
        await services.alerting.drain()
        assert (await hub.ok("GET", "/alerts"))["items"] == []
        assert await statuses(hub, run_id) == {"web-1": "running"}
        for _ in range(8):
            clock.advance(4)  # it is awake, and hears nothing
            services.agents.sweep()
        await until_async(lambda: _has(hub, run_id, "lost"), what="lost")


async def _has(hub: TestHub, run_id: str, status: str) -> bool:
    return await statuses(hub, run_id) == {"web-1": status}


async def test_what_nobody_attached_to_is_not_sent_after_a_restart(tmp_path: Path) -> None:
    clock = FakeClock(time.time())
    async with running_hub(tmp_path / "hub") as hub:
        key = (await hub.server("web-1"))["key"]["key"]
        async with await hub.agent(key) as agent:
            await agent.expect("auth_success")
            run_id = (await run(hub, "web-1", mode="attach"))["run_id"]
    async with running_hub(tmp_path / "hub", clock=clock) as hub, await hub.agent(key) as agent:
        await agent.expect("auth_success")
        clock.advance(31)
        await wait_over(hub, run_id)
        assert await statuses(hub, run_id) == {"web-1": "cancelled"}


async def test_a_run_goes_on_when_the_end_of_one_cannot_be_written_at_once(
    hub: TestHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = hub.services.commands.records
    real, refused = records.end, []

    async def end(live: Any, status: Any, **changes: Any) -> Any:
        if status == "offline" and not refused:
            refused.append(live.id)
            raise Busy("the disk is full")
        return await real(live, status, **changes)

    monkeypatch.setattr(records, "end", end)
    async with fleet(hub, "web-1", "web-2", "web-3") as (one, two, three):
        run_id = (await run(hub, "all", mode="detach", parallel=1))["run_id"]
        await one.started()
        await two.agent.close()
        await hub.wait_status("web-2", "offline")
        await one.finished()
        await three.play()
        await wait_over(hub, run_id)
        assert list((await statuses(hub, run_id)).values()) == ["succeeded", "offline", "succeeded"]
    assert refused


async def test_agents_are_watched_while_a_run_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, tried = FakeClock(time.time()), []

    async def abandon(*args: Any, **fields: Any) -> None:
        tried.append(args)
        raise Busy("the disk is full")

    async with running_hub(tmp_path / "hub", clock=clock) as hub:
        monkeypatch.setattr(hub.services.runs.records, "abandon", abandon)
        async with fleet(hub, "web-1"):
            await run(hub, "web-1", mode="attach")
            clock.advance(31)
            await until_async(lambda: bool(tried), what="the run is given up")
        async with fleet(hub, "web-2"):
            clock.advance(31)
            await hub.wait_status("web-2", "offline")
            assert (await hub.ok("GET", "/servers/web-2"))["status"] == "offline"


async def test_a_repeated_key_finds_its_run_whatever_became_of_the_fleet(hub: TestHub) -> None:
    fields = {"idempotency_key": "k", "expect_count": 1}
    await hub.server("web-1")
    first = await run(hub, "web-*", **fields)
    await hub.server("web-2")
    assert await run(hub, "web-*", **fields) == first
    other = {"target": "web-*", "command": "x", "expect_count": 1}
    assert (await hub.call("POST", "/commands", other)).status == 409


async def test_who_sees_a_part_of_a_run_starts_nothing_of_it(tmp_path: Path) -> None:
    clock = FakeClock(time.time())
    async with running_hub(tmp_path / "hub", clock=clock) as hub, fleet(hub, "web-1"):
        ann = await hub.user("ann", "operator")
        key = (await hub.server("ann-1", token=ann))["key"]["key"]
        async with await hub.agent(key) as agent:
            await agent.expect("auth_success")
            run_id = (await run(hub, "all", mode="attach"))["run_id"]
            hers = await attach(hub, run_id, token=ann)
            assert (await hers.socket.expect("command_event"))["data"]["servers"] == 1
            clock.advance(31)
            await wait_over(hub, run_id)
            assert set((await statuses(hub, run_id)).values()) == {"cancelled"}


async def test_input_for_what_somebody_else_runs_is_audited(hub: TestHub) -> None:
    ann = await hub.user("ann", "operator")
    key = (await hub.server("ann-1", token=ann))["key"]["key"]
    async with await hub.agent(key) as agent:
        await agent.expect("auth_success")
        body = {"target": "ann-1", "command": "cat", "mode": "attach", "stdin": True}
        started = await hub.ok("POST", "/commands", body, token=ann)
        hers = await attach(hub, started["run_id"], token=ann, stdin=True)
        await agent.expect("command")
        assert not (await hub.ok("GET", "/audit?action=commands.input"))["items"]
        his = await attach(hub, started["run_id"], stdin=True)
        await his.socket.expect("stream_open")
        (record,) = (await hub.ok("GET", "/audit?action=commands.input"))["items"]
        assert (record["user"], record["target"]) == ("admin", "ann-1")
        for follower in (hers, his):
            await follower.socket.close()
