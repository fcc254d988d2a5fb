"""Processes of a server, asked of its agent: a real one, and those that cannot or do not answer."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

import pytest

from chatops.protocol.features import PROCESSES
from chatops.protocol.limits import MAX_COMMAND_LINE
from chatops.protocol.messages import Error, Message, ProcessesResponse
from chatops.protocol.metrics import Process
from chatops.server.services import processes
from chatops.units import parse_time
from tests.support.agents import local_agent
from tests.support.hub import Answer, StubAgent, TestHub
from tests.support.waiting import until_async


async def stub(hub: TestHub, *features: str) -> StubAgent:
    key = (await hub.server("web-1"))["key"]["key"]
    agent = await hub.agent(key, features=list(features))
    await agent.expect("auth_success")
    return agent


async def answering(hub: TestHub, agent: StubAgent, make: Callable[[str], Message]) -> Answer:
    """What the hub says when the agent answers the request with what ``make`` gives for its id."""

    async def play() -> None:
        request = await agent.expect("processes")
        assert (request["sort"], request["limit"]) == ("memory", 2)
        await agent.send(make(request["id"]))

    asking = hub.call("GET", "/processes/web-1?sort=memory&limit=2")
    answer, _ = await asyncio.gather(asking, play())
    return answer


async def test_a_real_agent_lists_its_processes(hub: TestHub) -> None:
    made = await hub.server("web-1")
    reader = await hub.user("reader", "viewer")
    await hub.ok("PUT", "/servers/web-1/shares", {"user": "reader", "role": "viewer"})
    stranger = await hub.user("stranger", "viewer")
    async with local_agent("", join=made["key"]["join"], allow=()):
        await hub.wait_status("web-1", "online")
        page = await hub.ok("GET", "/processes/web-1?limit=0", token=reader)
        mine = next(one for one in page["items"] if one["pid"] == os.getpid())
        assert list(mine) == [
            "pid", "ppid", "user", "name", "command", "cpu_percent", "memory_percent", "rss",
            "started_at",
        ]  # fmt: skip
        assert mine["ppid"] == os.getppid()
        assert parse_time(mine["started_at"]) < parse_time(page["ts"])
        assert page["total"] == len(page["items"])
        by_memory = await hub.ok("GET", "/processes/web-1?sort=memory&limit=3")
        sizes = [one["rss"] for one in by_memory["items"]]
        assert sizes == sorted(sizes, reverse=True)
        assert (len(sizes), by_memory["total"] > 3, by_memory["next"]) == (3, True, None)
        many = [hub.ok("GET", "/processes/web-1") for _ in range(8)]
        assert all(len(one["items"]) == 20 for one in await asyncio.gather(*many))
        assert (await hub.call("GET", "/processes/web-1", token=stranger)).status == 404
        assert (await hub.call("GET", "/processes/web-1?sort=name")).status == 422
        assert (await hub.call("GET", "/processes/web-1?limit=-1")).status == 422
        await until_async(lambda: hub.services.metrics.newest_at(made["id"]) is not None)
    await until_async(lambda: hub.services.agents.find(made["id"]) is None)
    gone = await hub.call("GET", "/processes/web-1", token=reader)
    assert (gone.status, gone.code) == (409, "offline")
    assert "metrics show web-1" in gone.body["error"]["hint"]


async def test_one_that_never_came_has_no_last_sample_to_show(hub: TestHub) -> None:
    await hub.server("web-1")
    error = (await hub.call("GET", "/processes/web-1")).body["error"]
    assert (error["code"], "metrics show" in error["hint"]) == ("offline", False)


async def test_an_old_agent_is_not_asked(hub: TestHub) -> None:
    async with await stub(hub):
        answer = await hub.call("GET", "/processes/web-1")
    assert (answer.status, answer.code) == (409, "conflict")
    assert "too old" in answer.body["error"]["message"]


async def test_an_agent_that_does_not_answer_is_waited_for_in_vain(
    hub: TestHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "PROCESSES_WITHIN", 0.1)
    async with await stub(hub, PROCESSES) as agent:
        answer = await hub.call("GET", "/processes/web-1")
        assert (answer.status, answer.code) == (504, "timed_out")
        session = next(hub.services.agents.sessions())
        assert len(session.pending) == 0
        request = await agent.expect("processes")
        await agent.send(ProcessesResponse(id=request["id"], ts=0.0))  # too late, and no harm


async def test_an_agent_that_fails_says_why(hub: TestHub) -> None:
    async with await stub(hub, PROCESSES) as agent:
        for make, why in (
            (lambda one: ProcessesResponse(id=one, ts=0.0, error="no\x1b room"), r"no\x1b room"),
            (lambda one: Error(code="internal", message="a fault", re=one), "a fault"),
        ):
            answer = await answering(hub, agent, make)
            assert (answer.status, answer.code) == (409, "conflict")
            assert why in answer.body["error"]["message"]


async def test_what_an_agent_sends_is_bounded(hub: TestHub) -> None:
    long = Process(1, 1, "u" * 9000, "n\n" * 9000, "c" * 9000, started_at=1e300)
    async with await stub(hub, PROCESSES) as agent:
        answer = await answering(
            hub, agent, lambda one: ProcessesResponse(id=one, ts=-1e300, processes=[long] * 9)
        )
    items = answer.body["items"]
    assert (len(items), answer.body["total"]) == (2, 2)
    assert (len(items[0]["command"]), len(items[0]["name"])) == (MAX_COMMAND_LINE, 256)


async def test_a_link_that_ends_is_told_at_once(hub: TestHub) -> None:
    agent = await stub(hub, PROCESSES)

    async def leave() -> None:
        await agent.expect("processes")
        await agent.socket.close()

    answer, _ = await asyncio.gather(hub.call("GET", "/processes/web-1"), leave())
    assert (answer.status, answer.code) == (409, "offline")
