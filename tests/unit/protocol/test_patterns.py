"""Patterns of users: what they find, and that none takes long."""

from __future__ import annotations

import time

import pytest

from chatops.errors import InvalidInput
from chatops.protocol.patterns import finder


def test_a_pattern_is_found_anywhere_also_in_what_is_no_text() -> None:
    find = finder(r"(?i)refused|time(d )?out")
    assert find(b"connection REFUSED")
    assert find(b"\xff\x00 it timed out")
    assert not find(b"all is well")
    assert finder("größe")("die größe".encode())


@pytest.mark.parametrize("wrong", ["(", r"(a)\1", "(?=x)", "x" * 1001, "\ud800", "(a{500}){500}"])
def test_what_cannot_be_used_says_so(wrong: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        finder(wrong)
    assert len(caught.value.message) < 200


@pytest.mark.parametrize("hostile", ["(a*)*b", "(a|aa)+$x", "(?:a?){300}a{300}b", "(.*a.{300})+z"])
def test_a_hostile_pattern_takes_no_time_worth_speaking_of(hostile: str) -> None:
    """What Python's own takes longer than the universe for."""
    find = finder(hostile)
    began = time.process_time()
    assert not find(b"a" * 16_384)
    assert time.process_time() - began < 5.0
