"""Runs: one command on several servers, in the order and number that was asked for."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chatops.clock import FakeClock
from chatops.protocol.facts import HeldCommand, JournalFacts, PolicyFacts
from chatops.protocol.frames import FrameReader
from chatops.protocol.messages import Ping
from chatops.tasks import Tasks
from tests.support.fleet import CommandAgent, attach, connect, events_in, fleet
from tests.support.hub import TestHub, running_hub
from tests.support.waiting import until_async


def run(hub: TestHub, target: str, command: object = "true", **fields: Any) -> Any:
    return hub.ok("POST", "/commands", {"target": target, "command": command, **fields})


async def statuses(hub: TestHub, run_id: str) -> dict[str, str]:
    found = await hub.ok("GET", f"/runs/{run_id}")
    return {one["server"]: one["status"] for one in found["commands"]}


async def test_one_run_has_one_row_a_server(hub: TestHub) -> None:
    await hub.server("db-1")
    async with fleet(hub, "web-2", "web-1") as (two, one), Tasks() as tasks:
        asked = tasks.spawn(run(hub, "all", ["id", "-u"]), name="run")
        await one.play(out=b"one")
        await two.play("failed", exit_code=3, out=b"two")
        results = await asked
    assert [(r["server"], r["status"], r["stdout"]) for r in results] == [
        ("db-1", "offline", ""), ("web-1", "succeeded", "one"), ("web-2", "failed", "two"),
    ]  # fmt: skip
    assert len({r["run_id"] for r in results}) == 1
    shown = await hub.ok("GET", f"/runs/{results[0]['run_id']}")
    assert (shown["target"], shown["command"], shown["user"]) == ("all", ["id", "-u"], "admin")
    assert shown["counts"] == {"offline": 1, "succeeded": 1, "failed": 1}
    assert shown["finished_at"] is not None
    audit = (await hub.ok("GET", "/audit?action=commands.run"))["items"]
    assert [(one["target"], one["detail"]["servers"]) for one in audit] == [
        ("all", ["db-1", "web-1", "web-2"])
    ]
    listed = await hub.ok("GET", f"/commands?run={results[0]['run_id']}")
    assert len(listed["items"]) == 3


async def test_the_stream_of_a_run_tells_all_and_ends_with_the_last(hub: TestHub) -> None:
    await hub.server("off-1")
    body = msgspec.json.encode({"target": "web-*,off-1", "command": "x", "mode": "stream"})
    headers = {"Authorization": f"Bearer {hub.admin}"}
    async with (
        fleet(hub, "web-1", "web-2") as (one, two),
        hub.http.post(f"{hub.url}/api/v1/commands", data=body, headers=headers) as response,
    ):
        await one.play(out=b"1" * 5000)
        await two.play(out=b"2" * 5000)
        reader = FrameReader()
        frames = list(reader.feed(await response.content.read()))
    events = events_in(frames)
    assert (events[0]["event"], events[0]["servers"]) == ("run", 3)
    starts = {e["command_id"]: e for e in events if e["event"] == "start"}
    ends = {e["command_id"]: e for e in events if e["event"] == "end"}
    assert {e["server"] for e in starts.values()} == {"web-1", "web-2", "off-1"}
    assert {e["server"]: e["result"]["status"] for e in ends.values()} == {
        "web-1": "succeeded", "web-2": "succeeded", "off-1": "offline",
    }  # fmt: skip
    numbers = [number for e in starts.values() for number in (e["stdout"], e["stderr"])]
    assert len(set(numbers)) == 6


async def test_at_most_so_many_run_at_a_time_and_batches_wait(hub: TestHub) -> None:
    names = [f"web-{n}" for n in range(5)]
    async with fleet(hub, *names) as agents:
        started = await run(hub, "web-*", mode="detach", parallel=2, batch="3")
        run_id = started["run_id"]

        async def now() -> str:
            found = await statuses(hub, run_id)
            return "".join(found[name][0] for name in names)

        await agents[0].started()
        await agents[1].started()
        assert await now() in ("ssqqq", "rsqqq", "srqqq", "rrqqq")
        await agents[1].finished()
        await agents[2].started()
        await agents[2].finished()
        assert (await now())[2:] == "sqq"  # the batch of three is not over
        await agents[0].finished()
        await agents[3].play()
        await agents[4].play()
        await until_async(lambda: _is(now, "sssss"), what="all succeeded")


async def _is(ask: Any, wanted: str) -> bool:
    return bool(await ask() == wanted)


async def test_nothing_more_starts_once_too_many_failed(hub: TestHub) -> None:
    async with fleet(hub, "web-1", "web-2", "web-3") as agents, Tasks() as tasks:
        asked = tasks.spawn(run(hub, "all", parallel=1, max_failures="1"), name="run")
        await agents[0].play("failed", exit_code=1)
        results = await asked
    assert [r["status"] for r in results] == ["failed", "cancelled", "cancelled"]
    assert {r["error"] for r in results[1:]} == {"not started: 1 server had failed"}
    assert {r["exit_code"] for r in results[1:]} == {None}


async def test_what_a_target_means_is_checked_before_anything_is_sent(hub: TestHub) -> None:
    async with fleet(hub, "web-1", "web-2"):
        wrong = await hub.call(
            "POST", "/commands", {"target": "all", "command": "x", "expect_count": 3}
        )
        assert (wrong.status, wrong.code) == (409, "conflict")
        assert "means 2 servers, not 3" in wrong.body["error"]["message"]
        none = await hub.call("POST", "/commands", {"target": "db-*", "command": "x"})
        assert (none.status, none.code) == (404, "not_found")
        missing = await hub.call("POST", "/commands", {"target": "web-1,db-1", "command": "x"})
        assert (missing.status, missing.code) == (404, "not_found")
        for bad in ("", "!all", "web 1", "tag:x"):
            answer = await hub.call("POST", "/commands", {"target": bad, "command": "x"})
            assert answer.status == 422, bad
        assert (await hub.ok("GET", "/commands"))["items"] == []


async def test_a_dry_run_names_the_servers_and_does_nothing(hub: TestHub) -> None:
    await hub.server("db-1")
    async with fleet(hub, "web-1"):
        plan = await run(hub, "all", dry_run=True)
        assert plan["servers"] == [
            {"server": "db-1", "status": "never", "error": None},
            {"server": "web-1", "status": "online", "error": None},
        ]
        assert (await hub.ok("GET", "/commands"))["items"] == []
        assert (await hub.ok("GET", "/audit?action=commands.run"))["items"] == []


async def test_an_agent_that_runs_no_commands_is_named_beforehand_and_not_asked(
    hub: TestHub,
) -> None:
    key = (await hub.server("db-1"))["key"]["key"]
    why = "the agent of db-1 was not started with --allow exec"
    async with await hub.agent(key, policy=PolicyFacts(allow=["docker"])) as agent:
        await agent.expect("auth_success")
        plan = await run(hub, "all", dry_run=True)
        assert plan["servers"] == [{"server": "db-1", "status": "refused", "error": why}]
        (result,) = await run(hub, "all")
        assert (result["status"], result["error"]) == ("refused", why)
        await agent.send(Ping(id=1))
        assert (await agent.next())["type"] == "pong", "no command came before"


async def test_the_same_key_never_runs_twice(hub: TestHub) -> None:
    key = {"idempotency_key": "deploy-7"}
    async with fleet(hub, "web-1", "web-2") as agents, Tasks() as tasks:
        first = tasks.spawn(run(hub, "all", "x", **key), name="first")
        await agents[0].started()
        again = tasks.spawn(run(hub, "all", "x", **key), name="again")
        started = await run(hub, "all", "x", mode="detach", **key)
        assert [one["server"] for one in started["commands"]] == ["web-1", "web-2"]
        await agents[0].finished()
        await agents[1].play("failed", exit_code=4)
        results = await first
        assert await again == results
        assert await run(hub, "all", "x", **key) == results
        other = await hub.call("POST", "/commands", {"target": "all", "command": "y", **key})
        assert (other.status, other.code) == (409, "conflict")
        other = await hub.call("POST", "/commands", {"target": "web-1", "command": "x", **key})
        assert (other.status, other.code) == (409, "conflict")
    assert len((await hub.ok("GET", "/commands"))["items"]) == 2
    assert len((await hub.ok("GET", "/audit?action=commands.run"))["items"]) == 1


async def test_many_at_once_with_one_key_make_one_run(hub: TestHub) -> None:
    async with fleet(hub, "web-1") as (one,), Tasks() as tasks:
        asked = [
            tasks.spawn(run(hub, "web-1", "x", idempotency_key="k"), name=f"ask {n}")
            for n in range(8)
        ]
        await one.play(out=b"once")
        results = await asyncio.gather(*asked)
    assert {result["command_id"] for (result,) in results} == {one.command["id"]}
    assert {result["stdout"] for (result,) in results} == {"once"}


async def test_a_key_belongs_to_its_user(hub: TestHub) -> None:
    ann = await hub.user("ann", "operator")
    await hub.server("ann-1", token=ann)
    (mine,) = await run(hub, "ann-1", "x", idempotency_key="k")
    body = {"target": "ann-1", "command": "x", "idempotency_key": "k"}
    (hers,) = await hub.ok("POST", "/commands", body, token=ann)
    assert mine["run_id"] != hers["run_id"]


async def test_cancelling_a_run_ends_what_runs_and_keeps_the_rest_from_starting(
    hub: TestHub,
) -> None:
    async with fleet(hub, "web-1", "web-2", "web-3") as agents:
        run_id = (await run(hub, "all", mode="detach", parallel=1))["run_id"]
        await agents[0].started()
        shown = await hub.ok("POST", f"/runs/{run_id}/cancel")
        assert {one["server"]: one["status"] for one in shown["commands"]}["web-3"] == "cancelled"
        assert (await agents[0].agent.expect("command_cancel"))["id"] == agents[0].command["id"]
        await agents[0].finished("cancelled", exit_code=None, signal=15)
        assert set((await statuses(hub, run_id)).values()) == {"cancelled"}
        again = await hub.call("POST", f"/runs/{run_id}/cancel")
        assert (again.status, again.code) == (409, "conflict")
    audit = (await hub.ok("GET", "/audit?action=runs.cancel"))["items"]
    assert [one["detail"]["run_id"] for one in audit] == [run_id]


async def test_one_that_waits_for_its_turn_can_be_cancelled_alone(hub: TestHub) -> None:
    async with fleet(hub, "web-1", "web-2", "web-3") as agents:
        started = await run(hub, "all", mode="detach", parallel=1)
        ids = {one["server"]: one["id"] for one in started["commands"]}
        record = await hub.ok("POST", f"/commands/{ids['web-2']}/cancel")
        assert (record["status"], record["exit_code"], record["signal"]) == (
            "cancelled",
            None,
            None,
        )
        await agents[0].play()
        await agents[2].play()
        await until_async(lambda: _over(hub, started["run_id"]), what="the run is over")
    assert (await statuses(hub, started["run_id"]))["web-2"] == "cancelled"


async def _over(hub: TestHub, run_id: str) -> bool:
    return (await hub.ok("GET", f"/runs/{run_id}"))["finished_at"] is not None


async def test_a_cancel_reaches_an_agent_that_was_away(hub: TestHub) -> None:
    key = (await hub.server("web-1"))["key"]["key"]
    one = CommandAgent(await hub.agent(key))
    await one.agent.expect("auth_success")
    command_id = (await run(hub, "web-1", mode="detach"))["commands"][0]["id"]
    await one.started()
    await one.agent.close()
    await hub.wait_status("web-1", "offline")
    await hub.ok("POST", f"/commands/{command_id}/cancel")
    journal = JournalFacts(epoch="journal-1", commands=[HeldCommand(id=command_id)])
    async with await hub.agent(key, journal=journal) as agent:
        assert (await agent.expect("command_cancel"))["id"] == command_id


@pytest.mark.parametrize("env", [{}, {"SECRET": "s3cr3t"}])
async def test_what_waited_is_sent_after_a_restart_of_the_hub(
    tmp_path: Path, env: dict[str, str]
) -> None:
    keys = {}
    async with running_hub(tmp_path / "hub") as hub:
        for name in ("web-1", "web-2", "web-3"):
            keys[name] = (await hub.server(name))["key"]["key"]
        agents = {name: await hub.agent(key) for name, key in keys.items()}
        for agent in agents.values():
            await agent.expect("auth_success")
        run_id = (await run(hub, "all", mode="detach", parallel=1, env=env))["run_id"]
        first = (await agents["web-1"].expect("command"))["id"]
    assert b"s3cr3t" not in (tmp_path / "hub" / "chatops.db").read_bytes()
    async with running_hub(tmp_path / "hub") as hub:
        held = JournalFacts(epoch="journal-1", commands=[HeldCommand(id=first)])
        one = CommandAgent(await hub.agent(keys["web-1"], journal=held))
        openings = [await one.agent.expect("stream_open") for _ in range(2)]
        one.command = {"id": first, "streams": openings}
        await one.finished()
        two = CommandAgent(await hub.agent(keys["web-2"]))  # it is back when its turn has come
        await two.started()
        assert two.command.get("env", {}) == env
        await two.finished()
        three = CommandAgent(await hub.agent(keys["web-3"]))
        await three.play()
        await until_async(lambda: _over(hub, run_id), what="the run is over")
        assert set((await statuses(hub, run_id)).values()) == {"succeeded"}
        for agent in (one, two, three):
            await agent.agent.close()


async def test_whoever_does_not_come_back_after_a_restart_was_not_run(tmp_path: Path) -> None:
    async with running_hub(tmp_path / "hub") as hub:
        keys = [(await hub.server(name))["key"]["key"] for name in ("web-1", "web-2")]
        agents = [await hub.agent(key) for key in keys]
        for agent in agents:
            await agent.expect("auth_success")
        run_id = (await run(hub, "all", mode="detach", parallel=1))["run_id"]
        await agents[0].expect("command")
    clock = FakeClock(time.time())
    async with running_hub(tmp_path / "hub", clock=clock) as hub:
        clock.advance(76)
        await until_async(lambda: _over(hub, run_id), what="the run is over")
        assert await statuses(hub, run_id) == {"web-1": "lost", "web-2": "offline"}


# -- attaching --------------------------------------------------------------------------


async def test_who_attaches_gets_all_from_the_first_byte_and_goes_on_live(hub: TestHub) -> None:
    async with fleet(hub, "web-1") as (one,):
        command_id = (await run(hub, "web-1", mode="detach"))["commands"][0]["id"]
        await one.started()
        await one.agent.send_stream(one.stream("stdout"), 0, b"before ")
        await until_async(lambda: _kept(hub, command_id, "before "), what="output")
        follower = await attach(hub, command_id)
        while not follower.output:
            follower.take(await follower.socket.next())
        await one.agent.send_stream(one.stream("stdout"), 7, b"and after")
        await one.finished("failed", exit_code=9, stdout_bytes=16)
        assert await follower.to_the_end() == 1000
        start, end = follower.event("start"), follower.event("end")
        assert follower.bytes_of(start["stdout"]) == b"before and after"
        assert (end["result"]["exit_code"], end["stdout_bytes"]) == (9, 16)
        late = await attach(hub, command_id, offsets={command_id: [7, 0]})
        assert await late.to_the_end() == 1000
        assert late.bytes_of(late.event("start")["stdout"]) == b"and after"
        assert late.event("end")["result"] == end["result"]


async def _kept(hub: TestHub, command_id: str, text: str) -> bool:
    return bool((await hub.ok("GET", f"/commands/{command_id}/output"))["stdout"] == text)


async def test_a_run_can_be_attached_to_while_part_of_it_is_over(hub: TestHub) -> None:
    async with fleet(hub, "web-1", "web-2") as (one, two):
        run_id = (await run(hub, "all", mode="detach"))["run_id"]
        await one.play(out=b"done")
        await two.started()
        follower = await attach(hub, run_id)
        while not any(e["event"] == "end" for e in follower.events):
            follower.take(await follower.socket.next())
        await two.agent.send_stream(two.stream("stdout"), 0, b"live")
        await two.finished(stdout_bytes=4)
        assert await follower.to_the_end() == 1000
    assert follower.event("run")["servers"] == 2
    starts = {e["server"]: e for e in follower.events if e["event"] == "start"}
    assert follower.bytes_of(starts["web-1"]["stdout"]) == b"done"
    assert follower.bytes_of(starts["web-2"]["stdout"]) == b"live"


async def test_attaching_needs_what_output_needs(hub: TestHub) -> None:
    ann = await hub.user("ann", "operator")
    await hub.server("web-1")
    (mine,) = await run(hub, "web-1")
    for name in (mine["command_id"], mine["run_id"], "nonsense"):
        socket = await hub.subscribe(f"commands/{name}", ann)
        code, _ = await socket.closed()
        assert code == 4015, name
    eve = await hub.user("eve", "viewer")
    code, _ = await (await hub.subscribe(f"commands/{mine['run_id']}", eve)).closed()
    assert code in (4015, 4016)
    assert (await hub.call("GET", f"/runs/{mine['run_id']}", token=ann)).status == 404
    assert (await hub.call("POST", f"/runs/{mine['run_id']}/cancel", token=ann)).status == 404


async def test_input_goes_through_as_far_as_the_agent_takes_it(hub: TestHub) -> None:
    async with fleet(hub, "web-1") as (one,):
        started = await run(hub, "web-1", "cat", mode="attach", stdin=True)
        command_id = started["commands"][0]["id"]
        follower = await attach(hub, command_id, stdin=True)
        await one.started()
        assert one.command["stdin"] is True
        number = one.stream("stdin")
        await one.agent.send_json({"type": "stream_credit", "stream": number, "credit": 10})
        opened = await follower.socket.expect("stream_open")
        assert (opened["stream"], opened["name"]) == (0, "stdin")
        credit = await follower.socket.expect("stream_credit")
        assert (credit.get("offset", 0), credit["credit"]) == (0, 10)
        await follower.socket.send_stream(0, 0, b"0123456789")
        frame = await one.agent.next()
        assert (frame.stream, frame.offset, frame.data) == (number, 0, b"0123456789")
        await follower.socket.send_json({"type": "stream_close", "stream": 0, "offset": 10})
        close = await one.agent.expect("stream_close")
        assert (close["stream"], close["offset"], close.get("reason", "eof")) == (number, 10, "eof")
        await one.finished()
        assert await follower.to_the_end() == 1000


async def test_input_over_the_credit_ends_the_client_and_not_the_agent(hub: TestHub) -> None:
    async with fleet(hub, "web-1") as (one,):
        started = await run(hub, "web-1", "cat", mode="attach", stdin=True)
        follower = await attach(hub, started["run_id"], stdin=True)
        await one.started()
        number = one.stream("stdin")
        await one.agent.send_json({"type": "stream_credit", "stream": number, "credit": 3})
        await follower.socket.expect("stream_credit")
        await follower.socket.send_stream(0, 0, b"1234")
        code, _ = await follower.socket.closed()
        assert code == 4001
        close = await one.agent.expect("stream_close")
        assert (close["stream"], close["reason"]) == (number, "detached")


async def test_input_goes_on_where_the_agent_says_after_its_return(hub: TestHub) -> None:
    key = (await hub.server("web-1"))["key"]["key"]
    one = CommandAgent(await hub.agent(key))
    await one.agent.expect("auth_success")
    started = await run(hub, "web-1", "cat", mode="attach", stdin=True)
    command_id = started["commands"][0]["id"]
    follower = await attach(hub, command_id, stdin=True)
    await one.started()
    await one.agent.close()
    await hub.wait_status("web-1", "offline")
    journal = JournalFacts(epoch="journal-1", commands=[HeldCommand(id=command_id)])
    async with await hub.agent(key, journal=journal) as agent:
        opened = [await agent.expect("stream_open") for _ in range(3)]
        number = next(one["stream"] for one in opened if one["name"] == "stdin")
        await agent.send_json(
            {"type": "stream_credit", "stream": number, "credit": 100, "offset": 5}
        )
        await follower.socket.expect("stream_open")
        await follower.socket.expect("stream_open")
        credit = await follower.socket.expect("stream_credit")
        assert (credit["offset"], credit["credit"]) == (5, 100)
        await follower.socket.send_stream(0, 5, b"rest")
        frame = await agent.next()
        assert (frame.stream, frame.offset, frame.data) == (number, 5, b"rest")
        await follower.socket.close()
        assert (await agent.expect("stream_close"))["reason"] == "detached"


async def test_what_nobody_attaches_to_is_never_sent(tmp_path: Path) -> None:
    clock = FakeClock(time.time())
    async with running_hub(tmp_path / "hub", clock=clock) as hub:
        one = await connect(hub)
        started = await run(hub, "web-1", "cat", mode="attach", stdin=True)
        clock.advance(31)
        await until_async(lambda: _over(hub, started["run_id"]), what="the run is over")
        assert await statuses(hub, started["run_id"]) == {"web-1": "cancelled"}
        await one.agent.close()


async def test_input_is_for_one_server_that_is_attached_to(hub: TestHub) -> None:
    async with fleet(hub, "web-1"):
        for fields in ({"target": "web-*", "mode": "attach"}, {"target": "web-1"}):
            body = {"command": "cat", "stdin": True, **fields}
            assert (await hub.call("POST", "/commands", body)).status == 422


async def test_a_run_goes_on_when_a_server_that_waits_is_removed(hub: TestHub) -> None:
    async with fleet(hub, "web-1", "web-2", "web-3") as agents:
        run_id = (await run(hub, "all", mode="detach", parallel=1))["run_id"]
        await agents[0].started()
        await hub.call("DELETE", "/servers/web-2")
        await agents[0].finished()
        await agents[2].play()
        await until_async(lambda: _over(hub, run_id), what="the run is over")
        assert await statuses(hub, run_id) == {"web-1": "succeeded", "web-3": "succeeded"}
