"""The agent as a program: exit codes, signals, its watchdog, its imports."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from chatops.protocol import closing
from chatops.protocol.messages import (
    Command,
    CommandCancel,
    CommandResponse,
    Metrics,
    StreamClose,
    StreamCredit,
)
from chatops.protocol.parts import Terminal
from tests.support.agents import agent_process, group_members, watchdog_of
from tests.support.stand_in_hub import KEY, StandInHub, stand_in_hub
from tests.support.waiting import until, until_async


async def test_kill_9_of_the_agent_leaves_no_process() -> None:
    async with stand_in_hub() as hub:
        with agent_process(hub.url, "exec") as agent:
            await hub.connected()
            watchdog = watchdog_of(agent.pid)
            await hub.start("echo $$; sleep 1000 & sleep 1000")
            await until_async(lambda: hub.text().endswith("\n"))
            group = int(hub.text())
            await until_async(lambda: len(group_members(group)) == 3)
            agent.send_signal(signal.SIGKILL)
            await until_async(lambda: not watchdog.is_running())
            assert not group_members(group), "what it guarded died before it"


# The watchdog looks 2 s for starts that came to nothing: sixty rounds take two minutes and more.
@pytest.mark.timeout(900)
@pytest.mark.parametrize("rounds", [3, pytest.param(60, marks=pytest.mark.soak)])
async def test_kill_9_in_the_midst_of_starting_commands_leaves_no_process(
    rounds: int, tmp_path: Path
) -> None:
    for number in range(rounds):
        mark = str(tmp_path / f"round{number}")
        async with stand_in_hub() as hub:
            with agent_process(hub.url, "exec") as agent:
                await hub.connected()
                watchdog = watchdog_of(agent.pid)
                line = f"echo {mark} > /dev/null; sleep 1000"
                for command in range(20):
                    await hub.send(Command(id=f"c{command}", command=line))
                await hub.wait_for(CommandResponse, count=number % 20 + 1)
                agent.send_signal(signal.SIGKILL)
                await until_async(lambda dog=watchdog: not dog.is_running())
                assert [one for one in psutil.process_iter() if mark in " ".join(words(one))] == []


async def test_a_flood_of_output_leaves_memory_as_it_was() -> None:
    hub = StandInHub(give_credit=False)
    async with stand_in_hub(hub):
        with agent_process(hub.url, "exec") as agent:
            await hub.connected()
            await hub.run("true", id="warm")
            process = psutil.Process(agent.pid)
            before = process.memory_info().rss
            line = "head -c 200000000 /dev/zero | tee /dev/stderr"
            await hub.start(line, id="flood", watched=False)
            await hub.start("yes", id="slow", watched=True)
            hub.give_credit = True
            await hub.send(StreamCredit(stream=1, credit=0, watched=True))
            await until_async(lambda: len(hub.output.get(1, b"")) > 3 * 2**20)
            hub.give_credit = False
            assert process.memory_info().rss - before < 16 * 2**20
            await hub.send(CommandCancel(id="slow", grace=1))
            await hub.send(StreamClose(stream=1))
            await hub.send(StreamClose(stream=2))
            assert (await hub.outcome("slow")).state == "cancelled"
            flood = await hub.outcome("flood")
            assert (flood.stdout_bytes, flood.stderr_bytes) == (200_000_000, 200_000_000)
            assert process.memory_info().rss - before < 16 * 2**20


async def test_the_watchdog_ignores_what_stops_the_agent_and_is_replaced_when_it_dies() -> None:
    async with stand_in_hub() as hub:
        with agent_process(hub.url, "exec") as agent:
            await hub.connected()
            first = watchdog_of(agent.pid)
            first.send_signal(signal.SIGTERM)
            first.send_signal(signal.SIGINT)
            await hub.start("echo $$; sleep 1000")
            await until_async(lambda: hub.text().endswith("\n"))
            group = int(hub.text())
            assert first.is_running()
            first.kill()
            await until_async(
                lambda: first.pid not in [one.pid for one in psutil.Process(agent.pid).children()]
            )
            await until_async(lambda: len(psutil.Process(agent.pid).children()) == 2)
            assert len(group_members(group)) == 2
            second = watchdog_of(agent.pid)
            agent.send_signal(signal.SIGKILL)
            await until_async(lambda: not group_members(group))
            await until_async(lambda: not second.is_running())


async def test_sigterm_ends_it_with_0_and_its_watchdog_too() -> None:
    async with stand_in_hub() as hub:
        with agent_process(hub.url) as agent:
            await hub.connected()
            watchdog = watchdog_of(agent.pid)
            agent.send_signal(signal.SIGTERM)
            assert await wait(agent) == 0
            until(lambda: not watchdog.is_running())
            assert agent.stderr is not None
            assert agent.stderr.read() == f"connected to {hub.url} as web-1\n"


async def test_a_second_signal_ends_it_at_once() -> None:
    async with stand_in_hub() as hub:
        with agent_process(hub.url, "exec") as agent:
            await hub.connected()
            await hub.start("trap '' TERM; echo $$; while :; do sleep 0.05; done")
            await until_async(lambda: hub.text().endswith("\n"))
            agent.send_signal(signal.SIGTERM)
            agent.send_signal(signal.SIGINT)
            assert await wait(agent) == 0
            assert group_members(int(hub.text())) == []
            outcome = await hub.wait_for(CommandResponse, lambda one: one.state != "running")
            assert (outcome.state, outcome.reason) == ("cancelled", "agent_stopping")


async def test_a_refused_key_exits_3_with_the_reason() -> None:
    async with stand_in_hub(StandInHub(refuse=closing.KEY_REVOKED)) as hub:
        with agent_process(hub.url) as agent:
            assert await wait(agent) == 3
            assert agent.stderr is not None
            said = agent.stderr.read()
            assert f"error: {hub.url} refused this agent: the key was revoked" in said
            assert "hint:" in said


async def test_a_refused_key_ends_what_runs_with_the_agent() -> None:
    async with stand_in_hub() as hub:
        with agent_process(hub.url, "exec") as agent:
            await hub.connected()
            await hub.start("trap '' TERM; echo $$; sleep 1000")
            await until_async(lambda: hub.text().endswith("\n"))
            assert hub.socket is not None
            await hub.socket.close(closing.KEY_REVOKED.code, closing.KEY_REVOKED.name)
            assert await wait(agent) == 3
            await until_async(lambda: not group_members(int(hub.text())))


async def test_a_stopped_agent_is_whole_again_when_it_goes_on() -> None:
    async with stand_in_hub(StandInHub(interval=1.0)) as hub:
        with agent_process(hub.url, "exec") as agent:
            await hub.wait_for(Metrics)
            agent.send_signal(signal.SIGSTOP)
            count = len(hub.of(Metrics))
            agent.send_signal(signal.SIGCONT)
            await hub.wait_for(Metrics, count=count + 2)
            assert (await hub.run("echo well")).state == "succeeded"


def test_it_imports_nothing_of_hub_cli_or_client() -> None:
    program = "import sys, chatops.agent.runner; print(*sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()
    heavy = {"aiohttp", "sqlalchemy", "typer", "rich", "platformdirs", "docker", "uvloop"}
    ours = ("chatops.server", "chatops.cli", "chatops.client", "chatops.protocol.rest")
    assert heavy.isdisjoint(found)
    assert [name for name in found if name.startswith(ours)] == []


async def test_no_secret_reaches_a_command_or_the_argument_list_of_the_watchdog() -> None:
    async with stand_in_hub() as hub:
        with agent_process(hub.url, "exec", env={"CHATOPS_KEY": KEY}) as agent:
            await hub.connected()
            watchdog = watchdog_of(agent.pid)
            assert KEY not in " ".join(watchdog.cmdline())
            assert watchdog.environ() == {}
            await hub.run(["env"])
            assert "CHATOPS" not in hub.text()


def words(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


async def wait(agent: subprocess.Popen[str]) -> int:
    await until_async(lambda: agent.poll() is not None)
    return int(agent.returncode)


def test_group_members_sees_this_process() -> None:
    assert os.getpid() in group_members(os.getpgid(0))


@contextlib.contextmanager
def few_files() -> Iterator[None]:
    """What is started within may open 400 files, and more when it asks."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (400, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


async def test_the_agent_may_open_more_files_than_commands_and_terminals() -> None:
    async with stand_in_hub() as hub:
        with contextlib.ExitStack() as stack:
            with few_files():
                agent = stack.enter_context(agent_process(hub.url, "exec", "shell"))
            await hub.connected()
            assert psutil.Process(agent.pid).rlimit(resource.RLIMIT_NOFILE)[0] > 400
            assert (await hub.run("ulimit -Sn")).state == "succeeded"
            assert hub.text() == "400\n"
            await hub.start("ulimit -Sn", id="c2", stdin=3, terminal=Terminal(rows=24, cols=80))
            assert (await hub.outcome("c2")).state == "succeeded"
            assert hub.text() == "400\n400\r\n"
