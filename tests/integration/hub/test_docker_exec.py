"""Commands in containers over REST: who is sent one, what is recorded, and the whole way."""

from __future__ import annotations

from typing import Any

import pytest

from chatops.protocol.facts import DockerFacts, PolicyFacts
from chatops.protocol.features import CONTAINER_COMMANDS
from chatops.tasks import Tasks
from tests.integration.hub.test_docker import watched
from tests.support.engine import RealEngine
from tests.support.fleet import CommandAgent, connect
from tests.support.hub import Answer, TestHub

RUN = {"target": "web-1", "command": ["true"], "container": "app"}


async def agent_that(hub: TestHub, policy: PolicyFacts | None, *features: str) -> CommandAgent:
    """A new server ``web-1`` with an agent that says this of itself."""
    key = (await hub.server("web-1"))["key"]["key"]
    told = {} if policy is None else {"policy": policy}
    agent = await hub.agent(key, features=list(features), **told)
    await agent.expect("auth_success")
    return CommandAgent(agent)


def allowing(**docker: Any) -> PolicyFacts:
    return PolicyFacts(allow=["docker", "exec"], docker=DockerFacts(**docker))


async def test_the_agent_is_told_where_and_as_whom(hub: TestHub) -> None:
    one = await agent_that(hub, allowing(), CONTAINER_COMMANDS)
    async with one.agent, Tasks() as tasks:
        asked = tasks.spawn(hub.ok("POST", "/commands", {**RUN, "user": "bin"}), name="run")
        await one.started()
        assert (one.command["container"], one.command["user"]) == ("app", "bin")
        await one.finished()
        (result,) = await asked
    assert result["status"] == "succeeded"
    record = await hub.ok("GET", f"/commands/{result['command_id']}")
    assert (record["container"], record["command"]) == ("app", ["true"])
    audit = (await hub.ok("GET", "/audit?action=commands.run"))["items"][0]
    assert audit["outcome"] == "sent"
    assert (audit["detail"]["container"], audit["detail"]["user"]) == ("app", "bin")


@pytest.mark.parametrize(
    ("policy", "features", "why"),
    [
        (allowing(), [], "too old to run commands in containers"),
        (PolicyFacts(allow=["exec"]), [CONTAINER_COMMANDS], "--allow docker"),
        (allowing(mode="read-only"), [CONTAINER_COMMANDS], "docker.mode is read-only"),
        (allowing(exec=False), [CONTAINER_COMMANDS], "docker.exec is false"),
    ],
)
async def test_who_must_not_have_it_is_not_sent_it(
    hub: TestHub, policy: PolicyFacts, features: list[str], why: str
) -> None:
    one = await agent_that(hub, policy, *features)
    async with one.agent, Tasks() as tasks:
        (result,) = await hub.ok("POST", "/commands", RUN)
        assert (result["status"], result["exit_code"]) == ("refused", None)
        assert why in result["error"]
        audit = (await hub.ok("GET", "/audit?action=commands.run"))["items"][0]
        assert (audit["outcome"], audit["target"]) == ("refused", "web-1")
        assert why in audit["detail"]["error"]
        run = {"target": "web-1", "command": "x"}
        asked = tasks.spawn(hub.ok("POST", "/commands", run), name="run")
        await one.started()  # so this is the first that the agent got
        assert one.command["command"] == "x"
        await one.finished()
        await asked


async def test_one_that_waited_is_not_sent_to_an_older_agent_either(hub: TestHub) -> None:
    one = await agent_that(hub, allowing(), CONTAINER_COMMANDS)
    key = (await hub.ok("POST", "/api-keys", {"server": "web-1", "name": "again"}))["key"]
    async with one.agent:
        made = await hub.ok("POST", "/commands", {**RUN, "mode": "attach"})
    await hub.wait_status("web-1", "offline")
    async with await hub.agent(key) as older:
        await older.expect("auth_success")
        run = hub.services.runs.driver.find(made["run_id"])
        assert run is not None
        await hub.services.runs.driver.begin(run)
        (live,) = run.commands
        result = await live.wait()
        assert (result.status, "too old" in (result.error or "")) == ("refused", True)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({**RUN, "target": "web-*"}, "one server"),
        ({"target": "web-1", "command": "x", "user": "bin"}, "in a container only"),
        ({**RUN, "container": "a\0b"}, "NUL"),
    ],
)
async def test_what_makes_no_sense_is_invalid(hub: TestHub, body: dict[str, Any], why: str) -> None:
    await hub.server("web-1")
    answer: Answer = await hub.call("POST", "/commands", body)
    assert (answer.status, answer.code) == (422, "invalid")
    assert why in answer.body["error"]["message"]


async def test_the_same_key_with_another_container_is_another_request(hub: TestHub) -> None:
    await hub.server("web-1")
    keyed = {**RUN, "idempotency_key": "k"}
    first = await hub.ok("POST", "/commands", keyed)
    assert await hub.ok("POST", "/commands", keyed) == first
    for other in ({"container": "db"}, {"user": "bin"}, {"container": None}):
        answer = await hub.call("POST", "/commands", {**keyed, **other})
        assert (answer.status, answer.code) == (409, "conflict")


async def test_the_whole_way_to_a_real_container(hub: TestHub, engine: RealEngine) -> None:
    engine.run("app")
    async with watched(hub, engine, containers=["app"]) as reader:
        (done,) = await hub.ok("POST", "/commands", {**RUN, "command": "echo hi; exit 3"})
        assert (done["status"], done["exit_code"], done["stdout"]) == ("failed", 3, "hi\n")
        (missing,) = await hub.ok("POST", "/commands", {**RUN, "container": "other"})
        assert (missing["status"], missing["error"]) == (
            "refused", "there is no container 'other'"
        )  # fmt: skip
        denied = await hub.call("POST", "/commands", RUN, token=reader)
        assert (denied.status, denied.code) == (403, "not_permitted")
        shown = await hub.ok("GET", "/servers/web-1", token=reader)
        assert shown["docker"] == {"mode": "full", "named": True, "exec": True}


async def test_what_an_agent_tells_of_its_policy_is_kept_and_bounded(hub: TestHub) -> None:
    one = await agent_that(hub, allowing(mode="m" * 100_000))
    async with one.agent:
        shown = await hub.ok("GET", "/servers/web-1")
        assert len(shown["docker"]["mode"]) < 1000
    old = await connect(hub, "web-2")
    async with old.agent:
        assert (await hub.ok("GET", "/servers/web-2"))["docker"] is None
