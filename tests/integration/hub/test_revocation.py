"""Rights that are taken back end what is open, within a second, and start nothing more."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import msgspec
import pytest

from chatops.protocol.frames import FrameReader
from tests.support.fleet import attach, events_in, fleet
from tests.support.hub import TestHub
from tests.support.waiting import until_async

Call = tuple[str, str, object]
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
            return await statuses() == {"db-1": "succeeded", "web-1": "cancelled"}

        await until_async(over, what="the run is over")


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
