"""Agents for tests: inside the test's own loop, or as processes of their own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from chatops.agent import policy_table
from chatops.agent.runner import Agent
from chatops.agent.settings import AgentSettings, resolve
from chatops.tasks import Tasks
from tests.support.stand_in_hub import KEY

PROGRAM = """
import sys
from chatops.agent.runner import run
from chatops.agent.settings import load
say = lambda text: print(text, file=sys.stderr, flush=True)
given = {"hub": sys.argv[1], "key": sys.argv[2], "data_dir": sys.argv[3], "allow": sys.argv[4:]}
sys.exit(run(load(given), say))
"""


@dataclass
class LocalAgent:
    """An agent in this process, what it said, and its exit code once it has one."""

    agent: Agent
    task: asyncio.Task[int]
    said: list[str] = field(default_factory=list)

    async def ends(self) -> int:
        return await asyncio.wait_for(self.task, 15)


@contextlib.asynccontextmanager
async def local_agent(
    url: str, *, allow: Sequence[str] = ("exec",), **more: Any
) -> AsyncIterator[LocalAgent]:
    """An agent that runs in the test's loop until the test is done with it."""
    given = {"hub": url, "key": KEY, "allow": tuple(allow)} if "join" not in more else {}
    settings = AgentSettings(**{**given, "data_dir": data_folder(), **more})
    said: list[str] = []
    policy = policy_table.build(settings.allow, settings.policy)
    agent = Agent(settings, resolve(settings), policy, said.append)
    async with Tasks() as tasks:
        task = tasks.spawn(agent.run(), name="agent under test")
        local = LocalAgent(agent, task, said)
        try:
            yield local
        finally:
            agent.stop()
            agent.stop()
            if not task.done():
                await asyncio.wait((task,), timeout=15)


def data_folder() -> Path:
    """The data folder of a test's agents unless it names another: in the test's own home."""
    return Path(os.environ["HOME"]) / "agent"


@contextlib.contextmanager
def agent_process(
    url: str, *allow: str, env: dict[str, str] | None = None, data_dir: Path | None = None
) -> Iterator[subprocess.Popen[str]]:
    """An agent as a process; killed at the end if it still lives."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, url, KEY, str(data_dir or data_folder()), *allow],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(env or {})},
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()


def watchdog_of(agent: int) -> psutil.Process:
    """The watchdog of the agent with this process id."""
    return next(
        child
        for child in psutil.Process(agent).children()
        if any("watchdog.py" in word for word in child.cmdline())
    )


def group_members(group: int) -> list[int]:
    """The processes of a group that still run."""
    return [
        process.pid
        for process in psutil.process_iter()
        if _group_of(process) == group and Path(f"/proc/{process.pid}").exists()
    ]


def _group_of(process: psutil.Process) -> int | None:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return os.getpgid(process.pid)
    except (psutil.NoSuchProcess, ProcessLookupError):
        return None
