"""No process is signalled of which the host does not say that it is the container's."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatops.agent.inside.engine_api import EngineApi
from chatops.agent.inside.processes import end_session, is_alive, signal_session

CONTAINER = "f" * 64


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process of the host that leads a session."""
    with subprocess.Popen(["sleep", "600"], start_new_session=True) as process:
        yield process
        process.kill()


def test_a_process_of_the_host_is_left_alone(
    sleeper: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    api = EngineApi(str(tmp_path / "sock"), 1.0)
    assert not is_alive(CONTAINER, sleeper.pid)
    signal_session(api, CONTAINER, sleeper.pid, signal.SIGKILL)
    end_session(CONTAINER, sleeper.pid)
    os.kill(sleeper.pid, 0)
    assert sleeper.poll() is None


def test_what_is_gone_is_not_alive(sleeper: subprocess.Popen[bytes]) -> None:
    assert is_alive("", sleeper.pid)
    sleeper.kill()
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)
    assert not is_alive("", sleeper.pid)  # dead, and not reaped
    sleeper.wait()
    assert not is_alive("", sleeper.pid)
