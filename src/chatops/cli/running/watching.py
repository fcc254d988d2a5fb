"""Watching a run: what is shown of it, what ends the watching, and the exit status."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

from chatops.cli.context import Cli
from chatops.cli.exits import DONE, FAILED, LOST, SOME_NOT_RUN, exec_status, run_status
from chatops.cli.running.following import Followed, Follower
from chatops.cli.running.forms import EventPrinter, Printer, SilentPrinter
from chatops.cli.running.outcomes import outcome_error
from chatops.cli.running.stopping import Left, Stopper
from chatops.cli.streams import silence
from chatops.client.run_events import End, Output, RunEvent, Start, Taken
from chatops.errors import (
    ChatOpsError,
    HubUnreachable,
    NotFound,
    NotPermitted,
    NotSignedIn,
    SetupError,
)
from chatops.protocol.rest.commands import CommandResult, CommandStatus
from chatops.text import counted, escape

if TYPE_CHECKING:
    from chatops.cli.running.results import Results
    from chatops.cli.running.summary import Tally
    from chatops.client.stdin import Input

_GONE = (HubUnreachable, NotFound, NotPermitted, NotSignedIn)


class Watcher:
    """Follows a run to its end. ``results`` keeps outcomes with their output where these are
    wanted."""

    def __init__(
        self,
        cli: Cli,
        follower: Follower,
        printer: Printer,
        stopper: Stopper,
        *,
        several: bool,
        results: Results | None = None,
        stdin: Input | None = None,
    ) -> None:
        self._cli = cli
        self._follower = follower
        self._printer = printer
        self._stopper = stopper
        self._several = several
        self._results = results
        self._stdin = stdin
        self._unwritable = False
        self._lost: ChatOpsError | None = None
        self._left = False
        self._tally: Tally | None = None
        self._missing = 0

    def watch(self) -> int:
        """The exit status.

        Raises:
            ChatOpsError: what kept the hub from taking the run.
        """
        self._stopper.listen()
        try:
            self._follow()
        except Left:
            self._left = True
            self._stopper.leave()
        finally:
            self._stopper.release()
            if self._stdin is not None:
                self._stdin.close()
        self._finish()
        return self._status()

    @property
    def results(self) -> list[CommandResult]:
        """Those that are known."""
        found = self._follower.commands.values()
        return [one.result for one in found if one.result is not None]

    # -- following ------------------------------------------------------------------------

    def _follow(self) -> None:
        try:
            for event in self._follower.events():
                self._take(event)
        except _GONE as error:
            if self._follower.run_id is None:
                raise
            self._lost = error

    def _take(self, event: RunEvent) -> None:
        first = isinstance(event, Start) and self._follower.servers is None
        if isinstance(event, Taken) or (isinstance(event, Start) and first):
            self._stopper.taken(event.run_id)
        try:
            if isinstance(event, End):
                self._end(event.result)
            elif isinstance(event, Start):
                self._printer.start(event)
            elif isinstance(event, Output) and self._stopper.by is not signal.SIGPIPE:
                self._printer.output(event)
        except OSError as error:
            err = isinstance(event, Output) and event.stream == "stderr"
            self._reader_gone(error, err=err)
            if self._stopper.detaches:
                raise Left from None
        if self._several:
            self._show_progress(event)

    def _end(self, result: CommandResult) -> None:
        if self._results is not None:
            result = self._results.add(result)
        if self._stopper.by is not signal.SIGPIPE:
            self._printer.end(result)

    def _show_progress(self, event: RunEvent) -> None:
        if self._tally is None:
            from chatops.cli.running.summary import Tally

            self._tally = Tally()
        if isinstance(event, Taken):
            self._tally.servers = event.servers
        elif isinstance(event, Start):
            self._tally.start(event.command_id)
        elif isinstance(event, End):
            self._tally.end(event.result)
        self._cli.out.progress(self._tally.line())

    def _reader_gone(self, error: OSError, *, err: bool = False) -> None:
        """The output goes nowhere any more: its reader closed it, or its disk is full."""
        silence(sys.stderr if err else sys.stdout)
        if not isinstance(error, BrokenPipeError):
            self._unwritable = True
            self._cli.out.error(unwritable(error))
        self._stopper.reader_gone()

    # -- the outcome ------------------------------------------------------------------------

    def _finish(self) -> None:
        try:
            if self._stopper.by is not signal.SIGPIPE:
                self._printer.close()
        except OSError as error:
            self._reader_gone(error)
        self._cli.out.progress("")
        if self._stopper.by is signal.SIGPIPE:
            return
        commands = list(self._follower.commands.values())
        open_ = [one for one in commands if one.result is None]
        if self._lost is not None:
            self._give_up(open_)
        elif self._left and self._results is not None:
            for one in open_:
                result = self._unknown(one, "running", "nobody waited for its end")
                self._results.add(result, ask=False)
        if not self._left:
            self._tell_beyond(commands)
            self._tell(commands)
        if self._lost is not None:
            self._cli.out.error(self._gone(self._lost, commands))

    def _give_up(self, open_: list[Followed]) -> None:
        """What is not over has a result too: nobody knows how it ends."""
        for one in open_:
            why = f"the hub was lost; the command {one.command_id} may go on"
            one.result = self._unknown(one, "lost", why)
            if self._results is not None:
                self._results.add(one.result, ask=False)
            if isinstance(self._printer, EventPrinter):
                self._printer.end(one.result)

    def _unknown(self, one: Followed, status: CommandStatus, why: str) -> CommandResult:
        return CommandResult(
            server=one.server, command_id=one.command_id, run_id=self._follower.run_id or "",
            status=status, error=why, truncated=True,
        )  # fmt: skip

    def _gone(self, error: ChatOpsError, commands: list[Followed]) -> ChatOpsError:
        name = self._follower.run_id or ""
        where = ""
        if not self._several and commands:
            (one,) = commands[:1]
            name = one.command_id
            if not isinstance(self._printer, SilentPrinter):  # which has shown nothing yet
                where = f" --offset {one.done['stdout']},{one.done['stderr']}"
        return type(error)(
            f"{error.message}; what runs goes on as {name}",
            hint=f"`chatops commands attach {name}{where}` shows the rest",
            details=error.details,
        )

    def _tell(self, commands: list[Followed]) -> None:
        """Chatops' own outcomes always come with an error line."""
        if isinstance(self._printer, SilentPrinter):  # what is kept comes with the results
            for one in commands:
                one.gaps.clear()
        if self._several:
            self._tell_several(commands)
        elif commands and self._stopper.by is None:
            self._tell_one(commands[0])
        if self._stdin is not None and self._stdin.error is not None:
            self._cli.out.error(
                ChatOpsError(f"stdin cannot be read: {self._stdin.error.strerror}")
            )  # fmt: skip

    def _tell_one(self, one: Followed) -> None:
        if one.missing:
            from chatops.cli.running.summary import missing_output

            self._missing = one.missing
            self._cli.out.error(ChatOpsError(missing_output(one), hint=_kept(one.command_id)))
        if self._lost is None and one.result is not None:
            error = outcome_error(one.result)
            if error is not None:
                self._cli.out.error(error)

    def _tell_beyond(self, commands: list[Followed]) -> None:
        for one in commands:
            for name, length in one.beyond.items():
                self._cli.out.say(
                    f"--offset is past the end: {name} of {escape(one.command_id)} has "
                    f"{counted(length, 'byte')}"
                )

    def _tell_several(self, commands: list[Followed]) -> None:
        from chatops.cli.running.summary import missing_output, not_everywhere, summary

        for one in commands:
            if one.missing:
                self._missing += one.missing
                text = f"{one.server}: {missing_output(one)}"
                self._cli.out.error(ChatOpsError(text, hint=_kept(one.command_id)))
        if self._status() == SOME_NOT_RUN:
            self._cli.out.error(ChatOpsError(not_everywhere(self.results)))
        if self._cli.out.form == "table":
            for line in summary(self.results, self._follower.servers or len(commands)):
                self._cli.out.say(line)

    def _status(self) -> int:
        if self._unwritable:
            return FAILED
        if self._lost is not None and not self._left:
            return LOST  # also after Ctrl-C: that it was cancelled nobody has confirmed
        if self._stopper.by is not None:
            return 128 + self._stopper.by
        if self._lost is not None:
            return LOST
        results = self.results
        status = run_status(results) if self._several else exec_status(results[0])
        unread = self._stdin is not None and self._stdin.error is not None
        if status in (DONE, SOME_NOT_RUN) and (self._missing or unread):
            return FAILED
        return status


def unwritable(error: OSError) -> ChatOpsError:
    """What to tell when the output cannot be written."""
    return SetupError(f"the output cannot be written: {error.strerror}")


def _kept(command_id: str) -> str:
    return f"`chatops commands output {command_id}` shows what was kept"
