"""Commands on the hub: recorded before sent, followed to a true outcome, whatever goes away."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chatops.clock import FakeClock
from chatops.protocol.facts import HeldCommand, JournalFacts
from chatops.protocol.frames import ALIVE, CONTENT_TYPE, FrameReader, StreamFrame
from chatops.protocol.limits import KEPT_HEAD, KEPT_TAIL
from chatops.protocol.messages import (
    CommandResponse,
)
from chatops.server.api import run_stream
from chatops.tasks import Tasks
from tests.support.fleet import CommandAgent, connect
from tests.support.hub import TestHub, running_hub
from tests.support.waiting import until_async


def run(hub: TestHub, command: object = "true", **fields: Any) -> Any:
    return hub.ok("POST", "/commands", {"target": "web-1", "command": command, **fields})


async def status_of(hub: TestHub, command_id: str) -> str:
    return str((await hub.ok("GET", f"/commands/{command_id}"))["status"])


async def test_a_command_runs_and_its_outcome_is_the_true_one(hub: TestHub) -> None:
    one = await connect(hub)
    async with one.agent, Tasks() as tasks:
        asked = tasks.spawn(
            run(hub, ["ls", "-l"], timeout=9.0, cwd="/tmp", env={"A": "b"}), name="run"
        )
        await one.started()
        assert one.command["command"] == ["ls", "-l"]
        assert (one.command["timeout"], one.command["cwd"]) == (9.0, "/tmp")
        assert one.command["env"] == {"A": "b"}
        await one.agent.send_stream(one.stream("stdout"), 0, b"out\n")
        await one.agent.send_stream(one.stream("stderr"), 0, b"\xff\xfe")
        await one.finished("failed", exit_code=3, stdout_bytes=4, stderr_bytes=2)
        (result,) = await asked
    assert (result["status"], result["exit_code"], result["stdout"]) == ("failed", 3, "out\n")
    assert (result["stderr"], result["stderr_b64"]) == (None, "//4=")
    assert await hub.ok("GET", f"/commands/{result['command_id']}/output") == result
    record = (await hub.ok("GET", "/commands?server=web-1"))["items"][0]
    assert (record["command"], record["user"], record["status"]) == (
        ["ls", "-l"],
        "admin",
        "failed",
    )
    assert record["started_at"] is not None
    audit = (await hub.ok("GET", "/audit?action=commands.run"))["items"][0]
    assert audit["detail"]["command"] == ["ls", "-l"]
    assert "b" not in str(audit["detail"].get("env", "")), "values of variables may be secrets"


async def test_the_servers_log_tells_who_ran_what_and_what_came_of_it(hub: TestHub) -> None:
    one = await connect(hub)
    async with one.agent, Tasks() as tasks:
        asked = tasks.spawn(run(hub, ["rm", "a b"]), name="run")
        await one.started()
        await one.finished("failed", exit_code=1, duration_ms=20)
        await asked
    await hub.wait_status("web-1", "offline")
    await run(hub, "uptime")

    async def told() -> list[list[str]]:
        entries = (await hub.ok("GET", "/logs?target=web-1"))["items"]
        return [
            [entry["level"], entry["message"].rpartition(" (")[0]]
            for entry in entries if entry["source"] == "command"
        ]  # fmt: skip

    async def both() -> bool:
        return len(await told()) == 2

    await until_async(both, what="both lines")
    assert await told() == [
        ["warning", "admin wanted to run “uptime”: offline"],
        ["warning", "admin ran “rm 'a b'”: failed, exit 1, after 20ms"],
    ]


async def test_an_offline_server_is_answered_at_once(hub: TestHub) -> None:
    await hub.server("web-1")
    (result,) = await run(hub)
    assert (result["status"], result["error"]) == (
        "offline",
        "web-1 is offline; the command was not run",
    )
    assert await status_of(hub, result["command_id"]) == "offline"


async def test_a_stream_gives_every_byte_with_its_offset(hub: TestHub) -> None:
    one = await connect(hub)
    body = msgspec.json.encode({"target": "web-1", "command": "x", "mode": "stream"})
    headers = {"Authorization": f"Bearer {hub.admin}"}
    async with (
        one.agent,
        hub.http.post(f"{hub.url}/api/v1/commands", data=body, headers=headers) as response,
    ):
        assert response.headers["Content-Type"] == CONTENT_TYPE
        reader, frames = FrameReader(), []
        while len(frames) < 2:
            frames += list(reader.feed(await response.content.readany()))
        taken, start = (msgspec.json.decode(frame) for frame in frames[:2])
        assert (taken["event"], taken["servers"]) == ("run", 1)
        assert (start["event"], start["server"]) == ("start", "web-1")
        await one.started()
        opened = {stream["name"]: stream for stream in one.command["streams"]}
        assert opened["stdout"]["watched"] is True
        await one.agent.send_stream(one.stream("stdout"), 0, b"ab")
        await one.agent.send_stream(one.stream("stdout"), 2, b"\x00\xffc")
        await one.agent.send_stream(one.stream("stderr"), 0, b"err")
        await one.finished(stdout_bytes=5, stderr_bytes=3)
        frames += list(reader.feed(await response.content.read()))
    assert reader.pending == 0
    data = [frame for frame in frames if isinstance(frame, StreamFrame)]
    out = b"".join(frame.data for frame in data if frame.stream == start["stdout"])
    err = b"".join(frame.data for frame in data if frame.stream == start["stderr"])
    assert (out, err) == (b"ab\x00\xffc", b"err")
    end = msgspec.json.decode(frames[-1])
    assert (end["event"], end["result"]["status"]) == ("end", "succeeded")
    assert (end["stdout_bytes"], end["stderr_bytes"]) == (5, 3)


async def test_a_stream_in_which_nothing_happens_says_that_the_hub_is_there(
    hub: TestHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_stream, "IDLE_CHECK", 0.1)
    one = await connect(hub)
    body = msgspec.json.encode({"target": "web-1", "command": "x", "mode": "stream"})
    headers = {"Authorization": f"Bearer {hub.admin}"}
    async with (
        one.agent,
        hub.http.post(f"{hub.url}/api/v1/commands", data=body, headers=headers) as response,
    ):
        seen = b""
        while seen.count(ALIVE) < 2:
            seen += await response.content.readany()
        await one.started()
        await one.finished(stdout_bytes=0)
        seen += await response.content.read()
    assert all(isinstance(frame, bytes) for frame in FrameReader().feed(seen))


async def test_a_detached_command_goes_on_by_itself(hub: TestHub) -> None:
    one = await connect(hub)
    async with one.agent:
        started = await run(hub, mode="detach")
        command_id = started["commands"][0]["id"]
        await one.started()
        await until_async(lambda: is_status(hub, command_id, "running"), what="running")
        assert (await hub.ok("GET", f"/commands/{command_id}/output"))["status"] == "running"
        await one.finished()
    assert await status_of(hub, command_id) == "succeeded"


async def is_status(hub: TestHub, command_id: str, status: str) -> bool:
    return await status_of(hub, command_id) == status


async def test_head_and_tail_of_a_long_output_are_kept(hub: TestHub) -> None:
    one = await connect(hub)
    async with one.agent, Tasks() as tasks:
        asked = tasks.spawn(run(hub), name="run")
        await one.started()
        total, sent = KEPT_HEAD + KEPT_TAIL + 1000, 0
        number = one.stream("stdout")
        credit = int(one.command["streams"][0]["credit"])
        while sent < total:
            chunk = min(50_000, total - sent)
            while credit < chunk:
                credit += (await one.agent.expect("stream_credit"))["credit"]
            fill = b"H" if sent < KEPT_HEAD else b"T"
            await one.agent.send_stream(number, sent, fill * chunk)
            sent, credit = sent + chunk, credit - chunk
        await one.finished(stdout_bytes=total)
        (result,) = await asked
    assert (result["truncated"], result["dropped_bytes"]) == (True, 1000)
    assert len(result["stdout"]) == KEPT_HEAD + KEPT_TAIL
    assert result["stdout"].startswith("H")
    assert result["stdout"].endswith("T")


async def test_a_watcher_that_leaves_does_not_end_the_command(hub: TestHub) -> None:
    one = await connect(hub)
    body = msgspec.json.encode({"target": "web-1", "command": "x", "mode": "stream"})
    headers = {"Authorization": f"Bearer {hub.admin}"}
    async with one.agent:
        response = await hub.http.post(f"{hub.url}/api/v1/commands", data=body, headers=headers)
        await one.started()
        response.close()
        sent = 0
        while True:  # until the hub has noticed, and says that nobody watches any more
            await one.agent.send_stream(one.stream("stdout"), sent, b"x" * 40_000)
            sent += 40_000
            credit = await one.agent.next()
            if credit["type"] == "stream_credit" and not credit.get("watched", True):
                break
            if sent > 4_000_000:
                raise AssertionError("the hub did not notice that the watcher left")
        await one.finished(stdout_bytes=sent)
    assert await status_of(hub, one.command["id"]) == "succeeded"


async def test_cancel_is_passed_on_and_audited(hub: TestHub) -> None:
    one = await connect(hub)
    async with one.agent:
        command_id = (await run(hub, mode="detach"))["commands"][0]["id"]
        await one.started()
        await hub.ok("POST", f"/commands/{command_id}/cancel")
        assert (await one.agent.expect("command_cancel"))["id"] == command_id
        await one.finished("cancelled", exit_code=None, signal=15)
        assert await status_of(hub, command_id) == "cancelled"
        again = await hub.call("POST", f"/commands/{command_id}/cancel")
        assert (again.status, again.code) == (409, "conflict")
    audit = (await hub.ok("GET", "/audit?action=commands.cancel"))["items"]
    assert [one["detail"]["command_id"] for one in audit] == [command_id]


async def test_a_refusal_of_the_agents_policy_is_the_outcome(hub: TestHub) -> None:
    one = await connect(hub)
    async with one.agent, Tasks() as tasks:
        asked = tasks.spawn(run(hub), name="run")
        one.command = await one.agent.expect("command")
        await one.finished("refused", exit_code=None, reason="policy", error="denied by rule 1")
        (result,) = await asked
    assert (result["status"], result["error"]) == ("refused", "denied by rule 1")
    audit = (await hub.ok("GET", "/audit?action=commands.run"))["items"]
    assert [(one["outcome"], one["user"]) for one in audit] == [
        ("refused", "admin"),
        ("sent", "admin"),
    ]
    assert audit[0]["detail"]["error"] == "denied by rule 1"
    assert audit[0]["detail"]["reason"] == "policy"


async def test_a_refusal_that_comes_when_it_was_said_to_run_is_audited_too(hub: TestHub) -> None:
    """As of a command whose folder the agent sees only when it enters it."""
    one = await connect(hub)
    async with one.agent:
        command_id = (await run(hub, mode="detach"))["commands"][0]["id"]
        await one.started()
        await one.finished("refused", exit_code=None, reason="policy", error="folders has /srv")
        assert await status_of(hub, command_id) == "refused"
    audit = (await hub.ok("GET", "/audit?action=commands.run"))["items"]
    assert [one["outcome"] for one in audit] == ["refused", "sent"]
    assert audit[0]["detail"]["error"] == "folders has /srv"


async def test_an_agent_that_is_gone_for_long_makes_it_lost_and_the_truth_replaces_that(
    tmp_path: Path,
) -> None:
    clock = FakeClock(time.time())
    async with running_hub(tmp_path / "hub", clock=clock) as hub:
        key = (await hub.server("web-1"))["key"]["key"]
        one = CommandAgent(await hub.agent(key))
        await one.agent.expect("auth_success")
        command_id = (await run(hub, mode="detach"))["commands"][0]["id"]
        await one.started()
        await one.agent.close()
        await hub.wait_status("web-1", "offline")
        clock.advance(29)
        assert await status_of(hub, command_id) in ("sent", "running")
        clock.advance(2)
        await until_async(lambda: is_status(hub, command_id, "lost"), what="lost")
        held = [HeldCommand(id=command_id, state="finished")]
        async with await hub.agent(
            key, journal=JournalFacts(epoch="journal-1", commands=held)
        ) as agent:
            openings = [await agent.expect("stream_open") for _ in range(2)]
            one.agent, one.command = agent, {"id": command_id, "streams": openings}
            await agent.send_stream(one.stream("stdout"), 0, b"late")
            await one.finished("failed", exit_code=9, stdout_bytes=4)
        output = await hub.ok("GET", f"/commands/{command_id}/output")
        assert (output["status"], output["exit_code"], output["stdout"]) == ("failed", 9, "late")
        audit = (await hub.ok("GET", "/audit?action=commands.corrected"))["items"]
        assert [one["outcome"] for one in audit] == ["failed"]


async def test_a_reconnection_goes_on_from_the_byte_where_it_was_cut(hub: TestHub) -> None:
    key = (await hub.server("web-1"))["key"]["key"]
    one = CommandAgent(await hub.agent(key))
    await one.agent.expect("auth_success")
    async with Tasks() as tasks:
        asked = tasks.spawn(run(hub), name="run")
        await one.started()
        await one.agent.send_stream(one.stream("stdout"), 0, b"12345")
        await one.agent.close()
        await hub.wait_status("web-1", "offline")
        journal = JournalFacts(epoch="journal-1", commands=[HeldCommand(id=one.command["id"])])
        async with await hub.agent(key, journal=journal) as agent:
            openings = [await agent.expect("stream_open") for _ in range(2)]
            offsets = {opening["name"]: opening.get("offset", 0) for opening in openings}
            assert offsets == {"stdout": 5, "stderr": 0}
            one.agent, one.command["streams"] = agent, openings
            await agent.send_stream(one.stream("stdout"), 3, b"4567")  # two bytes come again
            await one.finished(stdout_bytes=7)
            (result,) = await asked
    assert (result["stdout"], result["truncated"]) == ("1234567", False)


async def test_what_an_agent_does_not_know_any_more_is_lost(hub: TestHub) -> None:
    key = (await hub.server("web-1"))["key"]["key"]
    errors = {}
    for epoch in ("journal-1", "journal-2"):
        one = CommandAgent(await hub.agent(key))
        await one.agent.expect("auth_success")
        async with Tasks() as tasks:
            asked = tasks.spawn(run(hub), name="run")
            await one.agent.expect("command")
            await one.agent.close()
            async with await hub.agent(key, epoch=epoch):
                (result,) = await asked
        assert result["status"] == "lost"
        errors[epoch] = result["error"]
    assert "without having started" in errors["journal-1"]
    assert "restarted" in errors["journal-2"]


async def test_commands_under_way_outlive_a_restart_of_the_hub(tmp_path: Path) -> None:
    async with running_hub(tmp_path / "hub") as hub:
        key = (await hub.server("web-1"))["key"]["key"]
        agent = await hub.agent(key)
        await agent.expect("auth_success")
        command_id = (await run(hub, mode="detach"))["commands"][0]["id"]
        await agent.expect("command")
    clock = FakeClock(time.time())
    async with running_hub(tmp_path / "hub", clock=clock) as hub:
        clock.advance(70)
        assert await status_of(hub, command_id) == "sent"
        journal = JournalFacts(epoch="journal-1", commands=[HeldCommand(id=command_id)])
        async with await hub.agent(key, journal=journal) as agent:
            one = CommandAgent(agent)
            openings = [await agent.expect("stream_open") for _ in range(2)]
            one.command = {"id": command_id, "streams": openings}
            await one.finished(exit_code=0)
        assert await status_of(hub, command_id) == "succeeded"


async def test_without_its_agent_it_is_lost_75_s_after_a_start(tmp_path: Path) -> None:
    async with running_hub(tmp_path / "hub") as hub:
        key = (await hub.server("web-1"))["key"]["key"]
        agent = await hub.agent(key)
        await agent.expect("auth_success")
        command_id = (await run(hub, mode="detach"))["commands"][0]["id"]
        await agent.expect("command")
    clock = FakeClock(time.time())
    async with running_hub(tmp_path / "hub", clock=clock) as hub:
        clock.advance(76)
        await until_async(lambda: is_status(hub, command_id, "lost"), what="lost")


async def test_an_agent_speaks_for_its_own_server_only(hub: TestHub) -> None:
    one = await connect(hub)
    other = await connect(hub, "web-2")
    async with one.agent, other.agent, Tasks() as tasks:
        asked = tasks.spawn(run(hub), name="run")
        await one.started()
        forged = CommandResponse(id=one.command["id"], state="succeeded", exit_code=0)
        await other.agent.send(forged)
        await other.agent.send_stream(one.stream("stdout"), 0, b"forged")
        assert (await other.agent.expect("command_ack"))["id"] == one.command["id"]
        await one.finished("failed", exit_code=1)
        (result,) = await asked
    assert (result["status"], result["stdout"]) == ("failed", "")


async def test_removing_the_server_ends_the_wait(hub: TestHub) -> None:
    one = await connect(hub)
    async with one.agent, Tasks() as tasks:
        asked = tasks.spawn(run(hub), name="run")
        await one.started()
        await hub.call("DELETE", "/servers/web-1")
        (result,) = await asked
    assert result["status"] == "lost"


async def test_what_cannot_be_a_command_is_refused(hub: TestHub) -> None:
    await hub.server("web-1")
    for fields in (
        {"command": ""}, {"command": []}, {"command": "a\0b"}, {"command": "x" * 200_000},
        {"command": ["x"] * 5000}, {"command": 5}, {"env": {"A B": "x"}}, {"timeout": -1},
        {"timeout": 0}, {"mode": "later"}, {"target": ""}, {"shell": "zsh"},
    ):  # fmt: skip
        body = {"target": "web-1", "command": "true", **fields}
        answer = await hub.call("POST", "/commands", body)
        assert (answer.status, answer.code) == (422, "invalid"), fields
    assert (await hub.ok("GET", "/commands"))["items"] == []
