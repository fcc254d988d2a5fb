"""The hub's own stalls do not count as silence of others."""

from __future__ import annotations

import pytest

from chatops.clock import FakeClock
from chatops.server.services.awake import STALL, Awake


def test_a_stall_does_not_count_and_all_else_does() -> None:
    clock = FakeClock()
    awake = Awake(clock, clock.monotonic)
    began = awake.now()
    for _ in range(100):
        clock.advance(STALL - 0.1)
        awake.now()
    assert awake.now() - began == pytest.approx(100 * (STALL - 0.1))
    before = awake.now()
    clock.advance(3600.0)
    assert awake.now() == pytest.approx(before)
    clock.advance(1.0)
    assert awake.now() == pytest.approx(before + 1.0)
