"""Waiting for commands that run without being watched."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final, NamedTuple

from chatops.cli.context import Cli
from chatops.cli.exits import LOST, SOME_NOT_RUN, TIMED_OUT, exec_status, run_status
from chatops.cli.output import Output
from chatops.cli.running.following import PASSING, RECOVERY
from chatops.cli.running.outcomes import outcome_error
from chatops.errors import ChatOpsError, HubUnreachable, NotFound, TimedOut
from chatops.protocol.rest import COMMAND_FINAL, CommandRecord, CommandResult, Run
from chatops.protocol.target import parse_target
from chatops.text import escape

_FIRST: Final = 0.05
_GROWTH: Final = 1.3
_LONGEST: Final = 2.0


class Found(NamedTuple):
    """What an ID names: a command, or a run (its target ``several`` servers or one)."""

    records: list[CommandRecord]
    run: Run | None = None

    @property
    def several(self) -> bool:
        """Whether it is shown as a run on several servers, even if there is only one."""
        return self.run is not None and parse_target(self.run.target).one is None


def find_commands(cli: Cli, name: str) -> Found:
    """The command of that id, or those of the run of that id in order of their servers.

    Raises:
        NotFound: it is neither.
    """
    try:
        return Found([cli.client.commands.get(name)])
    except NotFound as error:
        try:
            run = cli.client.runs.get(name)
        except NotFound:
            raise error from None
    records = cli.client.commands.list(run=run.id)
    return Found(sorted(records, key=lambda record: record.server), run)


def pauses() -> Iterator[float]:
    """Seconds between one question and the next: short ones at first, then up to 2."""
    pause = _FIRST
    while True:
        yield pause
        pause = min(pause * _GROWTH, _LONGEST)


class Waiter:
    """Asks until a command, or all of a run, are over. ``found`` has their last states."""

    def __init__(self, cli: Cli, name: str, timeout: float | None) -> None:
        self._cli = cli
        self._name = name
        self._until = None if timeout is None else time.monotonic() + timeout
        self._silent_since: float | None = None
        self.found = find_commands(cli, name)

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
            except PASSING as error:
                if self._gone(error):
                    return LOST
        return self._outcome()

    def _open(self) -> list[CommandRecord]:
        return [record for record in self.found.records if record.status not in COMMAND_FINAL]

    def _ask(self) -> None:
        if self.found.run is None:
            self.found = Found([self._cli.client.commands.get(self._name)])
        else:
            run = self._cli.client.runs.get(self._name)
            if all(one.status in COMMAND_FINAL for one in run.commands):
                self.found = find_commands(self._cli, self._name)
            else:
                self._note(run)
        self._silent_since = None

    def _note(self, run: Run) -> None:
        """How it stands with what is not over, to be told when the time is up."""
        states = {one.id: one.status for one in run.commands}
        for record in self.found.records:
            record.status = states.get(record.id, record.status)

    def _gone(self, error: ChatOpsError) -> bool:
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
        results = [result_of(one) for one in self.found.records]
        if self.found.several:
            return tell_several(self._cli.out, results)
        if (error := outcome_error(results[0])) is not None:
            self._cli.out.error(error)
        return exec_status(results[0])


def tell_several(out: Output, results: list[CommandResult]) -> int:
    """Say how a run on several servers ended; the exit status."""
    from chatops.cli.running.summary import not_everywhere, summary

    status = run_status(results)
    if status == SOME_NOT_RUN:
        out.error(ChatOpsError(not_everywhere(results)))
    if out.form == "table":
        for line in summary(results, len(results)):
            out.say(line)
    return status


def result_of(record: CommandRecord) -> CommandResult:
    """What a record says of the outcome."""
    return CommandResult(
        server=record.server, command_id=record.id, run_id=record.run_id, status=record.status,
        exit_code=record.exit_code, signal=record.signal, truncated=record.truncated,
        duration_ms=record.duration_ms, error=record.error,
    )  # fmt: skip
