"""Runs one command in a container that the agent has prepared (an *exec* of the engine).

For the agent this process is the command: it writes the command's output into its own, feeds it
its own input, passes on TERM and HUP, and ends with it. How the command ended goes through a pipe
of its own, ``report``, as one line of JSON: ``{"code": 3}``, with ``error`` where it was not the
command that ended so, ``{"lost": WHY}`` where nobody can tell. See Minder for what a KILL does.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import time
from contextlib import suppress
from typing import Any, Final

from chatops.agent.inside.engine_api import EngineApi, EngineRefused, ExecState
from chatops.agent.inside.minder import Minder
from chatops.agent.inside.processes import signal_session
from chatops.agent.inside.relay import IN, Relay
from chatops.agent.inside.sizes import Sizes

_SECONDS: Final = 3.0
"""How long an answer of the engine may take; the agent gives a TERM five seconds."""
_BEGINNING: Final = 0.03
"""Seconds before a command is looked for that has not put out anything: no engine is faster."""
_LOOK_FIRST: Final = 0.002
_LOOK_LAST: Final = 1.0
_SILENCE: Final = 1.0
"""Seconds of silence after which the output of a command that has ended counts as whole."""
_MORE: Final = 4 * 1024 * 1024
"""Bytes that may come after its end: what was on the way, and no more of its children's."""
_SETTLING: Final = 5.0
"""Seconds in which the engine is to say how a command ended."""
_NOT_STARTED: Final = (126, 127)
_KILLED: Final = 137
_REMOVED: Final = "the container was removed while the command ran"
_AWAY: Final = "the container engine went away while the command ran, and cannot say how it ended"


class Helper:
    """One command, from its start to its report."""

    def __init__(
        self, api: EngineApi, container: str, exec_id: str, report: int, sizes: Sizes | None
    ) -> None:
        self._api = api
        self._container = container
        self._exec = exec_id
        self._report = report
        self._minder = Minder(api, container, exec_id, report)
        self._pid = 0
        self._leader = -1
        """Becomes readable when the command's leader has ended; -1 where that cannot be had."""
        self._gone = False
        self._sizes = sizes
        """Of its terminal, if it has one."""
        self._told_to_end: int | None = None
        """The signal that came."""
        self._news = (False, False)
        """Whether there is output that waits for what the engine says, and whether it has ended."""
        self._pause = _LOOK_FIRST
        self._look_at = time.monotonic() + _BEGINNING
        self._taken = self._taken_at_end = 0
        self._quiet_since = 0.0

    def run(self, *, feed: bool) -> None:
        """Carry it out."""
        signals = _listen()  # before the start: what comes meanwhile is passed on after it
        self._minder.tell("start")
        try:
            size = self._sizes.newest if self._sizes else None
            end, come = self._api.start(self._exec, size)
        except EngineRefused as error:
            self._end(_not_started(error.message))
            return
        except OSError:  # it may have begun: the minder looks after that
            self._tell({"lost": _AWAY})
            return
        relay = Relay(end, come, feed=feed, terminal=self._sizes is not None)
        while not self._is_done(relay):
            self._wait(relay, signals)
            self._look(relay)
        self._end(self._outcome(relay))

    def _wait(self, relay: Relay, signals: socket.socket) -> None:
        poll = select.poll()
        for handle, events in relay.wants().items():
            poll.register(handle, events)
        poll.register(signals, IN)
        if self._leader >= 0 and not self._gone:
            poll.register(self._leader, IN)
        if self._sizes is not None and self._sizes.source >= 0:
            poll.register(self._sizes.source, IN)
        ready = dict(poll.poll(self._patience()))
        relay.go_on(ready)
        if self._leader in ready:
            self._leader_gone(relay)
        if signals.fileno() in ready:
            self._told_to_end = signals.recv(64)[-1]
            self._pass_on(self._told_to_end)
        if self._sizes is not None and self._sizes.source in ready:
            self._sizes.take()
            self._resize()

    def _patience(self) -> float | None:
        """Milliseconds until something is to be done whatever happens."""
        if self._gone:
            return _SILENCE * 1000
        if self._leader >= 0:
            return None
        return max(self._look_at - time.monotonic(), 0.0) * 1000

    def _look(self, relay: Relay) -> None:
        """Ask the engine which process it is and whether it is over, until the kernel can tell."""
        news = (relay.held and relay.waiting, relay.ended)
        if news != self._news:
            self._news, self._pause, self._look_at = news, _LOOK_FIRST, 0.0
        if self._gone or self._leader >= 0 or time.monotonic() < self._look_at:
            return
        self._look_at = time.monotonic() + self._pause
        self._pause = min(self._pause * 2, _LOOK_LAST)
        state = self._state()
        if state is None:
            return
        if state.pid and not self._pid:
            self._found(state.pid)
        relay.held = relay.held and not state.began
        if state.over:
            self._leader_gone(relay)

    def _state(self) -> ExecState | None:
        """How it stands; None where the engine cannot tell now."""
        try:
            return self._api.state(self._exec)
        except EngineRefused:  # it knows no such command any more
            return ExecState(running=False, pid=self._pid, code=_KILLED)
        except OSError:
            return None

    def _found(self, pid: int) -> None:
        self._pid = pid
        self._minder.tell(f"pid {pid}")
        with suppress(OSError):  # where it is not to be seen, the engine is asked again and again
            self._leader = os.pidfd_open(pid)
        self._resize()
        if self._told_to_end is not None:
            self._pass_on(self._told_to_end)

    def _pass_on(self, number: int) -> None:
        if self._pid:
            signal_session(self._api, self._container, self._pid, number)
            if number == signal.SIGHUP:  # what is stopped hears of nothing
                signal_session(self._api, self._container, self._pid, signal.SIGCONT)

    def _resize(self) -> None:
        if self._sizes is not None and self._pid and self._sizes.tell(self._api, self._exec):
            self._pass_on(signal.SIGWINCH)

    def _leader_gone(self, relay: Relay) -> None:
        self._gone = True
        self._taken_at_end = relay.taken

    def _is_done(self, relay: Relay) -> bool:
        """Whether the command has ended and its output is out, or as good as that."""
        if not self._gone:
            return False
        now, blocked = time.monotonic(), relay.waiting and not relay.held
        if blocked or relay.taken != self._taken or not self._quiet_since:
            self._taken, self._quiet_since = relay.taken, now
        if blocked:
            return self._told_to_end is not None  # who takes no output is not waited for then
        more = relay.taken - self._taken_at_end
        return relay.ended or more > _MORE or now - self._quiet_since >= _SILENCE

    def _outcome(self, relay: Relay) -> dict[str, Any]:
        deadline, pause = time.monotonic() + _SETTLING, _LOOK_FIRST
        while time.monotonic() < deadline:
            try:
                state = self._api.state(self._exec)
            except EngineRefused:
                return self._forgotten()
            except OSError:
                state = None
            if state is not None and state.over:
                held = relay.held and state.code in _NOT_STARTED
                return _not_started(relay.complaint()) if held else {"code": state.code}
            time.sleep(pause)
            pause = min(pause * 2, _LOOK_LAST)
        return {"lost": _AWAY}

    def _forgotten(self) -> dict[str, Any]:
        with suppress(OSError):
            try:
                self._api.container(self._container)
            except EngineRefused:
                return {"code": _KILLED, "error": _REMOVED}
        return {"lost": _AWAY}

    def _end(self, told: dict[str, Any]) -> None:
        if told.get("code") in _NOT_STARTED and "error" in told:
            with suppress(OSError):
                os.write(2, f"chatops: {told['error']}\n".encode(errors="replace"))
        os.close(1)  # all of the output is there before the report, and known to be all
        os.close(2)
        self._minder.tell("over")
        self._tell(told)

    def _tell(self, told: dict[str, Any]) -> None:
        import json

        os.write(self._report, json.dumps(told).encode() + b"\n")


def _listen() -> socket.socket:
    """Becomes readable when TERM or HUP comes: its number."""
    ours, theirs = socket.socketpair()
    theirs.settimeout(0)
    signal.set_wakeup_fd(theirs.detach())
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda _number, _frame: None)
    return ours


def _not_started(words: str) -> dict[str, Any]:
    """The report of a command that the engine could not start, for the reason in its words; with
    the exit status that a shell gives: not found, or not executable."""
    missing = "executable file not found" in words or (
        "no such file or directory" in words and "chdir" not in words
    )
    why = words.rpartition("unable to start container process: ")[2].removesuffix(": unknown")
    return {"code": 127 if missing else 126, "error": why[:500]}


def main(words: list[str]) -> None:
    """Run the command; ``words`` are the engine's socket, the container's and the command's id,
    the number of the report's pipe, ``feed`` where there is an input or else ``-``, and where there
    is a terminal the number of the pipe of its sizes."""
    path, container, exec_id, report, feed, *source = words
    sizes = Sizes(int(source[0])) if source else None
    helper = Helper(EngineApi(path, _SECONDS), container, exec_id, int(report), sizes)
    helper.run(feed=feed == "feed")
