"""The minder: sees to it that a command in a container does not outlive who started it.

The command is no child of ours, so no signal to our group reaches it. The minder is a process
outside that group, made before the command starts. It is told how things stand through a pipe:

    start    the engine is about to be asked to start it
    pid N    it runs, and that is its number on the host
    over     it has ended

When the pipe ends without ``over`` the helper is dead, however it died, and so is to be the
command.
"""

from __future__ import annotations

import os
import signal
import time
from typing import Final

from chatops.agent.inside.engine_api import EngineApi, EngineRefused
from chatops.agent.inside.processes import end_session, is_alive, signal_session
from chatops.agent.watchdog import IGNORED

_PATIENCE: Final = 20.0
"""Seconds to try for: less than the agent waits for the end of what it has killed."""
_BEGINNING: Final = 5.0
"""Seconds after which a command that was to start, and has not, will not."""
_ALIVE: Final = b'{"alive": true}\n'
_LOOK_FIRST: Final = 0.02
_LOOK_LAST: Final = 0.25


class Minder:
    """The helper's side: makes the process, and tells it how things stand. What it cannot end
    it says through ``report``, which it holds open as long as it lives."""

    def __init__(self, api: EngineApi, container: str, exec_id: str, report: int) -> None:
        source, self._pipe = os.pipe()
        if os.fork() == 0:
            os.close(self._pipe)
            try:
                _mind(api, container, exec_id, source, report)
            except Exception:  # noqa: BLE001  (nothing is dead that was not seen to be)
                os.write(report, _ALIVE)
            finally:
                os._exit(0)
        os.close(source)

    def tell(self, line: str) -> None:
        """Say how things stand."""
        os.write(self._pipe, f"{line}\n".encode())


def _mind(api: EngineApi, container: str, exec_id: str, source: int, report: int) -> None:
    os.setsid()
    for number in IGNORED:
        signal.signal(number, signal.SIG_IGN)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):  # the pipes are the helper's: they end with it
        os.dup2(nothing, stream)
    said = _all(source).split("\n")
    if "over" in said or "start" not in said:
        return
    pid = next((int(line[4:]) for line in said if line.startswith("pid ")), 0)
    if not end(api, container, exec_id, pid):
        os.write(report, _ALIVE)


def _all(source: int) -> str:
    data = b""
    while piece := os.read(source, 4096):
        data += piece
    return data.decode()


def end(api: EngineApi, container: str, exec_id: str, pid: int) -> bool:
    """Kill a command, whose number may not be known yet; whether it is dead."""
    began, pause = time.monotonic(), _LOOK_FIRST
    while (waited := time.monotonic() - began) < _PATIENCE:
        try:
            state = api.state(exec_id)
            pid = state.pid or pid
            over = state.over or (waited > _BEGINNING and not pid)
        except EngineRefused:  # the container was removed, and with it all that ran there
            over = True
        except OSError:  # the engine is away
            over = bool(pid) and not is_alive(container, pid)
        if over:
            end_session(container, pid)
            return True
        if pid:
            signal_session(api, container, pid, signal.SIGKILL)
        time.sleep(pause)
        pause = min(pause * 2, _LOOK_LAST)
    return False
