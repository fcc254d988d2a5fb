"""What those hear of commands who read a server's log: one line for each that is over."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from typing import Final

from chatops.protocol.rest import CommandResult, CommandStatus
from chatops.server.services.live_command import LiveCommand
from chatops.text import shorten
from chatops.units import format_duration

SOURCE: Final = "command"
"""The source of commands' lines in the logs."""
_LONGEST: Final = 200
"""Characters of a command that a line shows; the whole is in ``commands show``."""
_NOT_RUN: Final = frozenset(("offline", "refused"))
_LEVELS: Final[dict[CommandStatus, str]] = {"succeeded": "info", "lost": "error"}
Note = Callable[[str, str, str, str], None]


class CommandNews:
    """Tells of commands whose end is committed. ``note`` adds a line to a server's log (server's
    id, level, source, message)."""

    def __init__(self, note: Note) -> None:
        self._note = note

    def over(self, live: LiveCommand, result: CommandResult) -> None:
        """A command is over; told once for each outcome that stands."""
        level = _LEVELS.get(result.status, "warning")
        text = sentence(live.user_name, live.command, live.started_at, result)
        self._note(live.server_id, level, SOURCE, text)


def sentence(
    user: str | None,
    command: str | Sequence[str] | None,
    started_at: float | None,
    result: CommandResult,
) -> str:
    """Who ran what, what came of it, and how to see more."""
    what = "a command" if command is None else _shown(command)
    ran = "ran" if _was_run(result, started_at) else "wanted to run"
    return f"{user or 'the hub'} {ran} {what}: {_outcome(result)} ({result.command_id})"


def _was_run(result: CommandResult, started_at: float | None) -> bool:
    cancelled_before = result.status == "cancelled" and result.duration_ms is None
    return result.status not in _NOT_RUN and not (cancelled_before and started_at is None)


def _shown(command: str | Sequence[str]) -> str:
    line = command if isinstance(command, str) else shlex.join(command)
    return f"“{shorten(line, _LONGEST)}”"


def _outcome(result: CommandResult) -> str:
    parts = [result.status.replace("_", " ")]
    if result.signal is not None:
        parts.append(f"signal {result.signal}")
    elif result.exit_code:
        parts.append(f"exit {result.exit_code}")
    if result.duration_ms is not None:
        parts.append(f"after {format_duration(result.duration_ms / 1000)}")
    if result.error is not None and result.status != "offline":  # it says no more than that
        parts.append(result.error)
    return ", ".join(parts)
