"""What an agent ships of the logs of real containers: each line once, whatever happens to them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from chatops.agent import container_watch
from chatops.agent.container_news import ContainerNews
from chatops.agent.container_watch import ContainerWatch
from chatops.agent.docker_policy import DockerPolicy
from chatops.agent.engine import Engine
from chatops.agent.event_journal import EventJournal
from chatops.agent.logs import container_reader, containers
from chatops.agent.logs.container_reader import GONE, REMOVED
from chatops.agent.logs.containers import ContainerLogs
from chatops.agent.logs.lines import LONGEST
from chatops.agent.logs.wanted import WantedContainers, parse_wanted
from chatops.agent.shipper import Shipper
from chatops.tasks import Tasks
from tests.support.engine import RealEngine, real_engine
from tests.support.shipping import Ships
from tests.support.waiting import until, until_async


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "LOOK", 0.02)
    monkeypatch.setattr(container_reader, "RETRY", 0.02)
    monkeypatch.setattr(container_watch, "SOON", 0.02)
    monkeypatch.setattr(container_watch, "SHARE", 1.0)


@asynccontextmanager
async def shipping(
    folder: Path, engine: RealEngine, *given: str | dict[str, object]
) -> AsyncIterator[Ships]:
    """An agent's readers, without a hub."""
    wanted = [one for one in parse_wanted(given) if isinstance(one, WantedContainers)]
    real, policy, shipper = Engine(engine.host), DockerPolicy(), Shipper()
    watch = ContainerWatch(real, policy, every=0.5)
    news = ContainerNews(real, policy, watch, EventJournal(folder / "events"), Shipper())
    logs = ContainerLogs(wanted, folder, real, watch, shipper)
    try:
        async with Tasks() as tasks:
            tasks.spawn(watch.run(), name="containers")
            tasks.spawn(news.run(), name="events")
            tasks.spawn(logs.run(), name="logs")
            yield Ships(shipper)
    finally:
        logs.close()
        news.close()
        watch.close()


async def looked(folder: Path, *patterns: bytes) -> None:
    """Wait until somebody has looked for what there is, and knows where it begins."""
    record = folder / "containers.json"
    await until_async(
        lambda: record.exists() and all(one in record.read_bytes() for one in patterns)
    )


def say(engine: RealEngine, name: str, *texts: str, stream: int = 1) -> None:
    """Have a container that sleeps write lines."""
    lines = "".join(f"echo '{text}'; " for text in texts)
    engine.execute(name, "/bin/sh", "-c", f"{{ {lines}}} > /proc/1/fd/{stream}")


def runs(engine: RealEngine, name: str, script: str, **options: Any) -> str:
    return engine.run(name, "/bin/sh", "-c", script, **options)


async def test_a_container_is_begun_at_its_end_and_left_where_the_hub_is(
    engine: RealEngine, tmp_path: Path
) -> None:
    engine.run("web-1")
    engine.run("db")
    say(engine, "web-1", "before")
    async with shipping(tmp_path, engine, "container:web-*"):
        await looked(tmp_path, b"web-1")
    say(engine, "web-1", "between")
    say(engine, "db", "of another")
    async with shipping(tmp_path, engine, "container:web-*") as ships:
        await ships.until("between")
    async with shipping(tmp_path, engine, "container:web-*") as ships:
        await ships.until("between")  # not acked: it comes again, with its number
        (line,) = ships.lines
        ships.ack()
        say(engine, "web-1", "WARNING: it is odd", stream=2)
        await ships.until_last("WARNING: it is odd")
        assert ships.look()[-1][:2] == ("container:web-1", "warning")
        assert ships.lines[-1].seq > line.seq
        ships.ack()
        runs(engine, "web-2", "echo made later; sleep 1000")
        await ships.until_last("made later")
        numbers = {line.message: line.seq for line in ships.lines}
        ships.ack()
        await looked(tmp_path, b"web-2")
    say(engine, "web-1", "at last")
    async with shipping(tmp_path, engine, "container:web-*") as ships:
        await until_async(lambda: "at last" in ships.texts, what="the last line")
        again = {line.message: line.seq for line in ships.lines if line.message != "at last"}
        assert again.items() <= numbers.items()


async def test_a_restarted_container_goes_on_and_a_removed_one_is_read_out(
    engine: RealEngine, tmp_path: Path
) -> None:
    runs(engine, "job", "echo run; printf unended")
    until(lambda: engine.ended("job"), what="its end")
    async with shipping(tmp_path, engine, "container:job@start") as ships:
        await ships.until("run", "unended")
        for times in (2, 3):
            with engine.client() as client:
                client.start("job")
            await ships.until(*["run", "unended"] * times)
        ships.ack()
        await looked(tmp_path, b'"ended":true')
        with engine.client() as client:
            client.remove_container("job")
        await until_async(lambda: b'"ended"' not in (tmp_path / "containers.json").read_bytes())
        assert ships.texts == ["run", "unended"] * 3


async def test_one_that_is_gone_before_anybody_looks_is_read(
    engine: RealEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with shipping(tmp_path, engine, "container:*") as ships:
        await looked(tmp_path, b'"*"')
        monkeypatch.setattr(ContainerWatch, "known", lambda _watch: {})
        runs(engine, "brief", "echo here; sleep 1000")
        await ships.until("here")
        engine.clear()
        ships.ack()
        await until_async(lambda: b'"brief"' not in (tmp_path / "containers.json").read_bytes())
        assert ships.texts == ["here"]


async def test_one_that_was_removed_while_nobody_read_it_is_named(
    engine: RealEngine, tmp_path: Path
) -> None:
    engine.run("web-1")
    async with shipping(tmp_path, engine, "container:*"):
        await looked(tmp_path, b"web-1")
    say(engine, "web-1", "nobody reads this")
    engine.clear()
    async with shipping(tmp_path, engine, "container:*") as ships:
        await ships.until(REMOVED)
        assert ships.look() == [("container:web-1", "warning", REMOVED)]


async def test_a_place_that_was_rotated_away_is_said(engine: RealEngine, tmp_path: Path) -> None:
    small = {"Type": "json-file", "Config": {"max-size": "10k", "max-file": "2"}}
    engine.run("web-1", log=small)
    say(engine, "web-1", "first")
    async with shipping(tmp_path, engine, "container:web-1@start") as ships:
        await ships.until("first")
        ships.ack()
        await looked(tmp_path, b'"place":[1')
    script = "i=0; while [ $i -lt 900 ]; do echo line $i; i=$((i+1)); done > /proc/1/fd/1"
    engine.execute("web-1", "/bin/sh", "-c", script)
    async with shipping(tmp_path, engine, "container:web-1@start") as ships:
        await ships.until_last("line 899")
        said, *numbers = ships.texts
        assert said == GONE
        assert numbers == [f"line {900 - left}" for left in range(len(numbers), 0, -1)]
        assert len(numbers) < 900


@pytest.mark.parametrize("tty", [False, True])
async def test_any_bytes_are_kept_or_cut_and_entries_joined(
    engine: RealEngine, tmp_path: Path, *, tty: bool
) -> None:
    huge = 10_000_000
    script = rf"""
        printf '\000\033]0;title\007[bold]x[/bold]\n'
        head -c {huge} /dev/zero; echo
        echo password=hunter2; echo Traceback; echo '  at one'; echo Done
    """
    runs(engine, "web-1", script, tty=tty)
    until(lambda: engine.ended("web-1"), within=60, what="its end")
    table: dict[str, object] = {"container": "web-1", "start": True, "entry": r"^\S"}
    async with shipping(tmp_path, engine, table) as ships:
        await ships.until(
            "\0\x1b]0;title\x07[bold]x[/bold]",
            "\0" * LONGEST + f" … {huge - LONGEST + tty} more bytes",
            "password=***",
            "Traceback\n  at one",
            "Done",
        )


async def test_a_log_that_cannot_be_read_is_named_once(
    engine: RealEngine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    engine.run("dark", log={"Type": "none", "Config": {}})
    engine.run("web-1")
    async with shipping(tmp_path, engine, "container:*@start") as ships:
        say(engine, "web-1", "one")
        await ships.until("one")
        await until_async(lambda: "log of container dark: " in caplog.text, what="the warning")
        say(engine, "web-1", "two")
        await ships.until("one", "two")
    assert caplog.text.count("log of container dark: ") == 1


@pytest.fixture
def own_engine() -> Iterator[RealEngine]:
    """One that a test may stop."""
    with real_engine() as made:
        yield made


@pytest.mark.soak
async def test_it_goes_on_when_the_engine_was_restarted_and_hung(
    own_engine: RealEngine, tmp_path: Path
) -> None:
    engine = own_engine
    async with shipping(tmp_path, engine, "container:*") as ships:
        await looked(tmp_path, b'"*"')
        await asyncio.to_thread(runs, engine, "web-1", "echo begun; sleep 1000")
        await ships.until("begun")
        await asyncio.to_thread(engine.stop)
        await asyncio.to_thread(engine.start)
        with engine.client() as client:
            client.start("web-1")
            main = client.inspect_container("web-1")["State"]["Pid"]
        await ships.until("begun", "begun")
        with engine.hung(), Path(f"/proc/{main}/fd/1").open("w") as stdout:
            stdout.write("while it hung\n")
        await ships.until("begun", "begun", "while it hung")


async def test_no_more_than_so_many_are_followed(
    engine: RealEngine,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(containers, "MOST", 1)
    engine.run("web-1")
    engine.run("web-2")
    async with shipping(tmp_path, engine, "container:*"):
        await until_async(lambda: "more than 1 container" in caplog.text, what="the warning")
