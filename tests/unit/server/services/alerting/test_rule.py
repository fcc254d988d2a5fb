"""Rules: what they watch, when they hold and clear, and which make no sense."""

from __future__ import annotations

import math
import re

import pytest

from chatops.errors import InvalidInput
from chatops.protocol.rest import Op
from chatops.server.services.alerting.rule import (
    Watched,
    check_side,
    check_values,
    default_clear,
    parse_watched,
)
from tests.unit.server.services.alerting.making import rule


@pytest.mark.parametrize(
    ("op", "bad", "between", "good"),
    [
        ("gt", (90.1,), (90.0, 85.6), (85.5, 0.0)),
        ("ge", (90.0, 91.0), (89.9, 85.6), (85.5,)),
        ("lt", (89.9,), (90.0, 94.4), (94.5, 100.0)),
        ("le", (90.0, 89.0), (90.1, 94.4), (94.5,)),
    ],
)
def test_between_threshold_and_clear_value_nothing_is_decided(
    op: Op, bad: tuple[float, ...], between: tuple[float, ...], good: tuple[float, ...]
) -> None:
    one = rule(op=op, value=90.0)
    assert [(one.holds(v), one.clears(v)) for v in bad] == [(True, False)] * len(bad)
    assert [(one.holds(v), one.clears(v)) for v in between] == [(False, False)] * len(between)
    assert [(one.holds(v), one.clears(v)) for v in good] == [(False, True)] * len(good)


@pytest.mark.parametrize("op", ["gt", "ge", "lt", "le"])
def test_a_rule_that_clears_at_its_threshold_never_holds_and_clears_at_once(op: Op) -> None:
    one = rule(op=op, value=0.0)
    assert one.clear == 0
    for value in (-1.0, 0.0, 1.0):
        assert one.holds(value) != one.clears(value)


def test_the_default_clear_value_lies_inside_whatever_the_sign() -> None:
    cpu, skew = Watched("cpu"), Watched("clock.skew")
    assert default_clear(cpu, "gt", 90.0) == 85.5
    assert default_clear(cpu, "lt", 10.0) == 10.5
    assert default_clear(skew, "gt", -10.0) == -10.5
    assert default_clear(skew, "lt", -30.0) == -28.5
    assert default_clear(cpu, "le", 0.0) == 0.0


def test_the_default_clear_value_is_one_that_can_be_reached() -> None:
    for metric, value, clear in (("cpu", 98.0, 99.0), ("disk:/", 100.0, 100.0),
                                 ("container.state:web", 1.0, 1.0), ("load1", 98.0, 102.9),
                                 ("cpu", 9000.0, 9450.0), ("offline", 60.0, 63.0)):  # fmt: skip
        assert default_clear(parse_watched(metric), "lt", value) == pytest.approx(clear)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (("gt", math.nan, None, 60.0), "nan is no threshold"),
        (("gt", math.inf, None, 60.0), "inf is no threshold"),
        (("gt", 90.0, math.nan, 60.0), "nan is no clear value"),
        (("gt", 90.0, None, -1.0), "cannot wait for -1 s"),
        (("gt", 90.0, None, math.nan), "cannot wait for nan s"),
        (("gt", 90.0, 91.0, 60.0), "the clear value 91 is above the threshold 90"),
        (("le", 10.0, 9.0, 60.0), "the clear value 9 is below the threshold 10"),
    ],
)
def test_nonsense_is_refused_with_the_reason(
    given: tuple[Op, float, float | None, float], why: str
) -> None:
    with pytest.raises(InvalidInput, match=why):
        check_values(Watched("cpu"), *given)


def test_what_a_rule_may_watch() -> None:
    assert parse_watched("disk") == Watched("disk")
    assert parse_watched("disk:/var") == Watched("disk", "/var")
    assert parse_watched("disk:*").each
    assert parse_watched("offline") == Watched("offline")
    for text in ("cpux", "cpu:0", "disk:", "offline:x", ""):
        with pytest.raises(InvalidInput):
            parse_watched(text)


@pytest.mark.parametrize(
    ("text", "how"),
    [("disk:", "write disk, disk:NAME for one, disk:\\* for each"), ("cpu:0", "write cpu$"),
     ("custom:", "write custom:NAME for one, custom:\\* for each"), ("offline:x", "write offline")],
)  # fmt: skip
def test_how_a_metric_is_written_is_said(text: str, how: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        parse_watched(text)
    assert re.match(how, raised.value.hint or "")


@pytest.mark.parametrize("op", ["lt", "le"])
def test_that_a_server_is_there_is_nothing_to_page_for(op: Op) -> None:
    with pytest.raises(InvalidInput, match="offline is 0 while the agent is connected"):
        check_side(Watched("offline"), op)
    check_side(Watched("offline"), "gt")
    check_side(Watched("uptime"), op)
