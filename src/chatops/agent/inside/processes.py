"""Signals to the processes of a command in a container, as the host sees them.

The engine makes the command the leader of a session of its own. Its number on the host is told
by the engine; before it is used, the host has to say that this process is of that container.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress

from chatops.agent.inside.engine_api import EngineApi, EngineRefused
from chatops.agent.watchdog import members, place_of


def is_alive(container: str, pid: int) -> bool:
    """Whether the process is there, and in that container. One that this agent cannot see,
    because it is in a container itself, is not there for it."""
    try:
        with open(f"/proc/{pid}/cgroup", encoding="ascii", errors="replace") as file:
            return container in file.read() and place_of(str(pid))[0] not in (b"Z", b"X")
    except OSError:
        return False


def signal_session(api: EngineApi, container: str, pid: int, number: int) -> None:
    """Send a signal to every group of the session that the process leads."""
    if not is_alive(container, pid):
        return
    for group in sorted({pid, *members({pid})}):
        try:
            os.killpg(group, number)
        except ProcessLookupError:
            continue
        except PermissionError:  # an agent that is not root, and a process that is
            _signal_from_within(api, container, group, number)


def end_session(container: str, pid: int) -> None:
    """Kill what is left of a session whose leader is gone, as far as this may be done."""
    for group in members({pid}):
        if is_alive(container, group):
            with suppress(OSError):
                os.killpg(group, signal.SIGKILL)


def _signal_from_within(api: EngineApi, container: str, group: int, number: int) -> None:
    """The same by a shell in the container, for which the group has another number."""
    inner = _inner_number(group)
    if inner is None:
        return
    line = f"kill -{number} -{inner} || kill -{number} {inner}"
    with suppress(OSError, EngineRefused):
        api.start_alone(api.create(container, {"User": "0", "Cmd": ["/bin/sh", "-c", line]}))


def _inner_number(pid: int) -> int | None:
    """The number of a process in the innermost of its PID namespaces."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            found = [line.split()[-1] for line in file if line.startswith("NSpid:")]
    except OSError:
        return None
    return int(found[0]) if found else None
