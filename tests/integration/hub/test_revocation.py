"""Rights that are taken back end what is open, within a second, and start nothing more."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from chatops.clock import SystemClock
from chatops.protocol.frames import FrameReader
from chatops.protocol.limits import MAX_STREAM_DATA, STREAM_CREDIT
from chatops.tasks import Tasks
from tests.support.fleet import CommandAgent, attach, events_in, fleet
from tests.support.hub import TestHub, running_hub
from tests.support.waiting import until_async

Call = tuple[str, str, object]
SOCKETS = ("metrics/web-1", "logs/web-1")
DISABLED: Call = ("PATCH", "/users/ann", {"disabled": True})
DEMOTED: Call = ("PATCH", "/users/ann", {"role": "viewer"})
DELETED: Call = ("DELETE", "/users/ann", None)
UNSHARED: Call = ("DELETE", "/servers/web-1/shares/ann", None)
LOWERED: Call = ("PUT", "/servers/web-1/shares", {"user": "ann", "role": "viewer"})
ENDS = pytest.mark.parametrize(
    "end",
    [DISABLED, DEMOTED, DELETED, UNSHARED, LOWERED],
    ids=["disabled", "demoted", "deleted", "unshared", "lowered"],
)


async def _ann(hub: TestHub, *servers: str) -> str:
    token = await hub.user("ann", "operator")
    for server in servers:
        body = {"user": "ann", "role": "operator"}
        await hub.ok("PUT", f"/servers/{server}/shares", body)
    return token


async def _stream(hub: TestHub, token: str, target: str) -> aiohttp.ClientResponse:
    body = msgspec.json.encode({"target": target, "command": "x", "mode": "stream"})
    headers = {"Authorization": f"Bearer {token}"}
    return await hub.http.post(f"{hub.url}/api/v1/commands", data=body, headers=headers)


@ENDS
async def test_a_running_stream_is_cut_and_its_command_goes_on(hub: TestHub, end: Call) -> None:
    async with fleet(hub, "web-1") as (one,):
        ann = await _ann(hub, "web-1")
        response = await _stream(hub, ann, "web-1")
        await one.started()
        await hub.ok(*end)
        async with asyncio.timeout(1):
            frames = list(FrameReader().feed(await response.read()))
        last = events_in(frames)[-1]
        assert last["event"] == "error"
        assert last["error"]["code"] in ("not_signed_in", "not_found")
        await one.finished()
        (ran,) = (await hub.ok("GET", "/commands"))["items"]
        assert ran["status"] == "succeeded"


@ENDS
@pytest.mark.parametrize("target", ["web-1", "web-1,web-2"])
async def test_who_waits_for_the_outcome_does_not_get_it(
    hub: TestHub, end: Call, target: str
) -> None:
    async with fleet(hub, "web-1", "web-2") as (one, two), Tasks() as tasks:
        ann = await _ann(hub, "web-1", "web-2")
        body = {"target": target, "command": "x", "mode": "wait", "idempotency_key": "k"}
        asking = [
            tasks.spawn(hub.call("POST", "/commands", body, token=ann), name=name)
            for name in ("first", "again")
        ]
        await one.started()
        await until_async(lambda: len(hub.services.runs.followed) == 2, what="both wait")
        await hub.ok(*end)
        async with asyncio.timeout(1):
            await until_async(lambda: not hub.services.runs.followed, what="none waits")
        async with asyncio.timeout(15):  # that they are refused is written down before
            answers = [await each for each in asking]
        assert {answer.code for answer in answers} <= {"not_signed_in", "not_found"}
        await one.finished()
        if target != "web-1":
            await two.play()


@ENDS
async def test_who_is_attached_is_let_go(hub: TestHub, end: Call) -> None:
    async with fleet(hub, "web-1") as (one,):
        ann = await _ann(hub, "web-1")
        body = {"target": "web-1", "command": "x", "mode": "detach"}
        started = await hub.ok("POST", "/commands", body)
        follower = await attach(hub, started["run_id"], ann)
        await one.started()
        follower.take(await follower.socket.next())
        await hub.ok(*end)
        async with asyncio.timeout(1):
            code, _ = await follower.socket.closed()
        assert code in (4014, 4015)
        await one.finished()


async def test_who_does_not_read_feeds_no_input_any_more(hub: TestHub) -> None:
    async with fleet(hub, "web-1") as (one,):
        ann = await _ann(hub, "web-1")
        body = {"target": "web-1", "command": "cat", "mode": "attach", "stdin": True}
        started = await hub.ok("POST", "/commands", body, token=ann)
        follower = await attach(hub, started["run_id"], ann, stdin=True)
        await one.started()
        credit = {"type": "stream_credit", "stream": one.stream("stdin"), "credit": 100}
        await one.agent.send_json(credit)
        await follower.socket.expect("stream_credit")
        await _fill(one)
        await hub.ok(*UNSHARED)
        await follower.socket.send_stream(0, 0, b"too late")
        said = await one.agent.next()
        assert (said["type"], said["stream"]) == ("stream_close", credit["stream"])
        assert said["reason"] == "detached"
        await follower.socket.close()
        await one.finished(stdout_bytes=0)


async def _fill(one: CommandAgent) -> None:
    """Say something until whoever watches takes no more of it."""
    sent, room, data = 0, STREAM_CREDIT, bytes(MAX_STREAM_DATA)
    with contextlib.suppress(TimeoutError):
        while True:
            while room >= len(data):
                await one.agent.send_stream(one.stream("stdout"), sent, data)
                sent, room = sent + len(data), room - len(data)
            async with asyncio.timeout(1):
                room += (await one.agent.expect("stream_credit"))["credit"]


@ENDS
async def test_what_waits_for_its_turn_is_not_started_any_more(hub: TestHub, end: Call) -> None:
    async with fleet(hub, "db-1", "web-1") as (one, _):
        ann = await _ann(hub, "db-1", "web-1")
        body = {"target": "all", "command": "x", "mode": "detach", "parallel": 1}
        run_id = (await hub.ok("POST", "/commands", body, token=ann))["run_id"]
        await one.started()
        await hub.ok(*end)
        await one.finished()

        async def statuses() -> dict[str, Any]:
            found = await hub.ok("GET", f"/runs/{run_id}")
            return {one["server"]: one["status"] for one in found["commands"]}

        async def over() -> bool:
            return not {"queued", "sent", "running"} & set((await statuses()).values())

        await until_async(over, what="the run is over")
        assert await statuses() == {"db-1": "succeeded", "web-1": "cancelled"}


@ENDS
async def test_open_subscriptions_end(hub: TestHub, end: Call) -> None:
    await hub.server("web-1")
    ann = await _ann(hub, "web-1")
    sockets = [await hub.subscribe(path, ann) for path in SOCKETS]
    for socket in sockets:
        await socket.expect("auth_success")
    await hub.ok(*end)
    async with asyncio.timeout(1):
        for socket in sockets:
            assert (await socket.closed())[0] in (4014, 4015)
    await until_async(lambda: len(hub.services.subscribers) == 0, what="nobody listens")


async def _token(hub: TestHub, session: str, **fields: Any) -> Any:
    body = {"name": "ci", "role": "operator", **fields}
    return await hub.ok("POST", "/tokens", body, token=session)


TOKEN_ENDS = pytest.mark.parametrize(
    "end",
    ["revoked", "expired", "retagged", DISABLED, DEMOTED, DELETED, UNSHARED, LOWERED],
    ids=["revoked", "expired", "retagged", "disabled", "demoted", "deleted", "unshared",
         "lowered"],
)  # fmt: skip


class Ticking(SystemClock):
    """Time that can be made to pass at once, for what looks at the time of day."""

    ahead = 0.0

    def now(self) -> float:
        return super().now() + self.ahead


async def _end(hub: TestHub, clock: Ticking, token: Any, end: Call | str) -> None:
    if end == "expired":
        clock.ahead = 120.0
    elif end == "revoked":
        await hub.ok("DELETE", f"/tokens/{token['id']}")
    elif end == "retagged":
        await hub.ok("PATCH", "/servers/web-1", {"tags": {"env": "dev"}})
    else:
        assert isinstance(end, tuple)
        await hub.ok(*end)


@TOKEN_ENDS
async def test_what_is_open_by_a_token_ends_with_it(tmp_path: Path, end: Call | str) -> None:
    clock = Ticking()
    async with running_hub(tmp_path / "hub", clock=clock) as hub, fleet(hub, "web-1") as (one,):
        await hub.ok("PATCH", "/servers/web-1", {"tags": {"env": "prod"}})
        ann = await _ann(hub, "web-1")
        token = await _token(hub, ann, servers="tag:env=prod", expires_in=60)
        response = await _stream(hub, token["token"], "web-1")
        await one.started()
        command = (await hub.ok("GET", "/commands"))["items"][0]["id"]
        sockets = [await hub.subscribe(path, token["token"]) for path in SOCKETS]
        for socket in sockets:
            await socket.expect("auth_success")
        follower = await attach(hub, command, token["token"])
        await follower.socket.expect("command_event")
        await _end(hub, clock, token, end)
        async with asyncio.timeout(1 if end != "expired" else 2):  # an expiry is looked for
            frames = list(FrameReader().feed(await response.read()))
            for socket in (*sockets, follower.socket):
                assert (await socket.closed())[0] in (4014, 4015)
        last = events_in(frames)[-1]
        assert last["event"] == "error"
        assert last["error"]["code"] in ("not_signed_in", "not_found")
        await one.finished()
        (ran,) = (await hub.ok("GET", "/commands"))["items"]
        assert ran["status"] == "succeeded"


@TOKEN_ENDS
async def test_what_a_token_asked_for_is_not_started_any_more(
    tmp_path: Path, end: Call | str
) -> None:
    clock = Ticking()
    async with (
        running_hub(tmp_path / "hub", clock=clock) as hub,
        fleet(hub, "db-1", "web-1") as (one, _),
    ):
        for server in ("db-1", "web-1"):
            await hub.ok("PATCH", f"/servers/{server}", {"tags": {"env": "prod"}})
        ann = await _ann(hub, "db-1", "web-1")
        token = await _token(hub, ann, servers="tag:env=prod", expires_in=60)
        body = {"target": "all", "command": "x", "mode": "detach", "parallel": 1}
        run_id = (await hub.ok("POST", "/commands", body, token=token["token"]))["run_id"]
        await one.started()
        await _end(hub, clock, token, end)

        async def statuses() -> dict[str, Any]:
            found = await hub.ok("GET", f"/runs/{run_id}")
            return {one["server"]: one["status"] for one in found["commands"]}

        async def withdrawn() -> bool:
            return (await statuses())["web-1"] == "cancelled"

        await until_async(withdrawn, what="the command that waits is withdrawn")
        await one.finished()
        assert await statuses() == {"db-1": "succeeded", "web-1": "cancelled"}


async def test_after_a_restart_a_run_still_ends_with_its_token(tmp_path: Path) -> None:
    folder = tmp_path / "hub"
    async with running_hub(folder) as hub:
        keys = [(await hub.server(name))["key"]["key"] for name in ("db-1", "web-1")]
        agents = [await hub.agent(key) for key in keys]
        for agent in agents:
            await agent.expect("auth_success")
        token = await _token(hub, hub.admin)
        body = {"target": "all", "command": "x", "mode": "detach", "parallel": 1}
        run_id = (await hub.ok("POST", "/commands", body, token=token["token"]))["run_id"]
        await agents[0].expect("command")
    async with running_hub(folder) as hub:
        await hub.ok("DELETE", f"/tokens/{token['id']}")
        found = await hub.ok("GET", f"/runs/{run_id}")
        assert {one["server"]: one["status"] for one in found["commands"]} == {
            "db-1": "sent", "web-1": "cancelled"
        }  # fmt: skip
    for agent in agents:
        await agent.close()


async def test_who_was_let_in_and_waits_loses_it_too(hub: TestHub) -> None:
    token = await _token(hub, hub.admin)
    await hub.server("web-1")
    (ran,) = await hub.ok("POST", "/commands", {"target": "web-1", "command": "id"})
    socket = await hub.subscribe(f"commands/{ran['command_id']}", token["token"])
    await socket.expect("auth_success")
    await hub.ok("DELETE", f"/tokens/{token['id']}")
    await socket.send_json({"type": "attach"})
    code, frames = await socket.closed()
    assert code == 4014
    assert frames[-1]["type"] == "error"
    assert {one["data"]["event"] for one in frames[:-1]} <= {"run"}  # nothing of the command


async def test_a_body_that_comes_slowly_is_of_who_may_when_it_is_there(hub: TestHub) -> None:
    ann = await hub.user("ann", "operator")
    reader, writer = await asyncio.open_connection(*hub.url.removeprefix("http://").split(":"))
    body = b'{"name": "web-1"}'
    head = (
        f"POST /api/v1/servers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ann}\r\n"
        f"Connection: close\r\nExpect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode())
    assert b"100 Continue" in await reader.readuntil(b"\r\n\r\n")
    await hub.ok(*DISABLED)
    writer.write(body)
    assert (await reader.read()).startswith(b"HTTP/1.1 401")
    writer.close()
    assert (await hub.ok("GET", "/servers"))["items"] == []


async def test_other_peoples_streams_go_on(hub: TestHub) -> None:
    async with fleet(hub, "web-1") as (one,):
        await _ann(hub, "web-1")
        response = await _stream(hub, hub.admin, "web-1")
        await one.started()
        await hub.ok(*DISABLED)
        await one.finished()
        frames = list(FrameReader().feed(await response.read()))
    assert events_in(frames)[-1]["event"] == "end"
    assert len(hub.services.runs.followed) == 0
