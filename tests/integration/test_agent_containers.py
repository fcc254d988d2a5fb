"""Commands in containers through a real agent: a real engine, a stand-in hub."""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from chatops.protocol.facts import HeldCommand
from chatops.protocol.features import CONTAINER_COMMANDS
from chatops.protocol.messages import CommandCancel, Resize, StreamClose
from chatops.protocol.parts import Terminal
from tests.support.agents import agent_process, local_agent
from tests.support.engine import RealEngine, real_engine
from tests.support.stand_in_hub import StandInHub, stand_in_hub
from tests.support.waiting import until_async

BIG = 10_000_000
SIZE = Terminal(rows=30, cols=90, term="xterm-256color")


@asynccontextmanager
async def agent_of(engine: RealEngine, **policy: Any) -> AsyncIterator[StandInHub]:
    """A hub whose agent runs commands in the engine's containers, with one called app."""
    engine.run("app")
    bounds, shell = policy.pop("bounds", {}), policy.pop("shell", {})
    table = {"docker": {"host": engine.host, **policy}, "exec": bounds, "shell": shell}
    async with stand_in_hub() as hub, local_agent(hub.url, allow=("docker",), policy=table):
        await hub.connected()
        yield hub


def sleeping(seconds: int) -> list[psutil.Process]:
    """The processes on this host that run ``sleep SECONDS``, in whichever container."""
    return [
        one for one in psutil.process_iter(["cmdline"])
        if one.info["cmdline"] and one.info["cmdline"][-2:] == ["sleep", str(seconds)]
    ]  # fmt: skip


def helper() -> psutil.Process:
    """The process of this test's agent that stands for the one command in a container."""
    (found,) = (one for one in psutil.Process().children() if "inside.helper" in words(one))
    return found


def words(process: psutil.Process) -> str:
    """Its command line; nothing of one that has ended."""
    with suppress(psutil.Error):
        return str(process.cmdline())
    return ""


def knows_its_process() -> bool:
    """Whether the helper can end the command without asking the engine."""
    for one in Path(f"/proc/{helper().pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # it comes and goes: a request to the engine
            if "pidfd" in str(one.readlink()):
                return True
    return False


async def gone(seconds: int) -> None:
    await until_async(lambda: not sleeping(seconds), what="the end of what ran in the container")


async def seen(seconds: int) -> psutil.Process:
    await until_async(lambda: bool(sleeping(seconds)), what="the start in the container")
    return sleeping(seconds)[0]


async def test_bytes_status_and_both_streams_are_the_commands(engine: RealEngine) -> None:
    async with agent_of(engine) as hub:
        line = r"printf 'o\377\000\r\n'; printf 'e\200' >&2; exit 7"
        done = await hub.run(line, container="app")
        assert (done.state, done.exit_code, done.reason) == ("failed", 7, None)
        assert hub.output == {1: b"o\xff\x00\r\n", 2: b"e\x80"}
        assert CONTAINER_COMMANDS in hub.auths[0].features


NOT_STARTED = [
    (["nosuch", "x"], 127, "not found in $PATH"),
    (["/no/such"], 127, "no such file or directory"),
    (["/bin"], 126, "permission denied"),
]


async def test_each_end_has_the_status_that_a_shell_gives(engine: RealEngine) -> None:
    async with agent_of(engine) as hub:
        for number, (command, code, said) in enumerate(NOT_STARTED):
            done = await hub.run(command, id=f"c{number}", container="app")
            assert (done.state, done.exit_code, done.reason) == ("failed", code, "spawn")
            assert said in (done.error or "")
            assert done.stdout_bytes == 0
        assert hub.text(2).startswith("chatops: ")
        done = await hub.run("kill -9 $$", id="killed", container="app")
        assert (done.state, done.exit_code, done.signal) == ("failed", 137, None)
        done = await hub.run("echo OCI runtime exec failed; exit 126", id="own", container="app")
        assert (done.exit_code, done.reason, done.stdout_bytes) == (126, None, 24)


async def test_user_folder_and_variables_are_the_containers_and_what_was_asked(
    engine: RealEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHATOPS_KEY", "cok_secret_value")
    bounds = {"user": "root", "commands": [["uptime"]], "folders": ["/usr"], "env": {"STAGE": "x"}}
    async with agent_of(engine, bounds=bounds) as hub:
        line = "pwd; echo $A; echo $STAGE$CHATOPS_KEY; test -w /bin || echo no"
        done = await hub.run(line, container="app", cwd="/bin", env={"A": "b c"}, user="1234:1234")
        assert (done.state, hub.text()) == ("succeeded", "/bin\nb c\n\nno\n")


async def test_much_goes_in_and_comes_out_whole(engine: RealEngine) -> None:
    data = os.urandom(BIG)
    async with agent_of(engine) as hub:
        await hub.start(["cat"], container="app", stdin=3)
        await hub.feed(3, data)
        await hub.end_input(3, len(data))
        done = await hub.outcome("c1")
        assert (done.state, done.stdout_bytes) == ("succeeded", BIG)
        assert hashlib.sha256(hub.output[1]).digest() == hashlib.sha256(data).digest()


async def test_it_ends_with_its_leader_and_its_children_live_on(engine: RealEngine) -> None:
    async with agent_of(engine) as hub:
        done = await hub.run("sleep 611 & echo begun", container="app")
        assert (done.state, hub.text()) == ("succeeded", "begun\n")
        assert sleeping(611)


async def test_a_time_limit_ends_it_in_the_container(engine: RealEngine) -> None:
    async with agent_of(engine, bounds={"timeout": "1s"}) as hub:
        done = await hub.run("sleep 612 & exec sleep 612", container="app")
        assert (done.state, done.exit_code, done.reason) == ("timed_out", 143, "timeout")
        assert "policy ends a command after 1 s" in (done.error or "")
        assert not sleeping(612)


async def test_what_it_says_at_a_cancel_is_heard(engine: RealEngine) -> None:
    async with agent_of(engine) as hub:
        line = "trap 'kill $!; echo bye; exit 9' TERM; sleep 619 & wait"
        await hub.start(line, container="app")
        await seen(619)
        await hub.send(CommandCancel(id="c1"))
        done = await hub.outcome("c1")
        assert (done.state, done.exit_code, hub.text()) == ("cancelled", 9, "bye\n")


async def test_what_ignores_a_cancel_is_killed_and_then_dead(engine: RealEngine) -> None:
    async with agent_of(engine) as hub:
        await hub.start("trap '' TERM; sleep 613; sleep 613", container="app")
        await seen(613)
        await hub.send(CommandCancel(id="c1", grace=0.3))
        done = await hub.outcome("c1")
        assert (done.state, done.signal) == ("cancelled", 9)
        assert not sleeping(613)


async def test_it_dies_with_its_helper_however_that_dies(engine: RealEngine) -> None:
    async with agent_of(engine) as hub:
        await hub.start("sleep 614 & exec sleep 614", container="app")
        await seen(614)
        one = helper()
        one.kill()
        done = await hub.outcome("c1")
        assert (done.state, done.signal) == ("failed", 9)
        assert not sleeping(614)


async def test_it_dies_with_its_agent_however_that_dies(engine: RealEngine) -> None:
    engine.run("app")
    async with stand_in_hub() as hub:
        with agent_process(hub.url, "docker", env={"DOCKER_HOST": engine.host}) as agent:
            await hub.connected()
            await hub.start("sleep 615 & exec sleep 615", container="app")
            await seen(615)
            agent.kill()
            agent.wait()
            await gone(615)
        with agent_process(hub.url, "docker", env={"DOCKER_HOST": engine.host}):
            done = await hub.outcome("c1")
            assert (done.state, done.reason) == ("cancelled", "agent_died")


async def test_it_goes_on_while_the_link_is_lost(engine: RealEngine) -> None:
    async with agent_of(engine) as hub:
        line = "echo a; while ! test -e /go; do sleep 0.1; done; echo b; exit 5"
        await hub.start(line, container="app")
        await until_async(lambda: hub.text().startswith("a\n"))
        await hub.drop()
        await hub.connected(2)
        held = hub.auths[-1].journal.commands
        assert held == [HeldCommand(id="c1", state="running")]
        await hub.run(["touch", "/go"], id="c2", container="app")
        done = await hub.outcome("c1")
        assert (done.state, done.exit_code, done.stdout_bytes) == ("failed", 5, 4)


async def test_a_container_that_is_killed_or_removed_ends_it_with_137(engine: RealEngine) -> None:
    engine.run("other")
    async with agent_of(engine) as hub:
        await hub.start("sleep 616", container="app")
        await hub.start("sleep 620", id="c2", container="other")
        await seen(616)
        await seen(620)
        with engine.client() as client:
            client.kill("app")
            client.remove_container("other", force=True)
        for name in ("c1", "c2"):
            done = await hub.outcome(name)
            assert (done.state, done.exit_code) == ("failed", 137)


async def test_where_it_cannot_run_it_is_refused_with_the_reason(engine: RealEngine) -> None:
    async with agent_of(engine, containers=["app|over|still"]) as hub:
        engine.run("hidden")
        engine.run("over", "/bin/true")
        engine.run("still")
        with engine.client() as client:
            client.wait("over")
            client.pause("still")
        for number, (name, why) in enumerate((
            ("hidden", "there is no container 'hidden'"),
            ("nope", "there is no container 'nope'"),
            ("../app", "there is no container '../app'"),
            ("over", "Container over is not running"),
            ("still", "Container still is paused"),
        )):  # fmt: skip
            done = await hub.run(["true"], id=f"c{number}", container=name)
            assert (done.state, done.reason, done.exit_code) == ("refused", "container", None)
            assert why in (done.error or "")
        with engine.client() as client:
            client.unpause("still")


async def test_exec_alone_is_not_docker_and_docker_alone_is_not_exec(engine: RealEngine) -> None:
    async with stand_in_hub() as hub, local_agent(hub.url, allow=("exec",)):
        await hub.connected()
        done = await hub.run(["true"], container="app")
        assert (done.state, done.reason) == ("refused", "not_allowed")
        assert "--allow docker" in (done.error or "")
    async with agent_of(engine) as hub:
        done = await hub.run(["true"], id="c2")
        assert (done.state, done.reason) == ("refused", "not_allowed")
        assert "--allow exec" in (done.error or "")


async def test_without_an_engine_it_is_refused(tmp_path: Any) -> None:
    table = {"docker": {"host": f"unix://{tmp_path}/sock"}}
    async with stand_in_hub() as hub, local_agent(hub.url, allow=("docker",), policy=table):
        await hub.connected()
        done = await hub.run(["true"], container="app")
        assert (done.state, done.reason) == ("refused", "container")
        assert "no container engine listens at" in (done.error or "")


@pytest.fixture
def own_engine() -> Iterator[RealEngine]:
    """One that a test may stop."""
    with real_engine() as engine:
        yield engine


async def test_an_engine_that_stops_leaves_the_outcome_unknown(own_engine: RealEngine) -> None:
    async with agent_of(own_engine) as hub:
        await hub.start("echo a; sleep 617", container="app")
        await seen(617)
        own_engine.stop()
        try:
            done = await hub.outcome("c1")
            assert (done.state, done.reason, hub.text()) == ("lost", "engine", "a\n")
            assert not sleeping(617)
        finally:
            own_engine.start()


async def test_a_hung_engine_does_not_keep_a_command_from_ending(engine: RealEngine) -> None:
    async with agent_of(engine) as hub:
        await hub.start("sleep 618", container="app")
        await seen(618)
        await until_async(knows_its_process, what="the helper's knowledge of the process")
        with engine.hung():
            await hub.send(CommandCancel(id="c1", grace=0.5))
            await gone(618)
            done = await hub.outcome("c1")
        assert (done.state, done.reason) == ("cancelled", "cancelled")


async def test_a_terminal_is_told_its_size_and_to_draw_itself_anew(engine: RealEngine) -> None:
    line = "trap 'stty size; echo w''inch' WINCH; echo re''ady; while :; do sleep 0.05; done"
    async with agent_of(engine) as hub:
        await hub.start(line, container="app", stdin=3, terminal=SIZE)
        await hub.send(Resize(id="c1", rows=40, cols=120))
        await until_async(lambda: "ready" in hub.text(), what="the start")
        await hub.send(Resize(id="c1", rows=50, cols=120))
        await until_async(lambda: "50 120\r\nwinch" in hub.text(), what="the new size")
        seen = hub.text().count("winch")
        await hub.send(Resize(id="c1", rows=50, cols=120, redraw=True))
        await until_async(lambda: hub.text().count("winch") > seen, what="the redraw")
        await hub.send(StreamClose(stream=3, offset=0, reason="eof"))
        outcome = await hub.outcome("c1")
        assert (outcome.state, outcome.reason) == ("cancelled", "hung_up")


async def test_an_idle_terminal_is_hung_up(engine: RealEngine) -> None:
    async with agent_of(engine, shell={"idle": "300ms"}) as hub:
        await hub.start("sleep 641", container="app", stdin=3, terminal=SIZE)
        outcome = await hub.outcome("c1")
        assert (outcome.state, outcome.reason) == ("cancelled", "idle")
        assert "shell.idle" in (outcome.error or "")
        assert not sleeping(641)
