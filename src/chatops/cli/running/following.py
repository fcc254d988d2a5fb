"""Following a run to its end, also when the hub goes away in between.

What was shown is counted, so that after a new attachment nothing comes twice, and what never
came is named.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, TypeVar

from chatops.client.run_events import End, Offsets, Output, RunEvent, Start, StreamName, Taken
from chatops.errors import Busy, ChatOpsError, HubUnreachable, TooManyRequests
from chatops.protocol.rest.commands import CommandResult
from chatops.text import escape

if TYPE_CHECKING:
    from chatops.protocol.session.backoff import Backoff

T = TypeVar("T")
RECOVERY: Final = 60.0
"""Seconds for which a lost hub is asked again."""
_LONGEST: Final = 2.0
"""Seconds between two attempts at most."""
PASSING: Final = (HubUnreachable, Busy, TooManyRequests)
"""Troubles that go by: it is right to ask again."""


class Gap:
    """Bytes of a stream that never came: from ``begin`` up to but without ``end``."""

    def __init__(self, stream: StreamName, begin: int, end: int) -> None:
        self.stream = stream
        self.begin = begin
        self.end = end

    def __str__(self) -> str:
        return f"{self.stream} {self.begin}-{self.end - 1}"


class Followed:
    """A command of the run: how far its streams came, what of them is missing, its result."""

    def __init__(self, server: str, command_id: str, skipped: tuple[int, int] = (0, 0)) -> None:
        self.server = server
        self.command_id = command_id
        self._skipped: dict[StreamName, int] = {"stdout": skipped[0], "stderr": skipped[1]}
        self.done = dict(self._skipped)
        self.gaps: list[Gap] = []
        self.beyond: dict[StreamName, int] = {}
        """The lengths of streams that ended before what was to be skipped of them."""
        self.result: CommandResult | None = None

    @property
    def missing(self) -> int:
        """How many bytes never came."""
        return sum(gap.end - gap.begin for gap in self.gaps)

    def take(self, output: Output) -> Output | None:
        """What is new of an output."""
        done = self.done[output.stream]
        end = output.offset + len(output.data)
        self._reach(output.stream, output.offset)
        if end <= done:
            return None
        self.done[output.stream] = end
        if output.offset >= done:
            return output
        return output._replace(offset=done, data=output.data[done - output.offset :])

    def finish(self, end: End) -> None:
        """It is over, and its streams were so long."""
        self.result = end.result
        lengths: dict[StreamName, int | None] = {
            "stdout": end.stdout_bytes, "stderr": end.stderr_bytes
        }  # fmt: skip
        for name, length in lengths.items():
            if length is not None and length < self._skipped[name]:
                self.beyond[name] = length
            self._reach(name, length or 0)

    def _reach(self, stream: StreamName, offset: int) -> None:
        done = self.done[stream]
        if offset <= done:
            return
        last = self.gaps[-1] if self.gaps else None
        if last is not None and last.stream == stream and last.end == done:
            last.end = offset
        else:
            self.gaps.append(Gap(stream, done, offset))
        self.done[stream] = offset


class Follower:
    """The events of a run, each of them once. ``begin`` sends it, and may be called again when
    nobody knows whether the hub has it: it never makes a second run. ``again`` attaches to it by
    its id, from offsets on. Once the user is ``stopping``, nothing is sent that could begin it."""

    def __init__(
        self,
        begin: Callable[[], Iterator[RunEvent]],
        again: Callable[[str, Offsets], Iterator[RunEvent]],
        say: Callable[[str], None],
        *,
        skipped: Offsets | None = None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._begin = begin
        self._stopping = stopping
        self._again = again
        self._say = say
        self._skipped = skipped or {}
        self.run_id: str | None = None
        self.servers: int | None = None
        """How many it goes to; None: not told yet."""
        self.commands: dict[str, Followed] = {}

    @property
    def over(self) -> bool:
        """Whether there is a result of every server."""
        ended = [one for one in self.commands.values() if one.result is not None]
        wanted = max(self.servers or 1, len(self.commands))
        return len(ended) >= wanted or self.servers == 0

    def events(self) -> Iterator[RunEvent]:
        """What happens, until it is over everywhere.

        Raises:
            HubUnreachable: the hub is gone for good; ChatOpsError: it refused.
        """
        recovery = _Recovery(self._say, RECOVERY)
        source = self._begin
        while True:
            error: ChatOpsError = _broken_off()
            try:
                for event in source():
                    recovery.heard(event)
                    if (fresh := self._see(event)) is not None:
                        yield fresh
                    if self.over:
                        return
            except ChatOpsError as caught:
                error = caught
            if not isinstance(error, PASSING):
                raise self._final(error, recovery)
            if self.run_id is not None:
                source = self._attached
            elif not recovery.began and not may_be_taken(error):
                raise error
            elif self._stopping():
                raise _unknown(error)  # to ask again could be what starts it
            recovery.wait(error)

    def _attached(self) -> Iterator[RunEvent]:
        assert self.run_id is not None
        return self._again(self.run_id, self.offsets())

    def _final(self, error: ChatOpsError, recovery: _Recovery) -> ChatOpsError:
        """A refusal; but when it is not known whether the hub has the run, that comes first."""
        return _unknown(error) if self.run_id is None and recovery.began else error

    def offsets(self) -> dict[str, tuple[int, int]]:
        """How far the output of each command came."""
        done = {one.command_id: (one.done["stdout"], one.done["stderr"])
                for one in self.commands.values()}  # fmt: skip
        return {**self._skipped, **done}

    def _see(self, event: RunEvent) -> RunEvent | None:
        if isinstance(event, Taken):
            self.run_id, self.servers = event.run_id, event.servers
            return event
        if isinstance(event, Start):
            return self._started(event)
        if isinstance(event, Output):
            return self.commands[event.command_id].take(event)
        return self._ended(event)

    def _started(self, start: Start) -> Start | None:
        self.run_id = self.run_id or start.run_id
        if start.command_id in self.commands:
            return None
        self._add(start.server, start.command_id)
        return start

    def _ended(self, end: End) -> End | None:
        result = end.result
        self.run_id = self.run_id or result.run_id
        known = self.commands.get(result.command_id) or self._add(result.server, result.command_id)
        if known.result is not None:
            return None
        known.finish(end)
        return end

    def _add(self, server: str, command_id: str) -> Followed:
        made = Followed(server, command_id, self._skipped.get(command_id, (0, 0)))
        self.commands[command_id] = made
        return made


class _Recovery:
    """How long and how often a lost hub is asked again."""

    def __init__(self, say: Callable[[str], None], seconds: float) -> None:
        self._say = say
        self._seconds = seconds
        self._until: float | None = None
        self._away = False
        self._backoff: Backoff | None = None

    @property
    def began(self) -> bool:
        """Whether the hub is away."""
        return self._until is not None

    def heard(self, event: RunEvent) -> None:
        """The hub is there; that it knows the run is no progress yet."""
        if self._away:
            self._away = False
            self._say("the hub is back")
        if not isinstance(event, Taken):
            self._until = self._backoff = None

    def wait(self, error: ChatOpsError) -> None:
        """Wait before the next attempt.

        Raises:
            HubUnreachable: there was time enough.
        """
        from chatops.protocol.session.backoff import Backoff  # brings the slow random with it

        now = time.monotonic()
        self._until = self._until or now + self._seconds
        self._backoff = self._backoff or Backoff()
        if now >= self._until:
            raise _unknown(error)
        if not self._away:
            self._away = True
            self._say(f"{escape(error.message)}; trying to attach again for {self._seconds:g} s")
        time.sleep(min(self._backoff.failed(now), _LONGEST, self._until - now))


def insist(ask: Callable[[], T], say: Callable[[str], None]) -> T:
    """The answer of the hub to what may be asked again: once it may have heard it, and is lost,
    it is asked until it answers.

    Raises:
        HubUnreachable: it is gone for good; ChatOpsError: it refused.
    """
    recovery = _Recovery(say, RECOVERY)
    while True:
        try:
            return ask()
        except PASSING as error:
            if not recovery.began and not may_be_taken(error):
                raise
            recovery.wait(error)
        except ChatOpsError as error:
            raise _unknown(error) if recovery.began else error from None


def may_be_taken(error: ChatOpsError) -> bool:
    """Whether the hub may have got what was sent when the error came."""
    details = error.details or {}
    return details.get("sent") is True and "foreign" not in details


def _unknown(error: ChatOpsError) -> HubUnreachable:
    """The hub may have the run, and the answer to that question is not to be had."""
    return HubUnreachable(error.message, hint=error.hint, details={"sent": True})


def _broken_off() -> HubUnreachable:
    return HubUnreachable("the hub ended the stream before the run ended", details={"sent": True})
