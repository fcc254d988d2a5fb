"""Starts that work, fail, hang, or are let go."""

from __future__ import annotations

import asyncio
import subprocess
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from chatops.agent.command_states import Life
from chatops.agent.container_launch import ContainerLaunch
from chatops.agent.docker_policy import DockerPolicy
from chatops.agent.engine import Engine
from chatops.agent.exec_policy import ExecPolicy
from chatops.agent.guard import Guard
from chatops.agent.launch import Launch
from chatops.agent.run import Containers, Run
from chatops.agent.spill import Spill
from chatops.clock import SystemClock
from chatops.protocol.messages import Command
from chatops.tasks import Tasks
from tests.support.agents import group_members
from tests.support.waiting import until_async


@pytest.fixture
async def guard() -> AsyncIterator[Guard]:
    made = Guard()
    made.start()
    yield made
    made.close()


def launch(
    guard: Guard, command: str | list[str], took: bytearray, *, stdin: bool = False
) -> Launch:
    return Launch(
        command, bounds=ExecPolicy(), env={}, folder="/", guard=guard,
        stdout=took.extend, stderr=lambda _data: None, stdin=stdin,
    )  # fmt: skip


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def no_thread(_thread: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


def no_process(*_given: Any, **_more: Any) -> None:
    raise MemoryError


class Held:
    """Popen, held up until it is let go, as by a file system that does not answer."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.release = threading.Event()
        self.pids: list[int] = []
        real = Launch._popen

        def late(launch: Launch) -> subprocess.Popen[bytes]:
            self.release.wait()
            made = real(launch)
            self.pids.append(made.pid)
            return made

        monkeypatch.setattr(Launch, "_popen", late)


async def test_a_process_comes_of_it_and_its_output(guard: Guard) -> None:
    took = bytearray()
    process = await launch(guard, "echo $0; exit 4", took).started
    assert (await process.exited).code == 4
    await until_async(lambda: process.stdout.closed)
    process.release()
    assert took == b"/bin/sh\n"


@pytest.mark.parametrize("command", [["no-such-program"], ["a\0b"]])
async def test_a_start_that_fails_says_why_and_leaks_nothing(
    command: list[str], guard: Guard
) -> None:
    before = open_files()
    with pytest.raises((FileNotFoundError, ValueError)):
        await launch(guard, command, bytearray()).started
    assert open_files() == before


async def test_a_start_that_gets_no_thread_says_so_and_leaks_nothing(
    guard: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = open_files()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", no_thread)
        for stdin in (False, True):
            with pytest.raises(BlockingIOError):
                launch(guard, "true", bytearray(), stdin=stdin)
    assert open_files() == before
    assert guard._starts == set()


async def test_a_start_in_a_container_that_gets_no_thread_closes_nothing_twice(
    guard: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is closed again may be somebody else's by then."""
    before = open_files()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", no_thread)
        with pytest.raises(BlockingIOError):
            ContainerLaunch(
                Command(id="c", command="x", container="app"), engine=Engine(),
                policy=DockerPolicy(), bounds=ExecPolicy(), guard=guard,
                stdout=lambda _data: None, stderr=lambda _data: None,
            )  # fmt: skip
    assert open_files() == before


async def test_a_process_that_cannot_be_followed_is_ended_and_leaks_nothing(
    guard: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = open_files()
    monkeypatch.setattr("chatops.agent.launch.Process", no_process)
    with pytest.raises(MemoryError):
        await asyncio.wait_for(launch(guard, "sleep 1000", bytearray(), stdin=True).started, 10)
    assert open_files() == before
    assert children_that_sleep() == 0
    assert guard._groups == set()


async def test_a_start_that_is_let_go_is_ended_when_it_comes(guard: Guard) -> None:
    before = open_files()
    starting = launch(guard, "sleep 1000", bytearray())
    starting.let_go()
    await until_async(lambda: open_files() == before)
    await until_async(lambda: children_that_sleep() == 0)
    assert (open_files(), children_that_sleep()) == (before, 0)


async def test_a_process_that_is_let_go_when_it_has_just_come_is_ended(guard: Guard) -> None:
    before = open_files()
    starting = launch(guard, "sleep 1000", bytearray())
    await starting.started
    starting.let_go()
    assert open_files() == before
    assert children_that_sleep() == 0


async def test_a_command_whose_agent_ends_while_it_is_started_is_ended(
    guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(monkeypatch)
    run = Run(
        Command(id="c", command="sleep 1000"),
        Life("c", 0.0), ExecPolicy(), Containers(Engine(), DockerPolicy()), guard, SystemClock(),
        Spill(tmp_path, 0, 0).open(), lambda _: None, lambda _: None,
    )  # fmt: skip
    before = open_files()
    async with Tasks() as tasks:
        tasks.spawn(run.carry_out(), name="command")
        await until_async(lambda: open_files() > before)
    held.release.set()
    await until_async(lambda: held.pids and not group_members(held.pids[0]))
    await until_async(lambda: open_files() == before)
    assert not group_members(held.pids[0])
    assert open_files() == before


async def test_the_time_limit_holds_for_a_start_that_hangs(
    guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatops.agent.run.LAUNCH_GRACE", 0.05)
    held = Held(monkeypatch)
    run = Run(
        Command(id="c", command="sleep 1000", timeout=0.05),
        Life("c", 0.0), ExecPolicy(), Containers(Engine(), DockerPolicy()), guard, SystemClock(),
        Spill(tmp_path, 0, 0).open(), lambda _: None, lambda _: None,
    )  # fmt: skip
    await asyncio.wait_for(run.carry_out(), 10)
    assert run.response is not None
    assert (run.response.state, run.response.reason) == ("timed_out", "timeout")
    held.release.set()
    await until_async(lambda: held.pids and not group_members(held.pids[0]))


async def test_a_cancel_holds_for_a_start_that_hangs(
    guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatops.agent.run.LAUNCH_GRACE", 0.05)
    held = Held(monkeypatch)
    spill = Spill(tmp_path, 0, 0).open()
    run = Run(
        Command(id="c", command="sleep 1000", stdin=True),
        Life("c", 0.0), ExecPolicy(), Containers(Engine(), DockerPolicy()), guard, SystemClock(),
        spill, lambda _: None, lambda _: None,
    )  # fmt: skip
    before = open_files()
    run.end("cancelled", 0.0)
    await asyncio.wait_for(run.carry_out(), 10)
    assert run.response is not None
    assert (run.response.state, run.response.reason) == ("cancelled", "cancelled")
    held.release.set()
    await until_async(lambda: held.pids and not group_members(held.pids[0]))
    await until_async(lambda: open_files() == before)


def children_that_sleep() -> int:
    return sum("sleep" in " ".join(one.cmdline()) for one in psutil.Process().children())
