"""Processes that make it hard to end them, through a real agent."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import psutil
import pytest

from chatops.agent.watchdog import members
from chatops.protocol.messages import Command, CommandCancel, CommandResponse
from tests.support.agents import agent_process, group_members, local_agent
from tests.support.stand_in_hub import StandInHub, stand_in_hub
from tests.support.waiting import until_async

CHILDREN = 300
_CROWD = f"i=0; while [ $i -lt {CHILDREN} ]; do sleep 1000 & i=$((i+1)); done; echo $$; wait"
_JOBS = ["bash", "-c", "set -m; sleep 1000 & (trap '' TERM; sleep 1000) & echo $$; wait"]


async def number_said(hub: StandInHub) -> int:
    await until_async(lambda: hub.text().endswith("\n"))
    return int(hub.text())


@pytest.mark.parametrize("how", ["cancelled", "timed_out"])
async def test_a_crowd_of_children_ends_with_its_command(how: str) -> None:
    async with stand_in_hub() as hub, local_agent(hub.url):
        await hub.connected()
        await hub.start(_CROWD, timeout=5.0 if how == "timed_out" else None)
        group = await number_said(hub)
        assert len(group_members(group)) == CHILDREN + 1
        if how == "cancelled":
            await hub.send(CommandCancel(id="c1"))
        assert (await hub.outcome("c1")).state == how
        assert group_members(group) == []


async def test_a_crowd_of_children_dies_with_the_agent() -> None:
    async with stand_in_hub() as hub:
        with agent_process(hub.url, "exec") as agent:
            await hub.connected()
            await hub.start(_CROWD)
            group = await number_said(hub)
            agent.send_signal(signal.SIGKILL)
            await until_async(lambda: not group_members(group))
            assert agent.wait() == -signal.SIGKILL
            assert group_members(group) == []


async def test_what_ignores_term_is_killed_after_the_time_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("chatops.agent.run.TIMEOUT_GRACE", 0.3)
    line = "trap '' TERM; echo $$; while :; do sleep 0.05; done"
    async with stand_in_hub() as hub, local_agent(hub.url):
        await hub.connected()
        await hub.start(line, timeout=0.3)
        outcome = await hub.outcome("c1")
        assert (outcome.state, outcome.signal) == ("timed_out", signal.SIGKILL)
        assert group_members(int(hub.text())) == []


async def test_without_output_the_outcome_comes_at_the_real_end(tmp_path: Path) -> None:
    go = tmp_path / "go"
    async with stand_in_hub() as hub, local_agent(hub.url) as local:
        await hub.connected()
        await hub.start(f"exec >&- 2>&-; until [ -e {go} ]; do sleep 0.02; done; exit 9")
        await hub.send(Command(id="other", command="sleep 1.5"))
        await hub.outcome("other")
        assert local.agent.executor.running == 1
        go.touch()
        assert (await hub.outcome("c1")).exit_code == 9


@pytest.mark.parametrize("how", ["cancelled", "timed_out", "agent killed"])
async def test_jobs_of_a_shell_end_with_it_though_they_are_groups_of_their_own(how: str) -> None:
    async with stand_in_hub() as hub:
        with agent_process(hub.url, "exec") as agent:
            await hub.connected()
            await hub.start(_JOBS, timeout=1.0 if how == "timed_out" else None)
            session = await number_said(hub)
            await until_async(lambda: len(members({session})) == 3 or how == "timed_out")
            if how == "agent killed":
                agent.send_signal(signal.SIGKILL)
                await until_async(lambda: not members({session}))
                return
            await hub.send(CommandCancel(id="c1", grace=0.3)) if how == "cancelled" else None
            assert (await hub.outcome("c1")).state == how
            assert members({session}) == set()


@pytest.mark.parametrize("how", ["succeeded", "cancelled", "agent killed"])
async def test_a_daemon_that_left_the_session_lives_on(how: str, tmp_path: Path) -> None:
    file = tmp_path / "daemon"
    line = f"setsid sh -c '(echo $$ > {file}; exec sleep 1000) >/dev/null 2>&1 </dev/null' &"
    after = "" if how == "succeeded" else " wait"
    async with stand_in_hub() as hub:
        with agent_process(hub.url, "exec") as agent:
            await hub.connected()
            await hub.start(f"{line} until [ -s {file} ]; do sleep 0.02; done;{after}")
            await until_async(lambda: file.exists() and file.read_text().endswith("\n"))
            daemon = psutil.Process(int(file.read_text()))
            try:
                if how == "agent killed":
                    dog = psutil.Process(agent.pid).children()[0]
                    agent.send_signal(signal.SIGKILL)
                    await until_async(lambda: not dog.is_running())
                else:
                    await end(hub, how)
                assert daemon.is_running()
            finally:
                os.killpg(os.getpgid(daemon.pid), signal.SIGKILL)


async def end(hub: StandInHub, how: str) -> None:
    if how == "cancelled":
        await hub.wait_for(CommandResponse)
        await hub.send(CommandCancel(id="c1"))
    assert (await hub.outcome("c1")).state == how
