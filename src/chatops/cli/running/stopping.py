"""What ends the watching early: Ctrl-C, SIGTERM, and a reader of the output that goes away."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING, Final

from chatops.cli.context import Cli
from chatops.errors import Busy, ChatOpsError, Conflict, HubUnreachable, TooManyRequests

if TYPE_CHECKING:
    import threading
    from types import FrameType

LEAVING: Final = 2.5
"""Seconds that the request to cancel still gets when the user does not want to wait."""
_AGAIN: Final = 0.5
"""Seconds before the request to cancel is made again, where it did not reach the hub."""
_LOOK: Final = 0.25
"""Seconds between two interruptions of a read, so that a signal is dealt with by then."""
_TAKEN: Final = (signal.SIGINT, signal.SIGTERM)


class Left(BaseException):
    """The user does not want to wait for the confirmation any more."""


class Stopper:
    """The first Ctrl-C or SIGTERM cancels the run, a second one leaves. SIGHUP is left alone:
    the run outlives it. Who ``detaches`` leaves at the first one, and the run goes on."""

    def __init__(self, cli: Cli, *, several: bool, detaches: bool = False) -> None:
        self._cli = cli
        self._what = "the run" if several else "the remote command"
        self.detaches = detaches
        self._run_id: str | None = None
        self._cancelling: threading.Thread | None = None
        self._unsaid = self._released = self._asked = False
        self.by: signal.Signals | None = None
        """What ended the watching."""

    def listen(self) -> None:
        """Take over the signals."""
        for number in _TAKEN:
            signal.signal(number, self._on_signal)
        # A signal that comes just before a read begins does not interrupt it, and its handler
        # would wait for the read's end: for the next byte of a command that may never write one.
        signal.signal(signal.SIGALRM, _look_around)
        signal.setitimer(signal.ITIMER_REAL, _LOOK, _LOOK)

    def release(self) -> None:
        """Give the signals back: from here on they just end the program."""
        self._released = True
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)

    def taken(self, run_id: str) -> None:
        """The hub has the run, or has it again after it was away."""
        self._run_id = run_id
        if self.by is not None and not self.detaches:
            self._cancel()

    def reader_gone(self) -> None:
        """Nobody reads the output any more."""
        if self.by is None:
            self.by = signal.SIGPIPE
            if not self.detaches:
                self._cancel()

    def leave(self) -> None:
        """Go without the confirmation, but not without having asked for the end."""
        self.release()
        if self.detaches:
            if self.by is not signal.SIGPIPE:
                run = self._run_id or "ID"
                self._cli.out.say(f"what runs goes on; `chatops commands cancel {run}` ends it")
            return
        if self._run_id is None:
            self._cli.out.say("the hub has not answered yet: the command may run")
            return
        if self._cancelling is None:
            self._cancel()
        if self._cancelling is not None:
            self._cancelling.join(LEAVING)
        run = self._run_id
        self._cli.out.say(f"not waiting for the end; `chatops commands wait {run}` does")
        if not self._asked:
            again = f"`chatops commands cancel {run}` asks again"
            self._cli.out.say(f"the hub has not said yet that it cancels it: {again}")

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.by is not None:
            raise Left
        self.by = signal.Signals(number)
        if self.detaches:
            raise Left
        self._say()
        self._cancel()

    def _say(self) -> None:
        try:
            self._cli.out.say(f"cancelling {self._what}; once more to leave at once")
        except RuntimeError:  # the signal came while stderr was being written to
            self._unsaid = True

    def _cancel(self) -> None:
        # On a connection of its own, while this one goes on reading until the confirmation.
        if self._run_id is None:
            return
        import threading

        thread = threading.Thread(
            target=self._ask, args=(self._run_id,), name="cancel", daemon=True
        )
        try:  # a second signal comes before the thread or after, never while it is started
            signal.pthread_sigmask(signal.SIG_BLOCK, _TAKEN)
            thread.start()
            self._cancelling = thread
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _TAKEN)

    def _ask(self, run_id: str) -> None:
        """Ask until the hub has taken it, or there is nothing left to wait for."""
        if self._unsaid:
            self._say()
        while True:
            try:
                where = self._cli.connection._replace(token=self._cli.client.token)
                with self._cli.client_for(where) as client:
                    client.runs.cancel(run_id)
                self._asked = True
                return
            except (Busy, Conflict, HubUnreachable, TooManyRequests) as error:
                # Who leaves waits a moment for a hub that has much to do, and for no other.
                if self._released and not isinstance(error, Busy | TooManyRequests):
                    return
                time.sleep(_AGAIN)  # the hub is away; or it is over, and that is heard soon
            except ChatOpsError as error:
                self._cli.out.error(error)
                return


def _look_around(number: int, frame: FrameType | None) -> None:
    """Nothing to do: that the read was interrupted is all that is wanted."""
