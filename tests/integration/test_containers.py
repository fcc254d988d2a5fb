"""The agent and a real container engine: looks, states of the link, actions and their policy."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chatops.agent import (
    container_actions,
    container_figures,
    container_requests,
    container_watch,
)
from chatops.agent.container_requests import ContainerRequests
from chatops.agent.container_watch import ContainerWatch
from chatops.agent.engine import Engine, EngineError
from chatops.agent.policy_table import build
from chatops.agent.sampler import Sampler
from chatops.protocol.containers import ContainerFigures
from chatops.protocol.messages import DockerCommand, DockerResponse, Message
from chatops.tasks import Tasks
from tests.support.engine import IMAGE, RealEngine, real_engine
from tests.support.waiting import until_async

BUSY = ("/bin/sh", "-c", "while :; do :; done")
HEALTH = {"test": ["CMD", "/bin/true"], "interval": 100_000_000}


def watch_of(engine: RealEngine, **policy: Any) -> ContainerWatch:
    return ContainerWatch(Engine(engine.host), build(["docker"], {"docker": policy}).docker)


class Asker:
    """Asks as a hub does."""

    def __init__(self, engine: RealEngine, tasks: Tasks, **policy: Any) -> None:
        self.requests = ContainerRequests(
            Engine(engine.host), build(["docker"], {"docker": policy}), None
        )
        self._answers: dict[str, DockerResponse] = {}
        self.requests.connected(tasks, self._take)

    def _take(self, message: Message) -> None:
        assert isinstance(message, DockerResponse)
        self._answers[message.id] = message

    async def ask(self, action: str, container: str = "", **args: Any) -> DockerResponse:
        given = {"container": container, **args} if container else args
        now = self.requests.ask(DockerCommand(id="d", action=action, args=given))
        if now is not None:
            self._take(now)
        return await until_async(lambda: self._answers.pop("d", None))

    async def code(self, action: str, container: str = "", **args: Any) -> str | None:
        answer = await self.ask(action, container, **args)
        assert not answer.ok
        return answer.code


async def test_a_look_tells_states_health_and_figures(engine: RealEngine) -> None:
    engine.run("busy", *BUSY)
    engine.run("well", healthcheck=HEALTH)
    engine.run("over", "/bin/true")
    watch = watch_of(engine)

    async def measured() -> bool:
        await watch.look()
        by_name = {one.name: one for one in watch.latest().values()}
        return (
            by_name["well"].health == "healthy"
            and by_name["over"].state == "exited"
            and (by_name["busy"].cpu_percent or 0) > 5
        )

    await until_async(measured)
    by_name = {one.name: one for one in watch.latest().values()}
    busy, over = by_name["busy"], by_name["over"]
    assert (busy.image, busy.state, busy.health) == (IMAGE, "running", None)
    assert busy.memory is not None
    assert busy.memory_limit is not None
    assert 0 < busy.memory < busy.memory_limit
    assert (busy.rx_bps, busy.read_bps) == (0.0, 0.0)
    assert (over.cpu_percent, over.memory) == (None, None)
    sampler = Sampler({container_watch.PART: watch.collect})
    sample = await sampler.sample()
    assert (sample.container_count, sample.missing) == (3, {})
    assert [one.name for one in sample.containers] == ["busy", "over", "well"]
    sampler.close()
    watch.close()


async def test_all_who_ask_for_figures_get_one_look(
    engine: RealEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two"):
        engine.run(name)
    over = engine.run("over", "/bin/true")
    with engine.client() as client:
        client.wait(over)
    watch = watch_of(engine)
    requests = ContainerRequests(Engine(engine.host), build(["docker"], {}), watch)
    told: list[DockerResponse] = []

    async def asked(*ids: str) -> list[ContainerFigures]:
        told.clear()
        for one in ids:
            assert requests.ask(DockerCommand(id=one, action="stats", args={})) is None
        await until_async(lambda: len(told) == len(ids))
        assert all(one.ok for one in told)
        return [msgspec.convert(one.data, ContainerFigures) for one in told]

    async with Tasks() as tasks:
        requests.connected(tasks, told.append)  # type: ignore[arg-type]
        first, *others = await asked(*map(str, range(30)))
        assert [one.name for one in first.containers] == ["one", "two"]
        assert {one.ts for one in others} == {first.ts}
        assert all(one.pids == 1 and one.memory_limit for one in first.containers)
        monkeypatch.setattr(container_watch, "FRESH", 0.0)
        monkeypatch.setattr(container_watch, "SHARE", 1e-6)
        (again,) = await asked("rests")
        assert again.ts == first.ts  # another look would cost more than its share
        monkeypatch.setattr(container_watch, "SHARE", 1e6)
        (newer,) = await asked("looks")
        assert newer.ts > first.ts
        assert all(one.rx_bps == 0.0 for one in newer.containers)
        monkeypatch.setattr(container_watch, "ANSWER", 1.0)
        with engine.hung():
            late = DockerCommand(id="late", action="stats", args={})
            told.clear()
            assert requests.ask(late) is None
            answer = await until_async(lambda: told and told[0])
        assert (answer.ok, answer.code) == (False, "timed_out")
    watch.close()


def test_figures_of_more_than_are_asked_for_at_once(
    engine: RealEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [engine.run(f"c{number}") for number in range(6)]
    path = engine.host.removeprefix("unix://")
    monkeypatch.setattr(container_figures, "AT_ONCE", 4)
    with engine.client() as client:
        found = container_figures.figures(path, client.api_version, [*keys, "0" * 64], 10.0)
    assert list(found) == keys  # and nothing of what is not there
    assert all(one.cpu_stats.cpu_usage.total_usage > 0 for one in found.values())
    assert all(one.memory_stats.usage for one in found.values())


@pytest.fixture
def own_engine() -> Iterator[RealEngine]:
    """One that a test may stop."""
    with real_engine() as engine:
        yield engine


async def test_a_stopped_engine_is_noticed_and_so_is_its_return(
    own_engine: RealEngine, caplog: pytest.LogCaptureFixture
) -> None:
    engine = own_engine
    caplog.set_level(logging.INFO)
    watch = watch_of(engine)
    sampler = Sampler({container_watch.PART: watch.collect})
    assert (await sampler.sample()).container_count is None
    await watch.look()
    assert (await sampler.sample()).container_count == 0
    engine.stop()
    try:
        for _ in range(2):
            await watch.look()
        sample = await sampler.sample()
        assert sample.container_count is None
        assert "no container engine listens at" in sample.missing["containers"]
    finally:
        engine.start()
    await watch.look()
    assert (await sampler.sample()).container_count == 0
    said = [one.getMessage() for one in caplog.records if one.name.endswith("container_watch")]
    assert len(said) == 2
    assert said[1] == "the container engine answers again"
    sampler.close()
    watch.close()


async def test_a_hung_engine_is_given_up_on_in_time(
    engine: RealEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(container_watch, "ANSWER", 1.0)
    monkeypatch.setattr(container_requests, "GRACE", 0.5)
    watch = watch_of(engine)
    async with Tasks() as tasks:
        asker = Asker(engine, tasks)
        with engine.hung():
            look, code = await asyncio.gather(watch.look(), asker.code("ps", timeout=0.2))
        assert (look.error, code) == (
            "the container engine did not answer within 1 s", "timed_out"
        )  # fmt: skip
        assert (await asker.ask("ps")).ok
    assert (await watch.look()).error is None
    watch.close()


async def test_where_there_is_no_engine_or_none_for_this_user(
    engine: RealEngine, tmp_path: Path
) -> None:
    def why(one: Engine) -> str:
        with pytest.raises(EngineError) as caught, one.client(5):
            pass
        return caught.value.message

    assert why(Engine(f"unix://{tmp_path}/none")) == (
        f"no container engine listens at {tmp_path}/none"
    )
    assert "names no socket" in why(Engine(environ={"DOCKER_HOST": "tcp://127.0.0.1:1"}))
    os.seteuid(65534)
    try:
        assert "may not use the engine's socket" in why(Engine(engine.host))
    finally:
        os.seteuid(0)


def test_where_the_engine_is_looked_for(tmp_path: Path) -> None:
    own, usual = tmp_path / "podman" / "podman.sock", (f"{tmp_path}/a", f"{tmp_path}/b")
    engine = Engine(environ={"XDG_RUNTIME_DIR": str(tmp_path)}, usual=usual)
    assert engine.address == f"unix://{tmp_path}/a"
    own.parent.mkdir()
    own.touch()
    assert engine.address == f"unix://{own}"
    (tmp_path / "b").touch()
    assert engine.address == f"unix://{tmp_path}/b"
    given = {"DOCKER_HOST": "unix:///from/variable"}
    assert Engine(environ=given, usual=usual).address == "unix:///from/variable"
    assert Engine("unix:///policy", given, usual).address == "unix:///policy"


async def test_looking_at_containers(engine: RealEngine) -> None:
    key = engine.run("web-1", labels={"com.docker.compose.project": "shop"},
                     environment={"SECRET": "hunter2"}, ports=[80])  # fmt: skip
    engine.run("over", "/bin/true")
    async with Tasks() as tasks:
        asker = Asker(engine, tasks)
        await until_async(lambda: _count(asker, 1))
        (one,) = (await asker.ask("ps")).data
        assert (one.id, one.name, one.state, one.project) == (key, "web-1", "running", "shop")
        assert one.status.startswith("Up ")
        assert [one.name for one in (await asker.ask("ps", all=True)).data] == ["over", "web-1"]
        told = (await asker.ask("inspect", key[:12])).data
        assert (told.id, told.name, told.detail["State"]["Status"]) == (key, "web-1", "running")
        assert "hunter2" not in str(told.detail)
        assert "SECRET" in told.detail["Config"]["Env"]
        (image,) = (await asker.ask("images")).data
        assert (image.tags, image.size > 100_000) == ([IMAGE], True)
        (process,) = (await asker.ask("top", "web-1")).data
        assert (process.user, process.command) == ("root", "/bin/sleep 1000")
        over = await asker.ask("top", "over")
        assert (over.code, over.error) == (
            "conflict", "the engine says: Container over is not running"
        )  # fmt: skip


async def test_arguments_are_told_without_secrets(engine: RealEngine) -> None:
    engine.run("web-1", "/bin/sh", "-c", "/bin/sleep 1000; true", "--password", "hunter2")
    async with Tasks() as tasks:
        asker = Asker(engine, tasks)
        told = [(await asker.ask(action, "web-1")).data for action in ("inspect", "top")]
        assert "hunter2" not in str(told)
        assert str(told[0]).count("--password") > 1
        assert "--password ***" in told[1][0].command


async def _count(asker: Asker, wanted: int) -> bool:
    return len((await asker.ask("ps")).data) == wanted


async def test_changing_containers(engine: RealEngine) -> None:
    engine.run("web-1")
    async with Tasks() as tasks:
        asker = Asker(engine, tasks)
        for action, state in (
            ("pause", "paused"), ("unpause", "running"), ("restart", "running"),
            ("stop", "exited"), ("start", "running"), ("kill", "exited"), ("rm", None),
        ):  # fmt: skip
            answer = await asker.ask(action, "web-1")
            assert answer.error is None
            assert (answer.data.name, answer.data.state) == ("web-1", state)
        for action in ("start", "rm", "inspect", "top"):
            assert await asker.code(action, "web-1") == "not_found"
        engine.run("web-2")
        assert await asker.code("rm", "web-2") == "conflict"
        assert await asker.code("unpause", "web-2") == "conflict"


async def test_odd_names_name_nothing(engine: RealEngine) -> None:
    async with Tasks() as tasks:
        asker = Asker(engine, tasks)
        for name in ("", "a/b", "../web-1", "web-1?x=1", "web 1", "é", "-", "x" * 999):
            assert await asker.code("inspect", name) == "not_found"


async def test_the_policy_bounds_what_the_hub_sees_and_does(engine: RealEngine) -> None:
    engine.run("web-1")
    hidden = engine.run("db-1")
    watch = watch_of(engine, containers=["web-[0-9]+"])
    await watch.look()
    assert [one.name for one in watch.latest().values()] == ["web-1"]
    watch.close()
    async with Tasks() as tasks:
        asker = Asker(engine, tasks, containers=["web-[0-9]+"], mode="read-only")
        assert [one.name for one in (await asker.ask("ps", all=True)).data] == ["web-1"]
        for name in ("db-1", hidden):
            assert await asker.code("inspect", name) == "not_found"
        answer = await asker.ask("stop", "web-1")
        assert (answer.code, "read-only" in (answer.error or "")) == ("not_allowed", True)
        assert await asker.code("fly", "web-1") == "unsupported"
        assert await asker.code("ps", all="perhaps") == "invalid"
        full = Asker(engine, tasks, containers=["web-[0-9]+"])
        assert await full.code("stop", "db-1") == "not_found"


async def test_too_many_requests_at_once_are_refused(engine: RealEngine) -> None:
    async with Tasks() as tasks:
        asker = Asker(engine, tasks)
        asked = [
            asker.requests.ask(DockerCommand(id=str(n), action="ps"))
            for n in range(container_requests.AT_ONCE + 1)
        ]
        assert [one.code for one in asked if isinstance(one, DockerResponse)] == ["busy"]


def test_how_long_an_action_may_take() -> None:
    args = container_actions.DockerArgs
    given = [container_actions.patience(args(timeout=one)) for one in (None, 3.0, -1.0, 1e9)]
    assert given == [container_actions.PATIENCE, 3.0, 0.0, container_actions.LONGEST]
