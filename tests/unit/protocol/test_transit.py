"""How long frames were on their way."""

from __future__ import annotations

import math

import pytest

from chatops.protocol.session.transit import Transit


def test_what_takes_longer_than_the_fastest_is_late_by_that() -> None:
    transit = Transit()
    assert transit.delay(100.0, 5000.0) == 0
    assert transit.delay(101.0, 5001.2) == pytest.approx(0.2, abs=0.01)
    stalled = [transit.delay(sent, 5041.0) for sent in (105.0, 110.0, 140.9)]
    assert stalled == pytest.approx([36, 31, 0.1], abs=0.05)
    assert transit.delay(141.0, 5040.9) == 0, "that was the fastest so far"


def test_clocks_that_run_apart_make_nothing_late() -> None:
    transit = Transit()
    late = [transit.delay(100.0 + n * 0.9999, 5000.0 + n) for n in range(0, 86_400, 5)]
    assert max(late) < 0.001


def test_a_sender_that_says_nothing_of_use_is_never_late() -> None:
    transit = Transit()
    assert [transit.delay(sent, 1.0) for sent in (None, math.nan, math.inf, -math.inf)] == [0] * 4
    assert transit.delay(7.0, 2.0) == 0
