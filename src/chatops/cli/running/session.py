"""One watched run from its first event to the exit status: the parts put together."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from chatops.cli.context import Cli
from chatops.cli.exits import FAILED, INTERRUPTED
from chatops.cli.running.following import Follower
from chatops.cli.running.forms import BytesPrinter, EventPrinter, Printer, SilentPrinter
from chatops.cli.running.stopping import Stopper
from chatops.cli.running.watching import Watcher, unwritable
from chatops.cli.streams import silence
from chatops.errors import ChatOpsError, SetupError

if TYPE_CHECKING:
    from pathlib import Path

    from chatops.cli.running.results import Results, StatusFile
    from chatops.client.run_events import Offsets, RunEvent
    from chatops.client.stdin import Input


class Shown(NamedTuple):
    """How a run is shown. ``offsets`` says what of it was shown before."""

    several: bool
    group: bool = False
    status_file: Path | None = None
    offsets: Offsets | None = None
    detaches: bool = False
    """Ctrl-C ends the watching alone."""


def watch(
    cli: Cli,
    begin: Callable[[], Iterator[RunEvent]],
    again: Callable[[str, Offsets], Iterator[RunEvent]],
    shown: Shown,
    *,
    stdin: Input | None = None,
) -> int:
    """Show a run; the exit status. ``begin`` gives its events, ``again`` those after a lost
    connection.

    Raises:
        ChatOpsError: what kept the hub from taking the run.
    """
    report = _Report(cli, shown)
    printer = printer_for(cli, shown)
    stopper = Stopper(cli, several=shown.several, detaches=shown.detaches)
    follower = Follower(
        begin, again, cli.out.say, skipped=shown.offsets, stopping=lambda: stopper.by is not None
    )
    watcher = Watcher(
        cli, follower, printer, stopper, several=shown.several, results=report.results, stdin=stdin
    )
    try:
        status = watcher.watch()
    except ChatOpsError as error:
        report.write(follower, watcher, cli.exit_of(error))
        raise
    return report.write(follower, watcher, status)


@contextmanager
def summarising(cli: Cli) -> Iterator[None]:
    """With -o ndjson the last event is a ``summary``, also when something kept the run from
    being asked for, or from being taken."""
    try:
        yield
    except ChatOpsError as error:
        _summarise(cli, cli.exit_of(error))
        raise
    except KeyboardInterrupt:
        _summarise(cli, INTERRUPTED)
        raise


def _summarise(
    cli: Cli, status: int, servers: int = 0, succeeded: int = 0, run_id: str | None = None
) -> None:
    if cli.out.form != "ndjson" or cli.summarised:
        return
    cli.summarised = True
    EventPrinter(cli.out).event("summary", {
        "servers": servers, "succeeded": succeeded, "exit_code": status, "run_id": run_id,
    })  # fmt: skip


def printer_for(cli: Cli, shown: Shown) -> Printer:
    """What shows a run in the form that is asked for."""
    if cli.out.form == "json":
        return SilentPrinter()
    if cli.out.form == "ndjson":
        return EventPrinter(cli.out)
    if not shown.several:
        return BytesPrinter(cli.out)
    from chatops.cli.running.lines import GroupPrinter, LinePrinter

    return GroupPrinter(cli.out) if shown.group else LinePrinter(cli.out)


class _Report:
    """What is written when all is over: the array, the status file, the event ``summary``."""

    def __init__(self, cli: Cli, shown: Shown) -> None:
        self._cli = cli
        self._file: StatusFile | None = None
        self.results: Results | None = None
        if cli.out.form == "table" and shown.status_file is None:
            return
        from chatops.cli.running.results import Results, StatusFile

        self.results = Results(cli.client)
        self._file = StatusFile(shown.status_file) if shown.status_file is not None else None

    def write(self, follower: Follower, watcher: Watcher, status: int) -> int:
        """Write it; of a run that the hub did not take there is only the summary. The exit
        status, which is another one if it cannot be written."""
        if self.results is not None and follower.run_id is not None:
            if self._file is not None and not self._is_filed(self._file, self.results):
                status = FAILED
            if self._cli.out.form == "json" and not self._is_printed(self.results):
                status = FAILED
        good = sum(one.status == "succeeded" for one in watcher.results)
        servers = follower.servers or len(follower.commands)
        _summarise(self._cli, status, servers, good, follower.run_id)
        if self.results is not None:
            self.results.close()
        return status

    def _is_filed(self, file: StatusFile, results: Results) -> bool:
        try:
            file.write(results.array())
        except SetupError as error:  # the commands ran: this is not "nothing was sent"
            self._cli.out.error(error)
            return False
        return True

    def _is_printed(self, results: Results) -> bool:
        try:
            for part in results.array():
                self._cli.out.raw(part)
            self._cli.out.raw(b"\n")
        except BrokenPipeError:
            raise
        except OSError as error:
            silence(sys.stdout)
            self._cli.out.error(unwritable(error))
            return False
        return True
