"""What ``chatops wait`` waits for on a server, and whether it is so. Pure: no I/O, no clock."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from msgspec import Struct

from chatops.cli import figures
from chatops.errors import ChatOpsError, InvalidInput, NotFound
from chatops.protocol.metric_names import RUNNING, Metric, parse_metric, value_of
from chatops.protocol.metric_values import parse_value
from chatops.protocol.rest import ContainerDetail, Server, ServerSample
from chatops.text import shorten
from chatops.units import parse_time

LATE: Final = 30.0
"""Seconds after which a sample says nothing of now; the same as in the hub's alerts."""
_FIRST_GAP: Final = 30.0
_LEAST_GAP: Final = 10.0
"""Seconds between two samples that are no gap yet, whatever their usual distance."""
_GAP: Final = 3
"""Usual distances between two samples that are one."""
_Compare = Callable[[float, float], bool]
_OPS: Final[dict[str, _Compare]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge,
}  # fmt: skip
_WRITTEN: Final = re.compile(
    r"(?P<metric>.+?)(?:\s*(?P<sign><=|>=|<|>)\s*|\s+(?P<word>lt|le|gt|ge)\s+)(?P<value>[^<>=]+)"
)
_STATES: Final = (
    "healthy", "unhealthy", "starting", "running", "created", "paused", "restarting", "removing",
    "exited", "dead", "gone",
)  # fmt: skip
_HEALTH: Final = _STATES[:3]
GONE: Final = _STATES[-1]
"""The engine has no container of that name, or none that this user may see."""
_SKEW: Final = "clock.skew"
_OFFLINE: Final = "offline"


class Verdict(Struct):
    """How it stands with one condition on one server: ``value`` is the last that was seen, null if
    none was, ``text`` the same for people."""

    condition: str
    met: bool
    value: float | str | None
    text: str


class WaitState(Struct):
    """How it stands with a server; ``status`` is that of ``chatops servers list``."""

    server: str
    met: bool
    status: str
    conditions: list[Verdict]


class Condition:
    """One condition on one server. What it is told comes in order."""

    of_samples = False
    """Whether it needs samples."""
    of_alerts = False
    """Whether it needs to know of alerts."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.met = False
        self.value: float | str | None = None
        self.shown = "unknown yet"

    def server(self, server: Server, alerts: Sequence[str], now: float) -> None:
        """How the hub knows the server at ``now``; ``alerts`` are the rules of its open alerts."""

    def sample(self, sample: ServerSample, ts: float) -> None:
        """A sample of now, that was taken at ``ts``."""

    def reset(self, why: str) -> None:
        """Nothing is known any more: the server is offline, or samples are missing."""

    def verdict(self) -> Verdict:
        """How it stands."""
        return Verdict(self.text, self.met, self.value, self.shown)


class Online(Condition):
    """The agent is connected."""

    def server(self, server: Server, alerts: Sequence[str], now: float) -> None:
        self.met, self.value = server.status == "online", server.status
        self.shown = "never connected" if server.status == "never" else server.status


class NoAlerts(Condition):
    """No alert fires or is acknowledged."""

    of_alerts = True

    def server(self, server: Server, alerts: Sequence[str], now: float) -> None:
        self.met, self.value = not alerts, float(len(alerts))
        names = list(dict.fromkeys(alerts))
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        self.shown = f"alerts: {', '.join(names[:3])}{more}" if names else "no alerts"


class Written(NamedTuple):
    """A condition on a METRIC as somebody wrote it."""

    text: str
    metric: Metric
    instance: str
    holds: _Compare
    value: float


class OnMetric(Condition):
    """A METRIC compares so, for ``for_s`` seconds of samples without a gap."""

    def __init__(self, written: Written, for_s: float) -> None:
        super().__init__(written.text)
        self._written, self._for = written, for_s
        self.of_samples = written.metric.name != _OFFLINE
        self._since: float | None = None
        self._last: float | None = None
        self._usual = _FIRST_GAP / _GAP

    def server(self, server: Server, alerts: Sequence[str], now: float) -> None:
        if not self.of_samples:
            self._take(_silence(server, now), now)

    def sample(self, sample: ServerSample, ts: float) -> None:
        if self.of_samples:
            self._take(_value(sample, self._written), ts)

    def reset(self, why: str) -> None:
        if self.of_samples:
            self.met, self._since, self.shown = False, None, why

    def _take(self, value: float | None, ts: float) -> None:
        name = self._written.metric.name
        name += f":{self._written.instance}" if self._written.instance else ""
        self.value, gap = value, self._is_gap(ts)
        shown = figures.in_unit(value, self._written.metric.unit)
        self.shown = f"{name} was not measured" if shown is None else f"{name} is {shown}"
        if value is None or not self._written.holds(value, self._written.value):
            self.met, self._since = False, None
            return
        if self._since is None or gap:
            self._since = ts
        self.met = ts - self._since >= self._for
        if not self.met:
            self.shown += f" for {ts - self._since:.0f} s"

    def _is_gap(self, ts: float) -> bool:
        passed = ts - self._last if self._last is not None else 0.0
        gap = passed > max(_LEAST_GAP, _GAP * self._usual)
        if passed > 0:
            self._usual = passed if gap else min(self._usual, passed)
        self._last = ts
        return gap


class OnContainer(Condition):
    """A container is in a state, or in a health, or not there at all."""

    def __init__(self, name: str, wanted: str) -> None:
        super().__init__(f"{name}={wanted}")
        self.name, self._wanted = name, wanted

    def engine(self, told: ContainerDetail | ChatOpsError, server: str) -> None:
        """What the engine of ``server`` says now."""
        if isinstance(told, NotFound):
            self.met, self.value = self._wanted == GONE, GONE
            self.shown = f"there is no container {self.name}"
        elif isinstance(told, ChatOpsError):
            self.reset(told.message.removeprefix(f"{server}: "))
        else:
            self._take(*_state_of(told))

    def _take(self, state: str, health: str | None) -> None:
        runs = state == RUNNING
        self.met = self._wanted == (health if self._wanted in _HEALTH and runs else state)
        self.value = health if health and runs else state
        self.shown = f"{self.name} is {self.value}"
        if self._wanted in _HEALTH and runs and not health:
            self.shown += ", without a health check"

    def reset(self, why: str) -> None:
        self.met, self.value, self.shown = False, None, why


class Standing:
    """One server, and how all conditions stand on it."""

    def __init__(self, server: Server, conditions: Sequence[Condition]) -> None:
        self.name = server.name
        self._conditions = conditions
        self._server = server
        self._held: ServerSample | None = None
        self._newest = float("-inf")
        self.containers = [one for one in conditions if isinstance(one, OnContainer)]
        self.of_samples = any(one.of_samples for one in conditions)
        self.of_alerts = any(one.of_alerts for one in conditions)

    def look(self, server: Server, alerts: Sequence[str], now: float) -> None:
        """What the hub says of the server at ``now``, by any clock."""
        self._server = server
        for one in self._conditions:
            one.server(server, alerts, now)
        if server.status != "online":
            for one in self._conditions:
                one.reset(server.status if server.status == "offline" else "never connected")
        elif self._held is not None:
            held, self._held = self._held, None
            self.take(held)

    def take(self, sample: ServerSample) -> None:
        """A sample that came. One of a server that is not known to be back is kept until that is;
        one that is old by the hub's clock says nothing."""
        if self._server.status != "online":
            self._held = sample
            return
        ts = parse_time(sample.ts)
        heard = parse_time(self._server.last_seen) if self._server.last_seen else ts
        if ts <= self._newest or heard - (ts - (sample.clock_skew or 0.0)) > LATE:
            return
        self._newest = ts
        for one in self._conditions:
            one.sample(sample, ts)

    def engine(self, told: Mapping[str, ContainerDetail | ChatOpsError]) -> None:
        """What its engine says now of containers, by name."""
        for one in self.containers if self._server.status == "online" else ():
            one.engine(told[one.name], self.name)

    def state(self) -> WaitState:
        """How it stands."""
        verdicts = [one.verdict() for one in self._conditions]
        met = all(one.met for one in verdicts)
        return WaitState(self.name, met, self._server.status, verdicts)


def parse_condition(text: str) -> Written:
    """``cpu<50``, ``memory.available >= 2GB``, ``disk:/var lt 90%``.

    Raises:
        InvalidInput: it is no condition on a METRIC.
    """
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise InvalidInput(
            f"--metric: {shorten(text, 80)!r} is no condition",
            hint="write METRIC, one of < <= > >= and a value: 'cpu<50', 'disk:/var<90%'",
        )
    try:
        metric, instance = parse_metric(found["metric"].strip())
        value = parse_value(found["metric"].strip(), found["value"])
    except InvalidInput as error:
        raise InvalidInput(f"--metric: {error.message}", hint=error.hint) from None
    if instance == "*":
        raise InvalidInput(
            f"--metric: {shorten(text, 80)!r} is of many values", hint="name one, or leave out :*"
        )
    holds = _OPS[found["sign"] or found["word"]]
    return Written(text.strip(), metric, instance, holds, value)


def parse_container(text: str) -> OnContainer:
    """``NAME=healthy``.

    Raises:
        InvalidInput: it is not written so, or there is no such state.
    """
    name, equals, wanted = text.rpartition("=")
    if not equals or not name:
        raise InvalidInput(
            f"--container: {shorten(text, 80)!r} is not written NAME=STATE",
            hint="like web=healthy",
        )
    if wanted not in _STATES:
        raise InvalidInput(
            f"--container: {shorten(wanted, 40)!r} is no state", hint=f"use {', '.join(_STATES)}"
        )
    return OnContainer(name, wanted)


def _value(sample: ServerSample, written: Written) -> float | None:
    if written.metric.name == _SKEW:
        return sample.clock_skew
    return value_of(sample, written.metric, written.instance)  # type: ignore[arg-type]  # its fields


def _silence(server: Server, now: float) -> float | None:
    if server.status == "online":
        return 0.0
    return None if server.last_seen is None else max(0.0, now - parse_time(server.last_seen))


def _state_of(told: ContainerDetail) -> tuple[str, str | None]:
    """The state, and what the health check says; Docker has "none" where there is no check."""
    state = told.detail.get("State") or {}
    health = (state.get("Health") or {}).get("Status")
    return str(state.get("Status") or "in an unknown state"), health if health in _HEALTH else None
