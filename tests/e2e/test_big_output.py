"""Much output and a reader that sleeps: every byte comes, nobody grows, samples go on."""

from __future__ import annotations

import pytest

from tests.support.big_output import MB, MOST, Peaks, many_servers, sleeping_reader
from tests.support.processes import Bench


def check(peaks: Peaks) -> None:
    """That nobody grew by more than is allowed."""
    assert {name: peak for name, peak in peaks.items() if peak > MOST} == {}


def test_a_reader_that_sleeps(fleet: Bench) -> None:
    check(sleeping_reader(fleet, 100 * MB, samples=2))


def test_many_servers(hub: Bench) -> None:
    check(many_servers(hub, 20, real=1, samples=2))


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_a_gigabyte_to_a_reader_that_sleeps(fleet: Bench) -> None:
    check(sleeping_reader(fleet, 1000 * MB, samples=20))


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_two_hundred_servers(hub: Bench) -> None:
    check(many_servers(hub, 200, real=4, samples=20))
