"""Containers over REST: a real hub, a real agent, a real engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from chatops.protocol.messages import DockerResponse
from chatops.server.services import docker
from tests.support.agents import local_agent
from tests.support.engine import IMAGE, RealEngine
from tests.support.hub import Answer, StubAgent, TestHub
from tests.support.waiting import until_async

LIST = "/docker/web-1/containers"


@asynccontextmanager
async def watched(
    hub: TestHub, engine: RealEngine, *allow: str, **policy: Any
) -> AsyncIterator[str]:
    """A server with an agent that may ask the engine; the token of somebody who may only look."""
    made = await hub.server("web-1")
    reader = await hub.user("reader", "viewer")
    await hub.ok("PUT", "/servers/web-1/shares", {"user": "reader", "role": "viewer"})
    table = {"allow": list(allow or ("docker",)), "docker": {"host": engine.host, **policy}}
    async with local_agent("", join=made["key"]["join"], policy=table, interval=1.0):
        await hub.wait_status("web-1", "online")
        yield reader


async def test_containers_are_shown_to_those_who_may_see_the_server(
    hub: TestHub, engine: RealEngine
) -> None:
    key = engine.run("app", labels={"com.docker.compose.project": "shop"})
    engine.run("over", "/bin/true")
    async with watched(hub, engine) as reader:

        async def measured() -> Any:
            found = (await hub.ok("GET", LIST, token=reader))["items"]
            return found[0] if len(found) == 1 and found[0]["memory"] is not None else None

        one = await until_async(measured)
        assert list(one) == [
            "server", "id", "name", "image", "state", "status", "health", "ports", "project",
            "created_at", "cpu_percent", "memory",
        ]  # fmt: skip
        assert (one["server"], one["id"], one["name"]) == ("web-1", key, "app")
        assert (one["image"], one["state"], one["project"]) == (IMAGE, "running", "shop")
        every = await hub.ok("GET", f"{LIST}?all=true", token=reader)
        assert [one["name"] for one in every["items"]] == ["app", "over"]
        detail = await hub.ok("GET", f"{LIST}/app?timeout=20", token=reader)
        assert (detail["id"], detail["detail"]["State"]["Running"]) == (key, True)
        (process,) = (await hub.ok("GET", f"{LIST}/app/top", token=reader))["items"]
        assert process["command"] == "/bin/sleep 1000"
        (image,) = (await hub.ok("GET", "/docker/web-1/images", token=reader))["items"]
        assert (image["server"], image["tags"]) == ("web-1", [IMAGE])

        async def sampled() -> bool:
            answer = await hub.call("GET", "/metrics/web-1", token=reader)
            return answer.status == 200 and bool(answer.body["container_count"] == 2)

        await until_async(sampled)
        assert (await hub.call("GET", f"{LIST}/app?timeout=601", token=reader)).status == 422
        gone = await hub.call("GET", f"{LIST}/nothing", token=reader)
        assert (gone.status, gone.code) == (404, "not_found")
        assert gone.body["error"]["hint"] == "`chatops docker ps web-1 -a` shows those there are"
        for name in ("a%2Fb", "%C3%A9", "..%2F..%2Fimages"):
            assert (await hub.call("GET", f"{LIST}/{name}")).status == 404
    offline = await until_async(lambda: refused(hub, "offline"))
    assert offline.status == 409


async def sample_after(hub: TestHub, moment: str) -> str | None:
    """When the latest sample was taken, if that was after ``moment``; None before there is one."""
    answer = await hub.call("GET", "/metrics/web-1")
    return answer.body["ts"] if answer.status == 200 and answer.body["ts"] > moment else None


async def refused(hub: TestHub, code: str) -> Answer | None:
    answer = await hub.call("GET", LIST)
    return answer if answer.code == code else None


async def test_an_agent_that_is_not_allowed_says_so(hub: TestHub, engine: RealEngine) -> None:
    async with watched(hub, engine, "exec"):
        answer = await hub.call("GET", LIST)
    assert (answer.status, answer.code) == (403, "refused")
    assert "--allow docker" in answer.body["error"]["message"]


async def test_a_hung_engine_is_an_error_and_metrics_go_on(
    hub: TestHub, engine: RealEngine
) -> None:
    async with watched(hub, engine):
        with engine.hung():
            first = await until_async(lambda: sample_after(hub, ""))
            await until_async(lambda: sample_after(hub, first))
        assert (await hub.call("GET", LIST)).status == 200


async def test_answers_of_an_agent_are_not_believed(
    hub: TestHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(docker, "PATIENCE", 0.1)
    monkeypatch.setattr(docker, "SLACK", 0.0)
    key = (await hub.server("web-1"))["key"]["key"]
    async with await hub.agent(key) as agent:
        await agent.expect("auth_success")
        silent = await hub.call("GET", LIST)
        assert (silent.status, silent.code) == (504, "timed_out")
        await agent.expect("docker_command")
        monkeypatch.setattr(docker, "PATIENCE", 10.0)

        async def answered(**fields: Any) -> Answer:
            async def play() -> None:
                asked = await agent.expect("docker_command")
                await agent.send(DockerResponse(id=asked["id"], **fields))

            answer, _ = await asyncio.gather(hub.call("GET", LIST), play())
            return answer

        assert (await answered(ok=True, data={"no": "list"})).code == "conflict"
        assert (await answered(ok=False, code="setup", error="x")).code == "conflict"
        evil = await answered(ok=False, code="not_found", error="\x1b[2J" + "x" * 9000)
        assert evil.status == 404
        assert evil.body["error"]["message"].startswith("web-1: \\x1b[2J")
        assert len(evil.body["error"]["message"]) < 700


async def test_changes_are_for_operators_and_on_record(hub: TestHub, engine: RealEngine) -> None:
    engine.run("app")
    async with watched(hub, engine) as reader:
        for action, state in (
            ("pause", "paused"), ("unpause", "running"), ("restart", "running"),
            ("stop", "exited"), ("start", "running"), ("kill", "exited"), ("rm", None),
        ):  # fmt: skip
            path = f"{LIST}/app/{action}"
            denied = await hub.call("POST", path, {}, token=reader)
            assert (denied.status, denied.code) == (403, "not_permitted")
            done = await hub.ok("POST", path, {"timeout": 3})
            assert list(done) == ["server", "id", "name", "action", "state"]
            assert (done["name"], done["action"], done["state"]) == ("app", action, state)
            gone = await hub.call("POST", f"{LIST}/gone/{action}", {})
            assert (gone.status, gone.code) == (404, "not_found")
            records = (await hub.ok("GET", f"/audit?action=docker.{action}"))["items"]
            assert [(one["outcome"], one["detail"]["container"]) for one in records] == [
                ("not_found", "gone"), ("sent", "gone"), ("ok", "app"), ("sent", "app"),
                ("denied", "app"),
            ]  # fmt: skip
            assert {one["target"] for one in records} == {"web-1"}
        assert (await hub.call("POST", f"{LIST}/app/start", {"timeout": -1})).status == 422
        engine.run("app")
        kept = await hub.call("POST", f"{LIST}/app/rm", {})
        assert kept.code == "conflict"
        assert "remove a running container app. " in kept.body["error"]["message"]
        (record, *_) = (await hub.ok("GET", "/audit?action=docker.rm"))["items"]
        assert (record["outcome"], record["detail"]["container"]) == ("failed", "app")


async def test_a_change_is_on_record_before_its_agent_is_asked(hub: TestHub) -> None:
    async with await hub.agent((await hub.server("web-1"))["key"]["key"]) as agent:
        await agent.expect("auth_success")
        asking = asyncio.gather(hub.call("POST", f"{LIST}/app/stop", {}), agent_leaves(hub, agent))
        answer, trail = await asking
        assert (answer.status, trail) == (409, ["sent"])
    records = (await hub.ok("GET", "/audit?action=docker.stop"))["items"]
    assert [one["outcome"] for one in records] == ["failed", "sent"]


async def agent_leaves(hub: TestHub, agent: StubAgent) -> list[str]:
    """The outcomes on record when an agent was asked, which then is gone."""
    await agent.expect("docker_command")
    records = (await hub.ok("GET", "/audit?action=docker.stop"))["items"]
    await agent.close()
    return [one["outcome"] for one in records]


async def test_a_read_only_policy_refuses_changes_and_that_is_on_record(
    hub: TestHub, engine: RealEngine
) -> None:
    engine.run("app")
    async with watched(hub, engine, mode="read-only"):
        answer = await hub.call("POST", f"{LIST}/app/stop", {})
        assert (answer.status, answer.code) == (403, "refused")
        assert "docker.mode is read-only" in answer.body["error"]["message"]
        assert [one["state"] for one in (await hub.ok("GET", LIST))["items"]] == ["running"]
    records = (await hub.ok("GET", "/audit?action=docker.stop"))["items"]
    found = [(record["outcome"], record["target"]) for record in records]
    assert found == [("refused", "web-1"), ("sent", "web-1")]
