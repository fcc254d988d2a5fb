"""Learning of an exit, by pidfd and by looking, without reaping."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import threading

import pytest

from chatops.agent.exits import ExitStatus, peek_status, watch_exit


def no_pidfd(_pid: int) -> int:
    raise OSError(38, "Function not implemented")


def no_thread(_thread: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


@pytest.mark.parametrize("modern", [True, False])
async def test_the_end_is_told_once_and_the_status_can_be_read_again_and_again(
    modern: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not modern:
        monkeypatch.setattr(os, "pidfd_open", no_pidfd)
    child = subprocess.Popen(["sh", "-c", "exit 7"])
    ended = asyncio.Event()
    stop = watch_exit(child.pid, ended.set)
    await asyncio.wait_for(ended.wait(), 10)
    assert peek_status(child.pid) == peek_status(child.pid) == ExitStatus(7, None)
    stop()
    stop()
    assert child.wait() == 7
    with pytest.raises(ChildProcessError):
        peek_status(child.pid)


@pytest.mark.parametrize("modern", [True, False])
async def test_a_watch_that_is_stopped_says_nothing(
    modern: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not modern:
        monkeypatch.setattr(os, "pidfd_open", no_pidfd)
    child = subprocess.Popen(["sleep", "1000"])
    told: list[str] = []
    stop = watch_exit(child.pid, lambda: told.append("ended"))
    assert peek_status(child.pid) is None
    stop()
    child.send_signal(signal.SIGKILL)
    other = asyncio.Event()
    watch_exit(child.pid, other.set)
    await asyncio.wait_for(other.wait(), 10)
    assert peek_status(child.pid) == ExitStatus(None, signal.SIGKILL)
    assert told == []
    child.wait()


async def test_a_system_without_room_for_a_file_or_a_thread_does_not_hide_an_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "pidfd_open", no_pidfd)
    monkeypatch.setattr(threading.Thread, "start", no_thread)
    child = subprocess.Popen(["sleep", "0.1"])
    ended = asyncio.Event()
    watch_exit(child.pid, ended.set)
    await asyncio.wait_for(ended.wait(), 10)
    assert child.wait() == 0
