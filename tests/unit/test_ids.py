"""Ids are UUIDv7: they sort by time and no two are the same."""

from __future__ import annotations

import time
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.ids import is_id, new_id

MOMENTS = st.floats(min_value=0, max_value=2**48 / 1000 - 1)


@given(MOMENTS)
def test_an_id_is_a_uuid_of_version_7_with_its_time(now: float) -> None:
    text = new_id(now)
    value = uuid.UUID(text)
    assert (value.version, value.variant) == (7, uuid.RFC_4122)
    assert value.int >> 80 == int(now * 1000)
    assert str(value) == text
    assert is_id(text)


@given(MOMENTS, MOMENTS)
def test_ids_sort_by_time(one: float, other: float) -> None:
    if int(one * 1000) < int(other * 1000):
        assert new_id(one) < new_id(other)


def test_without_a_time_it_is_the_machines() -> None:
    before = int(time.time() * 1000)
    made = uuid.UUID(new_id()).int >> 80
    assert before <= made <= int(time.time() * 1000)


def test_ids_of_one_moment_differ() -> None:
    assert len({new_id(1.0) for _ in range(5000)}) == 5000


def test_every_random_bit_is_used() -> None:
    seen_set, seen_clear = 0, 0
    for _ in range(400):
        value = uuid.UUID(new_id(0.0)).int
        seen_set |= value
        seen_clear |= ~value
    random_bits = (0xFFF << 64) | ((1 << 62) - 1)
    assert seen_set & random_bits == random_bits
    assert seen_clear & random_bits == random_bits


GOOD = new_id(0.0)


@pytest.mark.parametrize(
    "text",
    ["", "web-1", "0" * 36, GOOD[:-1], GOOD + "\n", "{" + GOOD + "}"],
    ids=["empty", "name", "no dashes", "short", "newline", "braces"],
)
def test_what_is_no_id(text: str) -> None:
    assert not is_id(text)


def test_case_does_not_matter() -> None:
    assert is_id(new_id().upper())
