"""What a rule would have done with values of the past: the machine of live alerts, fed from the
history. Pure: no I/O, no clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from chatops.server.services.alerting.machine import Machine
from chatops.server.services.alerting.rule import Rule
from chatops.server.services.metrics.offline import Turn

KEPT: Final = 100
"""Firings of one server and instance that are told one by one: the newest."""
FEWEST: Final = 15.0
"""Seconds between two values that are no gap yet, whatever their usual distance."""
_GAP: Final = 3
"""Usual distances between two values that are one."""
_SERVER: Final = "s"
_MOMENT: Final = 0.001
"""Seconds past an edge at which it is surely passed."""


class Firing(NamedTuple):
    """One time that it fires; ``ended`` None: it does at the end of the span. ``worst`` is the
    value that was furthest past the threshold."""

    began: float
    ended: float | None
    worst: float


class Tally:
    """How often and how long a rule would have fired for one server and instance. Values come in
    order of time. ``end`` closes it."""

    def __init__(self, rule: Rule, *, gaps: bool = True) -> None:
        self._rule = rule
        self._machine = Machine(lambda _: "")
        self._worst_of = max if rule.above else min
        self._gaps = gaps
        self._last: float | None = None
        self._usual: float | None = None
        self._began: float | None = None
        self._worst = 0.0
        self.above = rule.above
        self.first: float | None = None
        self.latest: float | None = None
        self.values = self.fired = 0
        self.seconds = self.longest = 0.0
        self.firings: deque[Firing] = deque(maxlen=KEPT)

    def take(self, ts: float, value: float, step: float | None = None) -> None:
        """A value, that stands for ``step`` seconds from ``ts`` on or (None) for that moment. After
        a gap what was only pending begins anew, as when an agent was away."""
        self.values += 1
        if self._is_gap(ts):
            self._machine.leave(_SERVER)
            self._machine.come_back(_SERVER)
        self._judge(ts, value)
        if step is not None:
            if self._rule.for_s < step:
                self._judge(ts + self._rule.for_s, value)
            self._judge(ts + step - _MOMENT, value)

    def _judge(self, ts: float, value: float) -> None:
        if self._began is not None:
            self._worst = self._worst_of(self._worst, value)
        for happening, _ in self._machine.observe(_SERVER, self._rule, "", value, ts):
            if happening == "firing":
                self._began, self._worst = ts, value
                self.first, self.latest = self.first or ts, ts
                self.fired += 1
            elif happening == "resolved":
                self._close(ts, ts)

    def end(self, until: float) -> None:
        """There is no more."""
        self._close(None, until)

    def _close(self, ended: float | None, until: float) -> None:
        if self._began is None:
            return
        took = max(0.0, until - self._began)
        self.seconds += took
        self.longest = max(self.longest, took)
        self.firings.append(Firing(self._began, ended, self._worst))
        self._began = None

    def _is_gap(self, ts: float) -> bool:
        before, self._last = self._last, ts
        if before is None or not self._gaps:
            return False
        passed = ts - before
        gap = self._usual is not None and passed > max(FEWEST, _GAP * self._usual)
        if passed > 0 and not gap:
            self._usual = passed if self._usual is None else min(self._usual, passed)
        return gap


def bare(rule: Rule) -> Rule:
    """The same without ``--for`` and clear value: it fires at once, and ends at the threshold."""
    return replace(rule, for_s=0.0, clear=rule.value)


def absences(
    turns: Sequence[Turn], rule: Rule, since: float, until: float
) -> Iterator[tuple[float, float]]:
    """The values of ``offline`` at the moments at which a rule on it may decide something: 0 while
    the agent is connected, else the seconds since it left. ``turns`` are in order of time, the
    first may lie before ``since``. Before a server's first connection nothing is known."""
    ends = [*(turn.ts for turn in turns[1:]), until]
    for turn, end in zip(turns, ends, strict=False):
        passed = turn.ts if turn.online else turn.ts + max(rule.value, 0.0) + _MOMENT
        looks = (turn.ts, passed, passed + rule.for_s + _MOMENT, end - _MOMENT)
        for ts in sorted({max(one, since) for one in looks}):
            if ts < min(end, until):
                yield ts, 0.0 if turn.online else ts - turn.ts
