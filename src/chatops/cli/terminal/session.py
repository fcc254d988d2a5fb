"""One terminal from its opening to the exit status: this one, the way to the hub, and the one on
the server put together.

The main thread prints what comes, the keyboard's thread sends what is typed. A signal only notes
what it asks for; the alarm that interrupts a read sees to it that it is done soon.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Final

from chatops.cli.context import Cli
from chatops.cli.exits import LOST, exec_status
from chatops.cli.running.following import Follower
from chatops.cli.running.outcomes import outcome_error
from chatops.cli.terminal.escape import HELP, Action, Escapes
from chatops.cli.terminal.modes import Modes
from chatops.cli.terminal.raw import RawTerminal
from chatops.client.keyboard import Keyboard
from chatops.client.run_events import End, Offsets, Output, RunEvent, Start
from chatops.errors import ChatOpsError, HubUnreachable, NotFound, NotPermitted, NotSignedIn
from chatops.errors import Lost as LostError
from chatops.text import counted, escape

if TYPE_CHECKING:
    from types import FrameType

    from chatops.protocol.rest.commands import CommandResult

LEAVING: Final = 2.0
"""Seconds that the server has to confirm that the terminal is hung up."""
_LOOK: Final = 0.25
_AWAY: Final = 3.0
"""Seconds that a server is away before that is told: most are back before."""
_KILLED: Final = 128
"""Exit statuses above are those of programs that a signal ended, as shells and engines tell it."""
_ENDS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_GONE: Final = (HubUnreachable, NotFound, NotPermitted, NotSignedIn)
Begin = Callable[[Keyboard], Iterator[RunEvent]]
Again = Callable[[Keyboard, str, int], Iterator[RunEvent]]


class Left(BaseException):
    """There is nothing more to wait for."""


class TerminalSession:
    """``begin`` opens the terminal on the server; ``again`` comes back to it, by an id, from an
    offset of its output on."""

    def __init__(self, cli: Cli, screen: RawTerminal, begin: Begin, again: Again) -> None:
        self._cli = cli
        self._screen = screen
        self._modes = Modes()
        self._keyboard = Keyboard(0, screen.size, Escapes(self._act).passed)
        self._again = again
        self._follower = Follower(partial(begin, self._keyboard), self._come_back, self._note)
        self._server = "the server"
        self._by: signal.Signals | None = None
        self._leave_at: float | None = None
        self._result: CommandResult | None = None
        self._missing = 0
        self._told_away = False

    def run(self) -> int:
        """The exit status.

        Raises:
            ChatOpsError: what kept it from being opened.
        """
        lost: ChatOpsError | None = None
        self._listen()
        try:
            for event in self._follower.events():
                self._take(event)
        except Left:
            pass
        except _GONE as error:
            if self._follower.run_id is None:
                raise
            lost = error
        finally:
            self._release()
        return self._status(lost)

    # -- what comes -------------------------------------------------------------------------

    def _take(self, event: RunEvent) -> None:
        if not isinstance(event, End):
            self._tell_away()
        if isinstance(event, Start):
            self._server = event.server
            self._screen.enter()
            self._keyboard.resized()  # it may have changed since it was asked for
        elif isinstance(event, Output):
            self._print(event)
        elif isinstance(event, End):
            self._result = event.result
        self._tell_missing()

    def _print(self, output: Output) -> None:
        if output.stream == "stderr":
            self._note(output.data.decode(errors="replace").strip().removeprefix("chatops: "))
            return
        self._modes.see(output.data)
        try:
            _write(sys.stdout.fileno(), output.data)
        except OSError:  # nobody sees it any more
            self._end(signal.SIGHUP)
            raise Left from None

    def _come_back(self, name: str, offsets: Offsets) -> Iterator[RunEvent]:
        for command_id, (offset, _) in offsets.items():
            return self._again(self._keyboard, command_id, offset)
        return self._again(self._keyboard, name, 0)

    def _tell_missing(self) -> None:
        missing = sum(one.missing for one in self._follower.commands.values())
        if missing > self._missing:
            self._note(f"{counted(missing - self._missing, 'byte')} of output are lost")
            self._missing = missing
            self._keyboard.resized(redraw=True)

    def _note(self, *lines: str) -> None:
        """Lines between those of the server. The cursor may stand anywhere."""
        text = "".join(f"[chatops: {escape(line)}]\r\n" for line in lines)
        _write(sys.stderr.fileno(), f"\r\n{text}".encode(errors="replace"))

    # -- what is asked for here -------------------------------------------------------------

    def _listen(self) -> None:
        for number in _ENDS:
            signal.signal(number, lambda found, _: self._end(signal.Signals(found)))
        signal.signal(signal.SIGWINCH, lambda *_: self._keyboard.resized())
        signal.signal(signal.SIGTSTP, self._suspend)
        signal.signal(signal.SIGALRM, self._look)
        signal.setitimer(signal.ITIMER_REAL, _LOOK, _LOOK)

    def _release(self) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number in (*_ENDS, signal.SIGWINCH, signal.SIGTSTP, signal.SIGALRM):
            signal.signal(number, signal.SIG_DFL)
        if self._screen.is_raw and _was_cut_off(self._result):
            self._put_back()
        self._screen.leave()
        self._keyboard.close()

    def _put_back(self) -> None:
        """The program was cut off, and did not put back what it had changed."""
        try:
            if sys.stdout.isatty():
                _write(sys.stdout.fileno(), self._modes.undo())
        except OSError:
            return

    def _act(self, action: Action) -> None:
        """Called by the keyboard's thread."""
        if action == "leave":
            self._end(None)
        elif action == "suspend":
            os.kill(os.getpid(), signal.SIGTSTP)
        else:
            self._note(*HELP)

    def _end(self, by: signal.Signals | None) -> None:
        """Hang up, and wait a little for the confirmation; asked again, leave at once."""
        if self._leave_at is None:
            self._by = by
            self._keyboard.hang_up()
        waits = self._leave_at is None and self._keyboard.attached
        self._leave_at = time.monotonic() + LEAVING if waits else 0.0

    def _look(self, number: int, frame: FrameType | None) -> None:
        if self._leave_at is not None and time.monotonic() >= self._leave_at:
            self._leave_at = float("inf")  # once
            raise Left
        self._tell_away()

    def _tell_away(self) -> None:
        since = self._keyboard.cut_at
        away = since is not None and time.monotonic() >= since + _AWAY
        told, self._told_away = self._told_away, away
        if away and not told:
            self._note(f"{self._server} is away; what you type waits for it, ~. leaves")
        elif told and not away:
            self._note(f"{self._server} is back")
            self._keyboard.resized(redraw=True)

    def _suspend(self, number: int, frame: FrameType | None) -> None:
        self._screen.leave()
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        signal.raise_signal(signal.SIGTSTP)  # and here it goes on after SIGCONT
        signal.signal(signal.SIGTSTP, self._suspend)
        self._screen.enter()
        self._keyboard.resized(redraw=True)

    # -- the outcome --------------------------------------------------------------------------

    def _status(self, lost: ChatOpsError | None) -> int:
        if self._result is not None:
            if self._leave_at is None and (error := outcome_error(self._result)) is not None:
                self._cli.out.error(error)
            elif self._leave_at is not None:
                self._cli.out.say("hung up")
            return 128 + self._by if self._by is not None else exec_status(self._result)
        if self._follower.run_id is None and self._by is not None:
            return 128 + self._by
        self._cli.out.error(self._gone(lost) if lost is not None else self._unconfirmed())
        return 128 + self._by if self._by is not None else LOST

    def _gone(self, error: ChatOpsError) -> ChatOpsError:
        (name, *_) = (*self._follower.commands, self._follower.run_id or "")
        return type(error)(
            f"{error.message}; the terminal was {name}, and is hung up after a minute",
            hint=f"`chatops commands attach {name}` shows what was printed",
            details=error.details,
        )

    def _unconfirmed(self) -> ChatOpsError:
        name = self._follower.run_id or ""
        return LostError(
            "left; the server has not confirmed that the terminal is hung up",
            hint=f"`chatops commands cancel {name}` makes sure; it is hung up after a minute",
        )


def _was_cut_off(result: CommandResult | None) -> bool:
    """Whether a program was kept from putting back what it had changed."""
    if result is None or result.status not in ("succeeded", "failed"):
        return True
    return result.signal is not None or (result.exit_code or 0) > _KILLED


def _write(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]
