"""The agent as a program: exit codes, signals, its watchdog, its imports."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import psutil

from chatops.protocol import closing
from chatops.protocol.messages import CommandResponse, Metrics
from tests.support.agents import agent_process, group_members
from tests.support.stand_in_hub import KEY, StandInHub, stand_in_hub
from tests.support.waiting import until, until_async


def watchdog_of(agent: int) -> psutil.Process:
    return next(
        child
        for child in psutil.Process(agent).children()
        if any("watchdog.py" in word for word in child.cmdline())
    )


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
            await until_async(lambda: not group_members(group))
            await until_async(lambda: not watchdog.is_running())


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


async def wait(agent: subprocess.Popen[str]) -> int:
    await until_async(lambda: agent.poll() is not None)
    return int(agent.returncode)


def test_group_members_sees_this_process() -> None:
    assert os.getpid() in group_members(os.getpgid(0))
