"""Runs and things that happen at the same moment: agents that come and go, rights that end while
a request is on its way, a hub that dies between two steps."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chatops.clock import FakeClock
from chatops.protocol.facts import HeldCommand, JournalFacts
from chatops.protocol.messages import (
    CommandResponse,
    Ping,
    StreamClose,
)
from tests.support.fleet import CommandAgent, attach, connect, fleet
from tests.support.hub import TestHub, running_hub
from tests.support.waiting import until_async


def run(
    hub: TestHub, target: str, command: object = "true", *, token: str = "admin", **fields: Any
) -> Any:
    body = {"target": target, "command": command, "mode": "detach", **fields}
    return hub.ok("POST", "/commands", body, token=token)


async def status(hub: TestHub, command_id: str) -> str:
    return str((await hub.ok("GET", f"/commands/{command_id}"))["status"])


async def wait_statuses(hub: TestHub, run_id: str, *wanted: str) -> None:
    async def there() -> bool:
        found = await hub.ok("GET", f"/runs/{run_id}")
        return tuple(one["status"] for one in found["commands"]) == wanted

    await until_async(there, what=f"the states {wanted}")


def holding(command_id: str) -> JournalFacts:
    return JournalFacts(epoch="journal-1", commands=[HeldCommand(id=command_id)])


def flipping(hub: TestHub, server_id: str, answers: list[bool]) -> Callable[[str], bool]:
    """Whether a server is online: for one of them other answers, one after the other."""
    real = hub.services.commands.is_online
    return lambda one: answers.pop(0) if one == server_id and answers else real(one)


@pytest.mark.parametrize("answers", [[False, True], [True, False]])
async def test_an_agent_that_comes_or_goes_while_the_run_is_written_down(
    hub: TestHub, answers: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with fleet(hub, "a", "b", "c") as (first, second, third):
        b = (await hub.ok("GET", "/servers/b"))["id"]
        came = not answers[0]
        monkeypatch.setattr(hub.services.commands, "is_online", flipping(hub, b, answers))
        made = await run(hub, "*", batch="1")
        await first.play()
        if not came:
            await second.play()
        await third.play()
        middle = "offline" if came else "succeeded"
        await wait_statuses(hub, made["run_id"], "succeeded", middle, "succeeded")
        found = (await hub.ok("GET", f"/runs/{made['run_id']}"))["commands"]
        assert [one["status"] for one in found] == ["succeeded", middle, "succeeded"]


async def test_a_body_that_comes_slowly_does_not_outlive_its_senders_rights(hub: TestHub) -> None:
    token = await hub.user("bob", "admin")
    async with fleet(hub, "a") as (agent,):
        host, port = hub.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        body = b'{"target":"a","command":"id","mode":"detach"}'
        head = ["POST /api/v1/commands HTTP/1.1", "Host: x", f"Authorization: Bearer {token}",
                f"Content-Length: {len(body)}", "Connection: close", "", ""]  # fmt: skip
        writer.write("\r\n".join(head).encode() + body[:5])
        await writer.drain()
        await until_async(lambda: hub.services.auth._users._known, what="the look at the token")
        await hub.ok("PATCH", "/users/bob", {"disabled": True})
        writer.write(body[5:])
        answer = await reader.read()
        assert answer.split(b" ", 2)[1] == b"401", answer
        writer.close()
        await writer.wait_closed()

        async def nothing_started() -> bool:  # what was recorded before the check is closed soon
            listed = (await hub.ok("GET", "/commands"))["items"]
            return {one["status"] for one in listed} <= {"cancelled"}

        await until_async(nothing_started, what="the end of what was recorded")
        await run(hub, "a", "the next one")
        assert (await agent.agent.expect("command"))["command"] == "the next one"


async def test_what_is_just_being_recorded_as_sent_is_not_started_by_rights_that_are_gone(
    hub: TestHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, records = await hub.user("bob", "operator"), hub.services.runs.records
    record, recorded, go_on = records.set_sent, asyncio.Event(), asyncio.Event()

    async def slowly(*args: Any, **options: Any) -> None:
        await record(*args, **options)
        recorded.set()
        await go_on.wait()

    async with fleet(hub, "a", "b") as (first, second):
        for name in ("a", "b"):
            share = {"user": "bob", "role": "operator"}
            await hub.ok("PUT", f"/servers/{name}/shares", share)
        made = await run(hub, "a,b", parallel=1, token=token)
        monkeypatch.setattr(records, "set_sent", slowly)
        await first.play()
        await recorded.wait()
        await hub.ok("DELETE", "/servers/b/shares/bob")
        go_on.set()
        await wait_statuses(hub, made["run_id"], "succeeded", "cancelled")
        await second.agent.send(Ping(id=1))
        assert (await second.agent.next())["type"] == "pong", "its agent was told nothing"


async def test_who_attaches_slowly_does_not_outlive_the_rights_either(hub: TestHub) -> None:
    token = await hub.user("bob", "admin")
    async with fleet(hub, "a") as (agent,):
        command_id = (await run(hub, "a"))["commands"][0]["id"]
        await agent.started()
        socket = await hub.subscribe(f"commands/{command_id}", token)
        await socket.expect("auth_success")
        await hub.ok("PATCH", "/users/bob", {"disabled": True})
        await socket.send_json({"type": "attach"})
        await agent.agent.send_stream(agent.stream("stdout"), 0, b"secret")
        _, frames = await socket.closed()
        assert [one for one in frames if not isinstance(one, dict)] == []
        assert frames[-1]["code"] == "not_signed_in"
        await socket.close()


async def test_what_waits_of_an_account_that_was_disabled_as_the_hub_died(tmp_path: Path) -> None:
    async with running_hub(tmp_path / "hub") as hub:
        token = await hub.user("bob", "admin")
        keys = [(await hub.server(name))["key"]["key"] for name in ("a", "b")]
        agents = [CommandAgent(await hub.agent(key)) for key in keys]
        for one in agents:
            await one.agent.expect("auth_success")
        body = {"target": "*", "command": "id", "mode": "detach", "parallel": 1}
        made = await hub.ok("POST", "/commands", {**body, "env": {"PW": "s"}}, token=token)
        await agents[0].started()
        async with hub.hub.databases.chatops.write() as session:  # and no further than that
            connection = await session.connection()
            await connection.exec_driver_sql("update users set disabled = 1 where name = 'bob'")
        for one in agents:
            await one.agent.close()
    async with running_hub(tmp_path / "hub") as hub:
        waited = made["commands"][1]["id"]

        async def cancelled() -> bool:
            return await status(hub, waited) == "cancelled"

        await until_async(cancelled, what="the end of what waited")
        assert await status(hub, made["commands"][0]["id"]) in ("sent", "running")
        rows = sqlite3.connect(tmp_path / "hub" / "chatops.db")
        await until_async(
            lambda: rows.execute("select sealed_env from runs").fetchall() == [(None,)],
            what="the end of the variables",
        )
        rows.close()


async def test_variables_go_with_the_last_server_that_needs_them(hub: TestHub) -> None:
    async with fleet(hub, "a", "b") as (first, _):
        await run(hub, "*", parallel=1, env={"PW": "s3cret"})
        await first.started()
        await hub.ok("DELETE", "/servers/b")

        async def kept() -> bytes | None:
            async with hub.hub.databases.chatops.read() as session:
                connection = await session.connection()
                found = await connection.exec_driver_sql("select sealed_env from runs")
                sealed: bytes | None = found.scalar_one()
                return sealed

        async def forgotten() -> bool:
            return await kept() is None

        await until_async(forgotten, what="the end of the variables")
        assert await kept() is None


class Held:
    """Keeps the commit of an outcome waiting."""

    def __init__(self, hub: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
        self.inside, self.go = asyncio.Event(), asyncio.Event()
        records = hub.services.commands.records
        real = records.end

        async def end(*args: Any, **fields: Any) -> Any:
            self.inside.set()
            await self.go.wait()
            return await real(*args, **fields)

        monkeypatch.setattr(records, "end", end)


async def test_an_agent_that_is_back_while_its_command_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FakeClock(time.time())
    async with running_hub(tmp_path / "hub", clock=clock) as hub:
        one = await connect(hub)
        key = (await hub.ok("POST", "/api-keys", {"server": "web-1", "name": "next"}))["key"]
        command_id = (await run(hub, "web-1"))["commands"][0]["id"]
        await one.started()
        await one.agent.close()
        await hub.wait_status("web-1", "offline")
        held = Held(hub, monkeypatch)
        clock.advance(40)
        await held.inside.wait()
        async with await hub.agent(key, journal=holding(command_id)) as agent:
            for _ in range(2):
                await agent.expect("stream_open")
            held.go.set()
            opened = [await agent.expect("stream_open") for _ in range(2)]
            number = next(one["stream"] for one in opened if one["name"] == "stdout")
            for part in range(4):
                await agent.send_stream(number, part * 65536, bytes(65536))
            assert (await agent.expect("stream_credit"))["credit"]
            await agent.send(
                CommandResponse(id=command_id, state="succeeded", exit_code=0, stdout_bytes=262144)
            )
            await agent.expect("command_ack")
            assert await status(hub, command_id) == "succeeded"


async def test_what_is_missing_of_a_command_that_was_lost_stays_missing(tmp_path: Path) -> None:
    """The hub had 5 MiB and kept one; then the agent died, and tells that it has nothing."""
    clock = FakeClock(time.time())
    async with running_hub(tmp_path / "hub", clock=clock, request_limit=10**6) as hub:
        one = await connect(hub)
        key = (await hub.ok("POST", "/api-keys", {"server": "web-1", "name": "next"}))["key"]
        command_id = (await run(hub, "web-1"))["commands"][0]["id"]
        await one.started()
        await send(one, 5 << 20)
        await one.agent.close()
        await hub.wait_status("web-1", "offline")
        clock.advance(40)

        async def lost() -> bool:
            return await status(hub, command_id) == "lost"

        await until_async(lost, what="the loss")
        before = await hub.ok("GET", f"/commands/{command_id}/output")
        assert (len(before["stdout"]), before["dropped_bytes"]) == (1 << 20, 4 << 20)
        async with await hub.agent(key, journal=holding(command_id)) as agent:
            for opened in [await agent.expect("stream_open") for _ in range(2)]:
                await agent.send(StreamClose(stream=opened["stream"], offset=0, reason="gone"))
            await agent.send(CommandResponse(id=command_id, state="cancelled", signal=9))
            await agent.expect("command_ack")
        after = await hub.ok("GET", f"/commands/{command_id}/output")
        assert after["status"] == "cancelled"
        assert (after["stdout"], after["truncated"]) == (before["stdout"], True)
        assert after["dropped_bytes"] == 4 << 20


async def send(one: CommandAgent, count: int, block: int = 65536) -> None:
    """Output, for as long as there is credit for it."""
    number, sent, credit = one.stream("stdout"), 0, 256 * 1024
    while sent < count:
        while credit < block:
            credit += (await one.agent.expect("stream_credit"))["credit"]
        await one.agent.send_stream(number, sent, b"x" * block)
        sent, credit = sent + block, credit - block


async def test_a_stream_that_is_full_of_holes_holds_nobody_up(hub: TestHub) -> None:
    async with fleet(hub, "a") as (agent,):
        command_id = (await run(hub, "a"))["commands"][0]["id"]
        await agent.started()
        number = agent.stream("stdout")
        for place in range(12_000):
            await agent.agent.send_stream(number, 2 * place, b"x")
        begin = time.process_time()
        await agent.agent.send(
            CommandResponse(id=command_id, state="succeeded", exit_code=0, stdout_bytes=24_000)
        )
        await agent.agent.expect("command_ack")
        assert time.process_time() - begin < 2
        kept = await hub.ok("GET", f"/commands/{command_id}/output")
        assert len(kept["stdout"]) + kept["dropped_bytes"] == 24_000


async def forever() -> None:
    await asyncio.Event().wait()


async def test_single_bytes_for_a_reader_that_sleeps_wait_together(hub: TestHub) -> None:
    async with fleet(hub, "a") as (agent,):
        command_id = (await run(hub, "a"))["commands"][0]["id"]
        follower = await attach(hub, command_id)
        await agent.started()
        live = hub.services.commands.find(command_id)
        assert live is not None
        await until_async(lambda: live.watched, what="the watcher")
        (watcher,) = live._watchers
        watcher.next = forever  # type: ignore[method-assign]  # the reader sleeps
        numbers = agent.stream("stdout"), agent.stream("stderr")
        for place in range(4000):
            for number in numbers:
                await agent.agent.send_stream(number, place, b"%d" % (place % 10))
        await until_async(lambda: live.length("stderr") == 4000, what="all of it")
        assert len(watcher._queue) < 1000
        await follower.socket.close()
