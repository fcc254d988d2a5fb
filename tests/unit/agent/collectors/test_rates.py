"""Counters that count, stop, go back, come and go."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.agent.collectors.rates import MIN_SPAN, Rates

NAMES = st.sampled_from(["sda", "sdb", "eth0"])
LOOKS = st.lists(
    st.tuples(
        st.floats(0, 100),
        st.dictionaries(NAMES, st.tuples(st.integers(0, 2**64), st.integers(0, 2**64))),
    ),
    min_size=1,
    max_size=20,
)


def test_the_first_look_has_no_rate_and_the_second_has() -> None:
    rates = Rates()
    assert rates.update(10.0, {"sda": (100, 5)}) == {"sda": (None, None)}
    assert rates.update(12.0, {"sda": (300, 5)}) == {"sda": (100.0, 0.0)}


def test_a_reset_gives_nothing_once_for_all_counters_of_the_device() -> None:
    rates = Rates()
    rates.update(0.0, {"sda": (100, 5), "sdb": (1, 1)})
    assert rates.update(1.0, {"sda": (3, 900), "sdb": (2, 1)}) == {
        "sda": (None, None),
        "sdb": (1.0, 0.0),
    }
    assert rates.update(2.0, {"sda": (4, 900)}) == {"sda": (1.0, 0.0)}


@pytest.mark.parametrize("bits", [32, 64])
def test_a_counter_that_wrapped_gives_nothing_once_and_never_a_spike(bits: int) -> None:
    rates = Rates()
    rates.update(0.0, {"eth0": (2**bits - 10,)})
    assert rates.update(1.0, {"eth0": (90,)}) == {"eth0": (None,)}
    assert rates.update(2.0, {"eth0": (190,)}) == {"eth0": (100.0,)}


def test_a_device_that_was_away_starts_anew() -> None:
    rates = Rates()
    rates.update(0.0, {"usb": (1000,)})
    assert rates.update(1.0, {}) == {}
    assert rates.update(2.0, {"usb": (5000,)}) == {"usb": (None,)}
    assert rates.update(3.0, {"usb": (5001,)}) == {"usb": (1.0,)}


def test_while_the_clock_stands_still_the_basis_stays() -> None:
    rates = Rates()
    rates.update(5.0, {"sda": (0,)})
    assert rates.update(5.0, {"sda": (50,)}) == {"sda": (None,)}
    assert rates.update(5.0 + MIN_SPAN / 2, {"sda": (70,)}) == {"sda": (None,)}
    assert rates.update(6.0, {"sda": (100,)}) == {"sda": (100.0,)}


def test_a_counter_more_or_less_is_another_device() -> None:
    rates = Rates()
    rates.update(0.0, {"sda": (0, 0)})
    assert rates.update(1.0, {"sda": (5,)}) == {"sda": (None,)}


@given(LOOKS)
def test_rates_are_never_negative_and_never_more_than_the_counter_moved(
    looks: list[tuple[float, dict[str, tuple[int, int]]]],
) -> None:
    rates, now = Rates(), 0.0
    for pause, counters in looks:
        now += pause
        found = rates.update(now, counters)
        assert found.keys() == counters.keys()
        for name, values in found.items():
            for rate, counter in zip(values, counters[name], strict=True):
                assert rate is None or 0 <= rate <= counter / MIN_SPAN + 1
