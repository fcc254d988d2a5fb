"""A clock that is off is told once, and again when that changes."""

from __future__ import annotations

import pytest

from chatops.agent.skew import Skew

HUB = 1_700_000_000.0


@pytest.mark.parametrize(
    ("skews", "said"),
    [
        ([0.0, 1.9, -1.9], []),
        ([10.0, 11.0, 9.0], ["10s ahead of"]),
        ([10.0, 20.0], ["10s ahead of", "20s ahead of"]),
        ([-3600.0, 0.1, 0.2], ["1h behind", "agrees"]),
        ([3.0, 1.0, 3.0], ["3s ahead of", "agrees", "3s ahead of"]),
        ([-3.0, 3.0], ["3s behind", "3s ahead of"]),
    ],
)
def test_it_says_what_changes(skews: list[float], said: list[str]) -> None:
    found: list[str] = []
    skew = Skew(found.append)
    for one in skews:
        skew.measured(HUB + one, HUB, 0.0)
    assert len(found) == len(said)
    assert all(words in text for words, text in zip(said, found, strict=True))


def test_half_of_a_slow_answers_time_is_taken_off_and_left_in_doubt() -> None:
    found: list[str] = []
    skew = Skew(found.append)
    skew.measured(HUB + 8.0, HUB, 8.0)
    skew.measured(HUB + 0.1, HUB, 8.0)
    assert found == []
    skew.measured(HUB + 108.0, HUB, 8.0)
    assert found == ["this host's clock is 1m44s ahead of the hub's: let NTP set both"]
