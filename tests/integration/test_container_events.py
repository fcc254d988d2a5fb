"""Container events from a real engine: followed, kept, and told to the watch."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from chatops.agent import container_news
from chatops.agent.container_news import ContainerNews
from chatops.agent.container_watch import ContainerWatch
from chatops.agent.engine import Engine
from chatops.agent.event_journal import EventJournal
from chatops.agent.event_stream import EventStream
from chatops.agent.event_words import ContainerEvent
from chatops.agent.policy_table import build
from chatops.agent.shipper import Shipper
from chatops.protocol.metrics import Container
from chatops.tasks import Tasks
from tests.support.engine import RealEngine, real_engine
from tests.support.waiting import until_async


class Follower:
    """The agent's parts that follow an engine."""

    def __init__(self, engine: RealEngine, folder: Path, **policy: Any) -> None:
        docker = build(["docker"], {"docker": policy}).docker
        self.watch = ContainerWatch(Engine(engine.host), docker)
        self.journal = EventJournal(folder / "events")
        self.news = ContainerNews(
            Engine(engine.host), docker, self.watch, self.journal, Shipper()
        )  # fmt: skip

    def lines(self) -> list[tuple[str, str, str]]:
        return [
            (one.line.level, one.source, one.line.message) for one in self.journal.after(0)
        ]  # fmt: skip

    def told(self, source: str) -> list[str]:
        return [message for _, own, message in self.lines() if own == source]

    @property
    def stands(self) -> bool:
        return not self.journal.is_new


@asynccontextmanager
async def following(engine: RealEngine, folder: Path, **policy: Any) -> AsyncIterator[Follower]:
    follower = Follower(engine, folder, **policy)
    try:
        async with Tasks() as tasks:
            tasks.spawn(follower.news.run(), name="events")
            await until_async(lambda: follower.stands, what="the connection to the engine")
            yield follower
    finally:
        follower.news.close()
        follower.watch.close()


def run(engine: RealEngine, name: str, script: str, **options: Any) -> str:
    return engine.run(name, "/bin/sh", "-c", script, **options)


def act(engine: RealEngine, action: str, name: str, /, **options: Any) -> None:
    with engine.client() as client:
        getattr(client, action)(name, **options)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container_news, "RETRY", 0.05)


async def test_what_happens_to_containers_is_told_once_in_order(
    engine: RealEngine, tmp_path: Path
) -> None:
    async with following(engine, tmp_path, containers=["app.*"]) as follower:
        await asyncio.to_thread(engine.run, "app")
        await asyncio.to_thread(engine.run, "hidden")
        await asyncio.to_thread(act, engine, "rename", "hidden", name="app-0")
        for action in ("pause", "unpause", "kill", "start"):
            await asyncio.to_thread(act, engine, action, "app")
        await asyncio.to_thread(act, engine, "rename", "app", name="app-2")
        await asyncio.to_thread(act, engine, "remove_container", "app-2", force=True)
        await asyncio.to_thread(run, engine, "app-3", "exit 3")
        await until_async(lambda: follower.told("container:app-3")[1:], what="the last event")
        assert [(level, text) for level, _, text in follower.lines()] == [
            ("info", "container app started"),
            ("info", "container app-0 has this name now"),
            ("info", "container app was paused"),
            ("info", "container app was unpaused"),
            ("error", "container app died with exit code 137 (SIGKILL)"),
            ("info", "container app started"),
            ("info", "container app is called app-2 now"),
            ("error", "container app-2 died with exit code 137 (SIGKILL)"),
            ("info", "container app-2 was removed"),
            ("info", "container app-3 started"),
            ("error", "container app-3 died with exit code 3"),
        ]
    again = EventJournal(tmp_path / "events")
    assert len(again) == 11
    again.close()


async def test_what_happens_while_the_agent_is_away_is_told_by_the_next_one(
    engine: RealEngine, tmp_path: Path
) -> None:
    async with following(engine, tmp_path) as first:
        await asyncio.to_thread(engine.run, "app")
        await until_async(first.lines)
    await asyncio.to_thread(act, engine, "kill", "app")
    for _ in range(2):
        async with following(engine, tmp_path) as second:
            await until_async(lambda seen=second: len(seen.lines()) >= 2)  # type: ignore[misc]
            assert second.told("container:app") == [
                "container app started", "container app died with exit code 137 (SIGKILL)"
            ]  # fmt: skip
            assert second.told("containers") == []


@pytest.fixture
def own_engine() -> Iterator[RealEngine]:
    """One that a test may stop."""
    with real_engine() as engine:
        yield engine


async def test_a_restarted_engine_is_followed_and_what_may_be_missing_is_said(
    own_engine: RealEngine, tmp_path: Path
) -> None:
    engine = own_engine
    async with following(engine, tmp_path) as follower:
        await asyncio.to_thread(engine.run, "app")
        await until_async(follower.lines)
        await asyncio.to_thread(engine.stop)
        await asyncio.to_thread(engine.start)
        await asyncio.to_thread(act, engine, "start", "app")
        await until_async(lambda: follower.told("container:app").count("container app started") == 2
                          and follower.told("containers"))  # fmt: skip
        (gap,) = follower.told("containers")
        assert "may be missing: the engine does not know them any more" in gap
        told = follower.told("container:app")
        assert [text for text in told if text == "container app started"] == [told[0]] * 2
        assert len(told) == len(set(told)) + 1


async def test_a_hung_engine_delays_events_and_loses_none(
    engine: RealEngine, tmp_path: Path
) -> None:
    async with following(engine, tmp_path) as follower:
        script = "while ! /bin/test -e /go; do /bin/sleep 0.1; done; exit 5"
        await asyncio.to_thread(run, engine, "app", script)
        await until_async(follower.lines)
        with engine.client() as client:
            main = Path(f"/proc/{client.inspect_container('app')['State']['Pid']}")
        with engine.hung():
            (main / "root" / "go").touch()
            await until_async(lambda: not main.exists())
            assert follower.told("container:app") == ["container app started"]
        await until_async(lambda: len(follower.lines()) == 2)
        assert follower.lines()[-1][2] == "container app died with exit code 5"


async def test_a_health_check_that_flaps_is_told_and_seen(
    engine: RealEngine, tmp_path: Path
) -> None:
    check = {"test": ["CMD", "/bin/test", "-e", "/well"], "interval": 100_000_000, "retries": 1}
    async with following(engine, tmp_path) as follower:
        await follower.watch.look()
        script = "/bin/touch /well; /bin/sleep 1000"
        key = await asyncio.to_thread(run, engine, "app", script, healthcheck=check)
        await until_async(lambda: "container app is healthy" in follower.told("container:app"))
        await follower.watch.look()
        assert follower.watch.latest()[key].health == "healthy"
        with engine.client() as client:
            made = client.exec_create("app", ["/bin/rm", "/well"])
            await asyncio.to_thread(client.exec_start, made["Id"])
        sick = "container app is unhealthy"  # as it may have been before it was well, too
        await until_async(lambda: follower.told("container:app")[-1] == sick)
        assert follower.watch.latest()[key].health == "unhealthy"


async def test_the_next_sample_tells_a_death_even_if_the_container_runs_again(
    engine: RealEngine, tmp_path: Path
) -> None:
    async with following(engine, tmp_path) as follower:
        key = await asyncio.to_thread(engine.run, "app")
        await follower.watch.look()

        def sampled() -> list[Container]:
            return follower.watch.collect()["containers"]()  # type: ignore[no-any-return]

        assert [one.state for one in sampled()] == ["running"]
        await asyncio.to_thread(act, engine, "restart", "app", timeout=0)
        await until_async(lambda: len(follower.lines()) == 3)
        assert follower.watch.latest()[key].state == "running"
        assert [one.state for one in sampled()] == ["exited"]
        assert [one.state for one in sampled()] == ["running"]
        await asyncio.to_thread(act, engine, "kill", "app")
        await until_async(lambda: len(follower.lines()) == 4)
        assert [one.state for one in sampled()] == ["exited"]
        await asyncio.to_thread(act, engine, "remove_container", "app")
        await until_async(lambda: len(follower.lines()) == 5)
        assert sampled() == []


async def test_a_death_for_want_of_memory_says_so(tmp_path: Path) -> None:
    """The engine tells both apart from one another; here it is played, as no test may use up the
    host's memory."""
    follower = Follower(RealEngine(tmp_path), tmp_path)
    second = 10**9
    base = ContainerEvent(time.time_ns(), "c", "die", "app", exit_code=137)
    ooms = [base._replace(action="oom"), base._replace(action="oom", container="d", name="old")]
    deaths = [base._replace(nano=base.nano + second),
              base._replace(nano=base.nano + 60 * second, container="d", name="old")]  # fmt: skip
    stream = EventStream(Engine(), 0, lambda: None)
    for event in (*ooms, *deaths):
        stream._put(event)
    follower.news._take(stream)
    assert follower.told("container:app")[1].endswith("exit code 137 (out of memory)")
    assert follower.told("container:old")[1].endswith("exit code 137 (SIGKILL)")
    follower.news.close()
    follower.watch.close()


async def test_an_engine_that_is_not_there_is_tried_now_and_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(container_news, "RETRY", 0.1)
    begun: list[float] = []
    start = EventStream.start

    def noted(stream: EventStream) -> None:
        begun.append(time.monotonic())
        start(stream)

    monkeypatch.setattr(EventStream, "start", noted)
    follower = Follower(RealEngine(tmp_path), tmp_path)
    async with Tasks() as tasks:
        tasks.spawn(follower.news.run(), name="events")
        await until_async(lambda: len(begun) == 3)
    pauses = [late - early for early, late in itertools.pairwise(begun)]
    assert pauses[0] >= 0.2
    assert pauses[1] >= 0.4
    assert not follower.stands
    follower.news.close()
    follower.watch.close()
