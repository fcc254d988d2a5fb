"""The agent's side of the watchdog, with the real watchdog."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator

import psutil
import pytest

from chatops.agent.guard import Guard
from tests.support.waiting import until_async


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "1000"], start_new_session=True)
    yield process
    process.kill()
    process.wait()


async def test_what_is_held_at_the_close_dies(sleeper: subprocess.Popen[bytes]) -> None:
    guard = Guard()
    guard.start()
    guard.announce(1)
    guard.settle(1, sleeper.pid)
    guard.close()
    await until_async(lambda: sleeper.poll() is not None)
    assert sleeper.returncode == -signal.SIGKILL


async def test_what_was_released_lives(sleeper: subprocess.Popen[bytes]) -> None:
    guard = Guard()
    guard.start()
    guard.announce(1)
    guard.settle(1, sleeper.pid)
    guard.release(sleeper.pid)
    guard.close()
    assert sleeper.poll() is None


async def test_a_new_watchdog_knows_what_the_old_one_held(
    sleeper: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatops.agent.guard._AGAIN_AFTER", 0.05)
    guard = Guard()
    guard.start()
    guard.announce(1)
    guard.settle(1, sleeper.pid)
    first = guard.pid
    assert first is not None
    psutil.Process(first).kill()
    await until_async(lambda: guard.pid not in (None, first))
    assert sleeper.poll() is None
    guard.close()
    await until_async(lambda: sleeper.poll() is not None)


async def test_a_watchdog_that_does_not_read_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatops.agent.guard._AGAIN_AFTER", 0.05)
    guard = Guard()
    guard.start()
    first = guard.pid
    assert first is not None
    psutil.Process(first).suspend()
    for number in range(20_000):
        guard.announce(number)
        guard.settle(number, None)
    await until_async(lambda: guard.pid not in (None, first))
    guard.close()


async def test_before_the_start_and_after_the_close_nothing_is_told() -> None:
    guard = Guard()
    guard.announce(1)
    guard.settle(1, None)
    guard.close()
    guard.release(1)
    assert guard.pid is None
