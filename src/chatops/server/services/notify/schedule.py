"""When which message of a channel is sent: decisions without I/O and without a clock.

A message is open until its first attempt: what is to be told meanwhile joins it. From then on it
stays as it is, so that all its attempts say the same under the same id. A receiver that does not
answer is not buried in messages when it is back: only a few are tried at the same time, and what
comes on top of them waits in one that is still open.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from chatops.protocol.limits import MAX_MESSAGE_ALERTS

Event = Literal["firing", "resolved", "reminder", "test"]
_DAY: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Pace:
    """All times, in seconds. ``tried``: messages of a channel that are tried at the same time."""

    gather: float = 10.0
    """After a message what comes in this time is told together."""
    first: float = 1.0
    """Between the first two attempts; then twice as long each time."""
    cap: float = 30.0
    """The longest time from one attempt to the next, at first …"""
    fast_for: float = 600.0
    """… for so long after a message was recorded; then:"""
    slow_cap: float = 300.0
    give_up: float = 7 * _DAY
    """A message that is older is given up …"""
    enough: int = 288
    """… if it was tried so often, a day's worth: so a clock that jumps ahead, or a hub that was
    down for a week, gives up nothing."""
    tried: int = 3


class Waiting(NamedTuple):
    """A message that is not delivered. ``due_at`` is when it may be tried (again), ``alerts`` are
    the ids of what it tells of."""

    id: str
    event: Event
    created_at: float
    due_at: float
    attempts: int = 0
    alerts: frozenset[str] = frozenset()

    @property
    def is_open(self) -> bool:
        """Whether it can still take alerts."""
        return self.attempts == 0


class Send(NamedTuple):
    """Try this message now."""

    id: str


class Wait(NamedTuple):
    """Nothing to do before that time; None: before something new is recorded."""

    until: float | None


def next_step(messages: Iterable[Waiting], now: float, pace: Pace) -> Send | Wait:
    """What a channel's sender does now."""
    may = [(_due(one, now, pace), one.id) for one in _allowed(sorted(messages), pace)]
    ready = [message_id for due, message_id in may if due <= now]
    if ready:
        return Send(ready[0])
    return Wait(min((due for due, _ in may), default=None))


def joins(messages: Iterable[Waiting], event: Event) -> Waiting | None:
    """The message that takes one more alert of an event, if there is any."""
    fit = (one for one in messages if one.is_open and one.event == event)
    return next((one for one in fit if len(one.alerts) < MAX_MESSAGE_ALERTS), None)


def opens_at(last: float | None, now: float, pace: Pace) -> float:
    """When a new message may be sent: at once, or at the end of the time in which alerts are
    gathered after the ``last`` one of its kind. A clock that was set back delays nothing."""
    return now if last is None else min(max(now, last + pace.gather), now + pace.gather)


def retry_at(
    created_at: float, attempts: int, started: float, now: float, pace: Pace
) -> float | None:
    """When a message is tried again whose last attempt, the ``attempts``-th, began at ``started``
    and has failed; None: it is given up."""
    fast = min(pace.first * 2.0 ** min(attempts - 1, 60), pace.cap)
    wait = fast if now - created_at < pace.fast_for else pace.slow_cap
    due = max(now, started + wait)
    return None if due - created_at > pace.give_up and attempts >= pace.enough else due


def sooner(messages: Sequence[Waiting], started: float, pace: Pace) -> list[str]:
    """The messages that need not wait any longer because another attempt, begun at ``started``,
    has just succeeded: those that would wait for longer than the fast pace."""
    return [one.id for one in messages if not one.is_open and one.due_at > started + pace.cap]


def _allowed(messages: Sequence[Waiting], pace: Pace) -> Iterable[Waiting]:
    """Those that may be tried, the oldest first. A new one has to wait while as many as may be are
    tried already; and nobody hears that an alert is over before hearing of it."""
    tried = sum(not one.is_open for one in messages)
    fires = {alert for one in messages if one.event == "firing" for alert in one.alerts}
    for one in messages:
        in_turn = one.event == "firing" or fires.isdisjoint(one.alerts)
        if not one.is_open or (in_turn and tried < pace.tried):
            yield one


def _due(one: Waiting, now: float, pace: Pace) -> float:
    """A time that lies further ahead than any wait was written before the clock was set back."""
    return one.due_at if one.due_at - now <= max(pace.slow_cap, pace.gather) else now
