"""What ``chatops wait`` waits for, and when it is so."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from chatops.cli.conditions import (
    Condition,
    NoAlerts,
    Online,
    OnMetric,
    Standing,
    parse_condition,
    parse_container,
)
from chatops.errors import ChatOpsError, Conflict, InvalidInput, NotFound, TimedOut
from chatops.protocol.rest import ContainerDetail, Server, ServerSample
from chatops.units import format_time
from tests.support import samples

NOW = 1_800_000_000.0


def server(status: str = "online", last_seen: float | None = NOW) -> Server:
    seen = None if last_seen is None else format_time(last_seen)
    return msgspec.convert(samples.server(status=status, last_seen=seen), Server)


def sample(ts: float, **fields: Any) -> ServerSample:
    return msgspec.convert(samples.sample(**{"ts": format_time(ts), **fields}), ServerSample)


def cpu(ts: float, percent: float | None) -> ServerSample:
    found = sample(ts)
    found.cpu.percent = percent
    return found


def standing(*conditions: Condition) -> Standing:
    made = Standing(server(), conditions)
    made.look(server(), (), NOW)
    return made


@pytest.mark.parametrize(
    ("text", "name", "instance", "value", "good"),
    [
        ("cpu<50", "cpu", "", 50.0, 49.0),
        ("cpu <= 50%", "cpu", "", 50.0, 50.0),
        ("memory.available>2GB", "memory.available", "", 2e9, 2e9 + 1),
        ("disk:/mnt/a b<90%", "disk", "/mnt/a b", 90.0, 89.0),
        ("clock.skew ge -30s", "clock.skew", "", -30.0, -30.0),
        ("uptime gt 5m", "uptime", "", 300.0, 301.0),
    ],
)
def test_a_condition_is_read_with_instance_and_unit(
    text: str, name: str, instance: str, value: float, good: float
) -> None:
    found = parse_condition(text)
    assert (found.metric.name, found.instance, found.value) == (name, instance, value)
    assert found.holds(good, found.value)
    assert not found.holds(2 * value - good, value) or good == value


@pytest.mark.parametrize(
    "text",
    ["cpu", "cpu=5", "cpu<", "<5", "cpux<5", "cpu<5GB", "cpu<nan", "cpu<<5", "cpu:a<5", "disk:*<5"],
)
def test_nonsense_is_refused_with_the_option_named(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"^--metric: "):
        parse_condition(text)


@pytest.mark.parametrize("text", ["web", "=healthy", "web=good", "web="])
def test_a_container_is_written_with_a_state(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"^--container: "):
        parse_container(text)


def test_for_counts_by_the_samples_own_times() -> None:
    one = standing(OnMetric(parse_condition("cpu<50"), 10.0))
    for passed, value, met in ((0, 10, 0), (5, 10, 0), (9, 60, 0), (10, 10, 0), (15, 10, 0),
                               (20, 10, 1), (25, 60, 0)):  # fmt: skip
        one.take(cpu(NOW - 29 + passed, value))
        assert one.state().met == bool(met)
    assert one.state().conditions[0].text == "cpu is 60.0%"
    assert one.state().conditions[0].value == 60.0


def test_a_gap_begins_it_anew() -> None:
    one = standing(OnMetric(parse_condition("cpu<50"), 10.0))
    for ts in (NOW, NOW + 5, NOW + 30, NOW + 35):
        one.take(cpu(ts, 1.0))
        assert not one.state().met
    one.take(cpu(NOW + 40, 1.0))
    assert one.state().met


def test_samples_far_apart_by_habit_are_no_gap() -> None:
    one = standing(OnMetric(parse_condition("cpu<50"), 120.0))
    for ts in (NOW, NOW + 60, NOW + 120, NOW + 180):
        one.take(cpu(ts, 1.0))
    assert one.state().met


def test_an_offline_server_begins_it_anew_and_a_sample_waits_for_word_that_it_is_back() -> None:
    one = standing(OnMetric(parse_condition("cpu<50"), 0.0))
    one.take(cpu(NOW, 1.0))
    assert one.state().met
    one.look(server("offline"), (), NOW + 1)
    assert (one.state().met, one.state().conditions[0].text) == (False, "offline")
    one.take(cpu(NOW + 2, 1.0))
    assert not one.state().met
    one.look(server("online", NOW + 2), (), NOW + 2)
    assert one.state().met


def test_what_is_old_by_the_hubs_clock_says_nothing_of_now() -> None:
    one = standing(OnMetric(parse_condition("cpu<50"), 0.0))
    one.take(cpu(NOW - 31, 1.0))
    assert not one.state().met
    behind = cpu(NOW - 600, 1.0)
    behind.clock_skew = -600.0
    one.take(behind)
    assert one.state().met


def test_what_was_not_measured_is_not_so() -> None:
    one = standing(OnMetric(parse_condition("cpu>=0"), 0.0))
    one.take(cpu(NOW, None))
    state = one.state()
    assert (state.met, state.conditions[0].value) == (False, None)
    assert state.conditions[0].text == "cpu was not measured"


def test_offline_is_a_metric_of_the_hubs_own() -> None:
    one = standing(OnMetric(parse_condition("offline>=1m"), 0.0))
    assert not one.state().met
    one.look(server("offline", NOW), (), NOW + 59)
    assert not one.state().met
    one.look(server("offline", NOW), (), NOW + 60)
    assert one.state().met
    one.look(server("never", None), (), NOW + 61)
    assert not one.state().met


def test_all_must_hold_at_once() -> None:
    one = standing(Online("online"), NoAlerts("no alerts"))
    assert one.state().met
    one.look(server(), ["hot", "hot", "full", "x", "y"], NOW)
    state = one.state()
    assert [verdict.met for verdict in state.conditions] == [True, False]
    assert state.conditions[1].text == "alerts: hot, full, x and 1 more"
    one.look(server("never", None), (), NOW)
    assert not one.state().met
    assert one.state().conditions[0].text == "never connected"


def inspected(state: str, health: str | None) -> ContainerDetail:
    """What an engine tells of a container."""
    told = {"State": {"Status": state, **({"Health": {"Status": health}} if health else {})}}
    return ContainerDetail(server="web-1", id="1", name="web", detail=told)


@pytest.mark.parametrize(
    ("wanted", "state", "health", "met"),
    [
        ("healthy", "running", "healthy", True),
        ("healthy", "exited", "healthy", False),
        ("healthy", "running", None, False),
        ("healthy", "running", "none", False),
        ("unhealthy", "running", "unhealthy", True),
        ("unhealthy", "exited", "unhealthy", False),
        ("running", "running", None, True),
        ("running", "running", "unhealthy", True),
        ("exited", "exited", None, True),
        ("exited", "running", None, False),
        ("gone", "exited", None, False),
    ],
)
def test_a_container(wanted: str, state: str, health: str | None, met: bool) -> None:
    one = standing(parse_container(f"web={wanted}"))
    one.engine({"web": inspected(state, health)})
    assert one.state().met == met


def test_why_a_container_is_not_so() -> None:
    one = standing(parse_container("web=healthy"))

    def why(told: ContainerDetail | ChatOpsError) -> str:
        one.engine({"web": told})
        return one.state().conditions[0].text

    assert one.state().conditions[0].text == "unknown yet"
    assert why(inspected("running", None)) == "web is running, without a health check"
    assert why(inspected("exited", "healthy")) == "web is exited"
    assert why(NotFound("web-1: there is no container web")) == "there is no container web"
    assert why(Conflict("web-1: no container engine listens")) == "no container engine listens"
    one.look(server("offline"), (), NOW)
    assert why(inspected("running", "healthy")) == "offline"


def test_a_container_is_gone_only_where_the_engine_says_so() -> None:
    one = standing(parse_container("web=gone"))
    for told, met in (
        (Conflict("no engine"), False), (NotFound("no container web"), True),
        (TimedOut("no answer"), False), (inspected("running", None), False),
    ):  # fmt: skip
        one.engine({"web": told})
        assert one.state().met == met
