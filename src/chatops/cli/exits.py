"""The exit codes: one table for errors, one for the outcome of commands run on servers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from chatops.errors import ChatOpsError
from chatops.protocol.rest.commands import CommandResult

DONE: Final = 0
FAILED: Final = 1
USAGE: Final = 2
SIGN_IN: Final = 3
MISSING: Final = 4
FORBIDDEN: Final = 5
CONFLICT: Final = 6
UNREACHABLE: Final = 7
TIMED_OUT: Final = 124
HUNG_UP: Final = 129
INTERRUPTED: Final = 130
TERMINATED: Final = 143
PIPE_CLOSED: Final = 141

MEANING: Final[Mapping[int, str]] = {
    DONE: "done",
    FAILED: "failed",
    USAGE: "usage or refused input",
    SIGN_IN: "not signed in, or credentials refused",
    MISSING: "not found",
    FORBIDDEN: "not permitted",
    CONFLICT: "conflict (already there, wrong state)",
    UNREACHABLE: "hub unreachable",
    TIMED_OUT: "`wait`: not true in time",
    HUNG_UP: "the terminal is gone (SIGHUP), where something had to be put right first",
    INTERRUPTED: "interrupted (Ctrl-C)",
    PIPE_CLOSED: "the reader of the output went away",
    TERMINATED: "terminated (SIGTERM)",
}
"""Every exit code of all commands but those of the exec family."""

EXIT: Final[Mapping[str, int]] = {
    "error": FAILED,
    "invalid": USAGE,
    "malformed": USAGE,
    "too_large": USAGE,
    "not_signed_in": SIGN_IN,
    "not_permitted": FORBIDDEN,
    "not_found": MISSING,
    "no_sample": MISSING,
    "method_not_allowed": FAILED,
    "conflict": CONFLICT,
    "too_many_requests": FAILED,
    "busy": FAILED,
    "offline": CONFLICT,
    "refused": FORBIDDEN,
    "timed_out": FAILED,
    "cancelled": FAILED,
    "lost": FAILED,
    "hub_unreachable": UNREACHABLE,
    "protocol": FAILED,
    "setup": FAILED,
    "internal": FAILED,
}
"""Exit code of each error code; a code of a newer hub counts as ``error``."""

NOT_RUN: Final = 120
REFUSED: Final = 121
LOST: Final = 122
SOME_NOT_RUN: Final = 123
STOPPED: Final = 125
NOT_STARTED: Final = 126

EXEC_MEANING: Final[Mapping[int, str]] = {
    FAILED: "several servers: something ran and did not succeed; one server: it succeeded, but "
    "its output is not whole here, or cannot be written",
    NOT_RUN: "not run: the server is offline, or somebody cancelled it before it started",
    REFUSED: "refused: agent policy or role; of `docker exec` also: no such container, it does not "
    "run, or no engine",
    LOST: "lost: the agent vanished, the outcome is unknown",
    SOME_NOT_RUN: "several servers: all that ran succeeded, some could not be run",
    TIMED_OUT: "timed out, and the process group is confirmed dead; of `commands wait`: not "
    "over in time",
    STOPPED: "chatops itself stopped before anything was sent: usage, sign-in, no such "
    "server, hub unreachable",
    INTERRUPTED: "interrupted (Ctrl-C), after the remote end was confirmed",
    PIPE_CLOSED: "the reader of the output went away; the command was cancelled",
    TERMINATED: "terminated (SIGTERM), after the remote end was confirmed",
}
"""What chatops' own statuses of ``exec`` mean; any other status is the command's."""


def exit_code(error: ChatOpsError) -> int:
    """The exit code of an error, outside the exec family."""
    return EXIT.get(error.code, FAILED)


def exec_exit_code(error: ChatOpsError) -> int:
    """The exit status of ``exec`` when an error stopped it."""
    if error.code == "offline":
        return NOT_RUN
    if error.code in ("refused", "not_permitted"):
        return REFUSED
    sent = (error.details or {}).get("sent") is True
    return LOST if error.code == "hub_unreachable" and sent else STOPPED


def several_exit_code(error: ChatOpsError) -> int:
    """The same where TARGET means several servers."""
    status = exec_exit_code(error)
    return LOST if status == LOST else STOPPED


def exec_status(result: CommandResult) -> int:
    """The exit status of ``exec`` for one server's result."""
    match result.status:
        case "offline":
            return NOT_RUN
        case "refused":
            return REFUSED
        case "timed_out":
            return TIMED_OUT
        case "cancelled":
            return _cancelled(result)
        case "succeeded" | "failed":
            return _ended(result)
        case _:
            return LOST


def run_status(results: Sequence[CommandResult]) -> int:
    """The exit status of a run on several servers: 0 when all succeeded, 1 when something ran
    and did not, 123 when all that ran succeeded and some could not be run."""
    failed = [result for result in results if result.status != "succeeded"]
    if any(_was_run(result) for result in failed):
        return FAILED
    return SOME_NOT_RUN if failed else DONE


def _was_run(result: CommandResult) -> bool:
    if result.status == "cancelled":
        return result.signal is not None or result.exit_code is not None
    return result.status not in ("offline", "refused")


def _cancelled(result: CommandResult) -> int:
    """One that ran was ended, also when it took that well and exited by itself."""
    if result.signal:
        return 128 + result.signal
    if result.exit_code is None:
        return NOT_RUN
    return result.exit_code or TERMINATED


def _ended(result: CommandResult) -> int:
    if result.signal:
        return 128 + result.signal
    return NOT_STARTED if result.exit_code is None else result.exit_code
