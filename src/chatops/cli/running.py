"""Watching one remote command: its bytes, its outcome, and what ends the watching."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, Protocol

from chatops.cli.context import Cli
from chatops.cli.exits import DONE, FAILED, LOST, exec_status
from chatops.cli.streams import silence
from chatops.client.commands import End, Output, RunEvent, Start, StreamName
from chatops.errors import (
    Cancelled,
    ChatOpsError,
    Conflict,
    HubUnreachable,
    Lost,
    Offline,
    Refused,
    SetupError,
    TimedOut,
)
from chatops.protocol.rest.commands import COMMAND_FINAL, CommandResult
from chatops.text import escape

if TYPE_CHECKING:
    import threading
    from types import FrameType

RECOVERY: Final = 60.0
"""Seconds for which a lost hub is asked again for the outcome."""
LEAVING: Final = 1.0
"""Seconds that the request to cancel still gets when the user does not want to wait."""
_TAKEN: Final = (signal.SIGINT, signal.SIGTERM)


class Printer(Protocol):
    """Shows a run in one form."""

    def start(self, start: Start) -> None:
        """The hub took the command."""

    def output(self, output: Output) -> None:
        """Bytes came."""

    def end(self, result: CommandResult) -> None:
        """It is over."""


class Left(BaseException):
    """The user does not want to wait for the confirmation any more."""


class Watcher:
    """Follows a run to its end. The first Ctrl-C or SIGTERM cancels it, a second one leaves."""

    def __init__(self, cli: Cli, printer: Printer) -> None:
        self._cli = cli
        self._printer = printer
        self._start: Start | None = None
        self._stopped_by: signal.Signals | None = None
        self._unwritable = False
        self._cancelling: threading.Thread | None = None
        self._written = {"stdout": 0, "stderr": 0}
        self._missing: int | None = 0
        """Bytes of the output that cannot be shown any more; None when nobody knows how many."""

    def watch(self, begin: Callable[[], Iterator[RunEvent]]) -> tuple[int, CommandResult | None]:
        """The exit status, and the result if there is one; ``begin`` sends the command.

        Raises:
            ChatOpsError: what kept the hub from taking it.
        """
        try:
            result = self._follow(begin())
        except Left:
            self._leave()
            return self._status(None), None
        finally:
            self._release()
        self._tell(result)
        return self._status(result), result

    def signals(self) -> None:
        """Take over Ctrl-C and SIGTERM. SIGHUP is left alone: the command outlives it."""
        for number in _TAKEN:
            signal.signal(number, self._on_signal)

    def _release(self) -> None:
        """Give the signals back: from here on they just end the program."""
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)

    # -- following --------------------------------------------------------------------

    def _follow(self, events: Iterator[RunEvent]) -> CommandResult:
        try:
            for event in events:
                if isinstance(event, End):
                    self._show_end(event.result)
                    return event.result
                self._take(event)
        except HubUnreachable as error:
            return self._recover(error)
        return self._recover(HubUnreachable("the hub ended the stream before the command ended"))

    def _take(self, event: Start | Output) -> None:
        if isinstance(event, Start):
            self._start = event
            if self._stopped_by is not None:
                self._cancel()
        try:
            if isinstance(event, Start):
                self._printer.start(event)
            elif self._stopped_by is not signal.SIGPIPE:
                self._missing = (self._missing or 0) + event.offset - self._written[event.stream]
                self._written[event.stream] = event.offset + len(event.data)
                self._printer.output(event)
        except OSError as error:
            self._reader_gone(error)

    def _show_end(self, result: CommandResult) -> None:
        try:
            if self._stopped_by is not signal.SIGPIPE:
                self._printer.end(result)
        except OSError as error:
            self._reader_gone(error)

    # -- stopping ---------------------------------------------------------------------

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._stopped_by is not None:
            raise Left
        self._stopped_by = signal.Signals(number)
        if self._start is not None:
            self._cancel()
        self._cli.out.say("cancelling the remote command; once more to leave at once")

    def _reader_gone(self, error: OSError) -> None:
        """The output goes nowhere any more: its reader closed it, or its disk is full."""
        silence(sys.stdout)
        if not isinstance(error, BrokenPipeError):
            self._unwritable = True
            self._cli.out.error(SetupError(f"the output cannot be written: {error.strerror}"))
        if self._stopped_by is None:
            self._stopped_by = signal.SIGPIPE
            self._cancel()

    def _cancel(self) -> None:
        # On a connection of its own, while this one goes on reading until the confirmation.
        import threading

        self._cancelling = threading.Thread(target=self._ask_to_cancel, daemon=True)
        self._cancelling.start()

    def _leave(self) -> None:
        """Go without the confirmation, but not without having asked for the end."""
        self._release()
        if self._start is None:
            self._cli.out.say("the hub has not answered yet: the command may run")
            return
        if self._cancelling is None:
            self._cancel()
        if self._cancelling is not None:
            self._cancelling.join(LEAVING)

    def _ask_to_cancel(self) -> None:
        assert self._start is not None
        where = self._cli.connection._replace(token=self._cli.client.token)
        try:
            with self._cli.client_for(where) as client:
                client.commands.cancel(self._start.command_id)
        except Conflict:
            pass  # it ended by itself meanwhile
        except ChatOpsError as error:
            self._cli.out.error(error)

    # -- a lost hub -------------------------------------------------------------------

    def _recover(self, error: HubUnreachable) -> CommandResult:
        """The outcome, asked for anew; ``lost`` if it cannot be had.

        Raises:
            HubUnreachable: ``error``, when it is not even known whether the hub took it.
        """
        if self._start is None:
            raise error
        self._cli.out.say(f"{escape(error.message)}; asking again for {RECOVERY:g} s")
        result = self._ask_again(self._start.command_id)
        if result is None:
            return CommandResult(
                server=self._start.server, command_id=self._start.command_id,
                run_id=self._start.run_id, status="lost", stdout=None, stderr=None,
                error=f"the hub was lost; the command {self._start.command_id} may go on",
            )  # fmt: skip
        self._show_rest(self._start, result)
        self._show_end(result)
        return result

    def _ask_again(self, command_id: str) -> CommandResult | None:
        from chatops.protocol.session.backoff import Backoff  # brings the slow random with it

        backoff = Backoff()
        until = time.monotonic() + RECOVERY
        while time.monotonic() < until:
            try:
                if self._cli.client.commands.get(command_id).status in COMMAND_FINAL:
                    return self._cli.client.commands.output(command_id)
                backoff.reset()
            except HubUnreachable:
                pass
            time.sleep(min(backoff.failed(time.monotonic()), 2.0))
        return None

    def _show_rest(self, start: Start, result: CommandResult) -> None:
        kept: tuple[tuple[StreamName, bytes], ...] = (
            ("stdout", kept_bytes(result.stdout, result.stdout_b64)),
            ("stderr", kept_bytes(result.stderr, result.stderr_b64)),
        )
        if result.truncated:  # where in the output the kept bytes were, nobody knows
            whole = sum(len(data) for _, data in kept) + result.dropped_bytes
            rest = max(whole - sum(self._written.values()), 0)
            self._missing = (self._missing or 0) + rest if result.dropped_bytes else None
            return
        for name, data in kept:
            done = self._written[name]
            if more := data[done:]:
                self._take(Output(start.server, start.command_id, name, done, more))

    # -- the outcome ------------------------------------------------------------------

    def _status(self, result: CommandResult | None) -> int:
        if self._unwritable:
            return FAILED
        if self._stopped_by is not None:
            return 128 + self._stopped_by
        if result is None:
            return LOST
        status = exec_status(result)
        return FAILED if status == DONE and self._missing != 0 else status

    def _tell(self, result: CommandResult) -> None:
        """Chatops' own outcomes always come with an error line."""
        if self._stopped_by is not None:
            return
        if self._missing != 0:
            self._cli.out.error(incomplete(self._missing, result.command_id))
        if (error := outcome_error(result)) is not None:
            self._cli.out.error(error)


def kept_bytes(text: str | None, b64: str | None) -> bytes:
    """Output as it was, from the two forms in which a result may hold it."""
    if text is not None:
        return text.encode()
    import base64

    return base64.b64decode(b64 or "")


def incomplete(missing: int | None, command_id: str) -> ChatOpsError:
    """What to tell when ``missing`` bytes (None: nobody knows how many) were not shown."""
    return ChatOpsError(
        f"{missing} bytes of the output are missing here" if missing is not None else
        "part of the output is missing here: its reader took nothing for 60 s, or the hub was "
        "away, and it was too long to be kept",
        hint=f"`chatops commands output {command_id}` shows what was kept",
    )  # fmt: skip


def outcome_error(result: CommandResult) -> ChatOpsError | None:
    """What to tell about a result that is not just the remote program's own end."""
    server, why = result.server, result.error
    match result.status:
        case "offline":
            return Offline(why or f"{server} is offline; the command was not run")
        case "refused":
            return Refused(why or f"{server} refused the command")
        case "timed_out":
            return TimedOut(why or f"the command on {server} was ended at its time limit")
        case "cancelled":
            return Cancelled(why or f"the command on {server} was cancelled by somebody else")
        case "lost":
            return Lost(
                why or f"{server} vanished; the outcome is unknown",
                details={"command_id": result.command_id},
                hint=f"the command's id is {result.command_id}",
            )
        case "failed" if result.exit_code is None and not result.signal:
            return ChatOpsError(why or f"the command could not be started on {server}")
        case _:
            return None
