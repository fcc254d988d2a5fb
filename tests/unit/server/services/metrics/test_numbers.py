"""Ranges of numbers behave like the set of them."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from chatops.server.services.metrics.numbers import Numbers

RANGE = st.tuples(st.integers(0, 40), st.integers(0, 6)).map(lambda r: (r[0], r[0] + r[1]))


@given(st.lists(RANGE), RANGE)
def test_it_is_a_set(added: list[tuple[int, int]], asked: tuple[int, int]) -> None:
    numbers, model = Numbers(), set[int]()
    for first, last in added:
        numbers.add(first, last)
        model |= set(range(first, last + 1))
    assert {n for n in range(-1, 60) if n in numbers} == model
    assert len(numbers) == len(model)
    assert numbers.missing(*asked) == len(set(range(asked[0], asked[1] + 1)) - model)
    ranges = numbers.ranges()
    assert all(b[0] - a[1] > 1 for a, b in itertools.pairwise(ranges))
    assert Numbers.read(numbers.text()).ranges() == ranges


def test_one_after_the_other_is_one_range() -> None:
    numbers = Numbers()
    for number in range(1, 10_000):
        numbers.add(number)
    assert numbers.text() == "[[1,9999]]"
