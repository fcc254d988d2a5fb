"""Why a command was not run, did not start, or was ended: one sentence each."""

from __future__ import annotations

import errno
import os
from typing import Final

from chatops.agent.exec_policy import ExecPolicy, TimeLimit
from chatops.agent.folders import FolderError, OutsideFolders
from chatops.protocol.messages import Command
from chatops.text import shorten
from chatops.units import format_size

_NOT_FOUND: Final = 127
_NOT_EXECUTABLE: Final = 126
_NAME: Final = 500
"""Characters of a command or a folder in a sentence."""
_CANCELLED: Final = {
    "agent_stopping": "the agent was stopped before the command had ended",
    "stdin_lost": "the command's standard input was cut off before its end",
    "hung_up": "the terminal was hung up: nobody was at it any more",
    "idle": "the agent's policy hangs up a terminal at which nothing happens (shell.idle)",
}


def not_started(command: Command, error: OSError | ValueError) -> tuple[int, str]:
    """The exit code that a shell gives a command that cannot be started, and why."""
    name = command.command if isinstance(command.command, str) else command.command[0]
    name = shorten(name, _NAME)
    if isinstance(error, ValueError):
        return _NOT_EXECUTABLE, "the command, its folder or a variable holds a zero byte"
    if isinstance(error, FolderError):
        folder = shorten(command.cwd or "", _NAME)
        return _NOT_EXECUTABLE, f"cannot start in the folder {folder}: {error.strerror}"
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return _NOT_FOUND, f"{name}: not found"
    return _NOT_EXECUTABLE, f"{name}: {error.strerror or os.strerror(error.errno or 0)}"


def outside(bounds: ExecPolicy, error: OutsideFolders) -> str:
    """That the policy does not let a command start where the hub wants it to."""
    allowed = shorten(", ".join(bounds.allowed_folders or ()), _NAME)
    place = shorten(str(error.filename), _NAME)
    return f"the agent's policy does not allow this: folders has {allowed}, and not {place}"


def time_limit_reached(limit: TimeLimit, key: str) -> str:
    """Whose limit it was (the policy's: of that ``key``), and how long."""
    if limit.by_policy:
        return f"the agent's policy ends a command after {limit.seconds:g} s ({key})"
    return f"the time limit of {limit.seconds:g} s was reached"


def cancelled(reason: str, bounds: ExecPolicy) -> str | None:
    """Why the agent ended a command; None when somebody asked it to."""
    if reason == "max_output":
        size = format_size(bounds.max_output or 0)
        return f"the agent's policy ends a command after {size} of output (max_output)"
    return _CANCELLED.get(reason)
