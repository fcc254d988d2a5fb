"""Which servers dropped together."""

from __future__ import annotations

import pytest

from chatops.server.services.alerting.storms import WINDOW, Limits, together

LIMITS = Limits(servers=5, percent=30)


def gone(*times: float) -> dict[str, float]:
    return {f"s{number}": at for number, at in enumerate(times)}


@pytest.mark.parametrize(
    ("times", "fleet", "storm"),
    [
        ((0, 1, 2, 3, 4), 10, True),
        ((0, 1, 2, 3), 4, False),  # too few, whatever their share
        ((0, 1, 2, 3, 4, 5), 20, False),  # 30 % is not more than 30 %
        ((0, 1, 2, 3, 4, 5, 6), 20, True),
        ((0, 20, 40, 60, WINDOW + 1), 10, False),  # not within a minute
    ],
)
def test_it_takes_many_in_a_short_time(times: tuple[float, ...], fleet: int, storm: bool) -> None:
    found = together(gone(*times), "s0", fleet, LIMITS)
    assert found == (set(gone(*times)) if storm else set())


def test_it_is_the_minute_with_most_of_them() -> None:
    times = gone(0, 50, 70, 80, 90, 100)
    assert together(times, "s1", 10, LIMITS) == {"s1", "s2", "s3", "s4", "s5"}
