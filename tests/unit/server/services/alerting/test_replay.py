"""What a rule would have done with values of the past."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chatops.server.services.alerting.replay import KEPT, Firing, Tally, absences, bare
from chatops.server.services.metrics.offline import Turn
from tests.unit.server.services.alerting.making import machine, rule

T0 = 1_800_000_000.0


def tally(*values: float, every: float = 5.0, step: float | None = None, **fields: Any) -> Tally:
    made = Tally(rule(**fields))
    for number, value in enumerate(values):
        made.take(T0 + number * every, value, step)
    made.end(T0 + len(values) * every)
    return made


def test_when_how_long_and_how_often() -> None:
    found = tally(10, 95, 99, 88, 50, 10, 97)
    assert (found.fired, found.seconds, found.longest) == (2, 20.0, 15.0)
    assert list(found.firings) == [Firing(T0 + 5, T0 + 20, 99.0), Firing(T0 + 30, None, 97.0)]
    assert (found.first, found.latest) == (T0 + 5, T0 + 30)


def test_for_and_clear_make_the_difference() -> None:
    swings = (95, 89) * 20
    assert tally(*swings).fired == 1
    plain = Tally(bare(rule(for_s=60.0)))
    for number, value in enumerate(swings):
        plain.take(T0 + number * 5, value)
    assert plain.fired == 20
    assert tally(95, 95, 50, for_s=60.0).fired == 0


def test_a_gap_begins_anew_what_is_only_pending() -> None:
    found = Tally(rule(for_s=30.0))
    for ts in (0, 5, 10, 100, 110, 120, 129):
        found.take(T0 + ts, 95.0)
    assert found.fired == 0
    found.take(T0 + 130, 95.0)
    assert found.fired == 1


def test_a_breach_within_a_step_is_not_averaged_away() -> None:
    found = tally(10, 99, 10, every=600, step=600, for_s=60.0)
    assert list(found.firings) == [Firing(T0 + 660, T0 + 1200, 99.0)]
    assert tally(10, 99, 10, every=60, step=60, for_s=120.0).fired == 0


def test_the_worst_of_a_rule_on_low_values_is_the_least() -> None:
    found = tally(50, 8, 3, 50, op="lt", value=10.0)
    assert found.firings[0].worst == 3


def test_firings_are_kept_up_to_a_number_and_counted_beyond() -> None:
    found = tally(*(99, 1) * (KEPT + 5))
    assert (found.fired, len(found.firings)) == (KEPT + 5, KEPT)


@given(st.lists(st.floats(0, 100), max_size=60), st.sampled_from([0.0, 5.0, 20.0]))
def test_it_fires_as_the_live_machine_does(values: list[float], for_s: float) -> None:
    live, fired = machine(), 0
    for number, value in enumerate(values):
        steps = live.observe("s", rule(for_s=for_s), "", value, T0 + number * 5)
        fired += sum(step.happening == "firing" for step in steps)
    assert tally(*values, for_s=for_s).fired == fired


def absent(*turns: Turn, until: float, **fields: Any) -> Tally:
    offline = rule(metric="offline", **{"value": 60.0, **fields})
    made = Tally(offline, gaps=False)
    for ts, value in absences(turns, offline, T0, T0 + until):
        made.take(ts, value)
    made.end(T0 + until)
    return made


def test_offline_follows_from_when_agents_came_and_went() -> None:
    turns = (
        Turn(T0 - 50, True), Turn(T0 + 100, False), Turn(T0 + 130, True), Turn(T0 + 200, False),
        Turn(T0 + 500, True), Turn(T0 + 900, False),
    )  # fmt: skip
    found = absent(*turns, until=1000)
    assert found.fired == 2
    first, last = found.firings
    assert (round(first.began - T0), round((first.ended or 0) - T0)) == (260, 500)
    assert (round(last.began - T0), last.ended) == (960, None)
    assert round(first.worst) == 300
    assert absent(*turns, until=1000, for_s=100.0).fired == 1
    assert absent(until=1000).fired == 0


def test_a_server_that_was_away_before_the_span_fires_at_its_beginning() -> None:
    found = absent(Turn(T0 - 3600, False), until=100)
    (firing,) = found.firings
    assert (firing.began, firing.ended, round(firing.worst)) == (T0, None, 3700)
