"""Counts of how long something took."""

from __future__ import annotations

from chatops.server.db.timings import BOUNDS, Timings


def test_each_bound_counts_what_took_no_longer() -> None:
    timings = Timings()
    for seconds in (0.0, 0.001, 0.0011, 0.02, 60.0):
        timings.note(seconds)
    counts = dict(timings.cumulative())
    assert (counts[0.001], counts[0.0025], counts[0.02], counts[5.0]) == (2, 3, 4, 4)
    assert counts[float("inf")] == len(timings) == 5
    assert timings.total == 60.0221
    assert list(BOUNDS) == sorted(BOUNDS)
