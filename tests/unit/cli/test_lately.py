"""Sparklines of the last hour."""

from __future__ import annotations

import pytest

from chatops.cli.figures import in_columns
from chatops.cli.lately import SPAN, STEP, WIDTH, begin_of

HOUR = 1_700_000_400.0
"""The time at which a step begins."""


@pytest.mark.parametrize("passed", [0.0, 1.0, STEP / 2 - 1, STEP / 2, STEP - 1])
def test_what_is_measured_now_stands_in_the_last_column(passed: float) -> None:
    begin = begin_of(HOUR + passed)
    shown = in_columns([(HOUR, 7.0), (HOUR - STEP, 6.0)], begin, begin + SPAN, WIDTH)
    assert list(shown)[-3:] == [None, 6.0, 7.0]
