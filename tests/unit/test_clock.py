"""Clocks: the machine's, and one that moves only when told to."""

from __future__ import annotations

import time

from chatops.clock import Clock, FakeClock, SystemClock


def test_the_system_clock_is_the_machines() -> None:
    before = time.time()
    assert before <= SystemClock().now() <= time.time()
    mono = time.monotonic()
    assert mono <= SystemClock().monotonic() <= time.monotonic()


def test_a_fake_clock_moves_only_when_told() -> None:
    clock: Clock = FakeClock(now=50.0)
    assert isinstance(clock, FakeClock)
    wall, mono = clock.now(), clock.monotonic()
    assert (clock.now(), clock.monotonic()) == (50.0, mono)
    clock.advance(2.5)
    assert (clock.now() - wall, clock.monotonic() - mono) == (2.5, 2.5)


def test_boot_time_goes_on_while_the_host_sleeps_and_nobody_sets_it() -> None:
    assert SystemClock().boottime() >= SystemClock().monotonic() - 1.0
    clock = FakeClock(now=50.0)
    boot, mono = clock.boottime(), clock.monotonic()
    clock.sleep(10.0)
    clock.set(0.0)
    assert (clock.now(), clock.boottime() - boot, clock.monotonic() - mono) == (0.0, 10.0, 0.0)
