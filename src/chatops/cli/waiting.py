"""Waiting for commands that run without being watched."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from chatops.cli.context import Cli
from chatops.cli.exits import LOST, TIMED_OUT, exec_status, run_status
from chatops.cli.running import RECOVERY, outcome_error
from chatops.errors import Busy, HubUnreachable, NotFound, TimedOut
from chatops.protocol.rest import COMMAND_FINAL, CommandRecord, CommandResult
from chatops.text import escape

_FIRST: Final = 0.05
_GROWTH: Final = 1.3
_LONGEST: Final = 2.0


def find_commands(cli: Cli, name: str) -> list[CommandRecord]:
    """The command of that id, or those of the run of that id; at least one.

    Raises:
        NotFound: it is neither.
    """
    try:
        return [cli.client.commands.get(name)]
    except NotFound:
        found = list(cli.client.commands.list(run=name))
        if not found:
            raise
        return sorted(found, key=lambda record: record.server)


def pauses() -> Iterator[float]:
    """Seconds between one question and the next: short ones at first, then up to 2."""
    pause = _FIRST
    while True:
        yield pause
        pause = min(pause * _GROWTH, _LONGEST)


class Waiter:
    """Asks until a command, or all of a run, are over. ``records`` are their last states."""

    def __init__(self, cli: Cli, name: str, timeout: float | None) -> None:
        self._cli = cli
        self._name = name
        self._until = None if timeout is None else time.monotonic() + timeout
        self._silent_since: float | None = None
        self.records = find_commands(cli, name)

    def wait(self) -> int:
        """The exit status by the table of ``exec``; LOST when the hub is away for too long,
        TIMED_OUT when the time is up first."""
        pause = pauses()
        while self._open():
            left = None if self._until is None else self._until - time.monotonic()
            if left is not None and left <= 0:
                return self._late()
            time.sleep(next(pause) if left is None else min(next(pause), left))
            try:
                self._ask()
            except (Busy, HubUnreachable) as error:
                if self._gone(error):
                    return LOST
        return self._outcome()

    def _open(self) -> list[CommandRecord]:
        return [record for record in self.records if record.status not in COMMAND_FINAL]

    def _ask(self) -> None:
        for record in self._open():
            fresh = self._cli.client.commands.get(record.id)
            self.records[self.records.index(record)] = fresh
        self._silent_since = None

    def _gone(self, error: Busy | HubUnreachable) -> bool:
        """Whether the hub gave no answer for too long; the first time it is said."""
        now = time.monotonic()
        if self._silent_since is None:
            self._silent_since = now
            self._cli.out.say(f"{escape(error.message)}; asking again for {RECOVERY:g} s")
        if now - self._silent_since < RECOVERY:
            return False
        self._cli.out.error(
            HubUnreachable(
                f"the hub is gone, and {self._name} may go on",
                hint=f"`chatops commands wait {self._name}` waits again",
            )
        )
        return True

    def _late(self) -> int:
        left = self._open()
        states = ", ".join(f"{record.server} is {record.status}" for record in left[:5])
        self._cli.out.error(
            TimedOut(
                f"{self._name} is not over in time: {states}",
                hint=f"it goes on; `chatops commands cancel {self._name}` ends it",
            )
        )
        return TIMED_OUT

    def _outcome(self) -> int:
        results = [result_of(record) for record in self.records]
        for result in results:
            if (error := outcome_error(result)) is not None:
                self._cli.out.error(error)
        return exec_status(results[0]) if len(results) == 1 else run_status(results)


def result_of(record: CommandRecord) -> CommandResult:
    """What a record says of the outcome."""
    return CommandResult(
        server=record.server, command_id=record.id, run_id=record.run_id, status=record.status,
        exit_code=record.exit_code, signal=record.signal, truncated=record.truncated,
        duration_ms=record.duration_ms,
    )  # fmt: skip
