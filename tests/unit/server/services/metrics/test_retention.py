"""Steps of retention: short whatever the rows are."""

from __future__ import annotations

from typing import Any

import pytest

from chatops.server.services.metrics import retention
from chatops.server.services.metrics.retention import BITE, HOLD, _in_bites


class Rows:
    """So many rows, of which each bite takes ``seconds`` to delete."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, left: int, seconds: float = 0.0) -> None:
        self.left = left
        self._seconds = seconds
        self._now = 100.0
        monkeypatch.setattr(retention.time, "monotonic", lambda: self._now)

    def delete(self, _: Any, limit: int) -> int:
        """Delete at most so many."""
        met = min(limit, self.left)
        self.left -= met
        self._now += self._seconds
        return met


def test_a_step_ends_when_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = Rows(monkeypatch, left=500, seconds=HOLD / 2)
    met = _in_bites(rows.delete, 500)(None)  # type: ignore[arg-type]
    assert met == 500, "there may be more"
    assert rows.left == 500 - 2 * BITE


def test_a_step_deletes_no_more_rows_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = Rows(monkeypatch, left=500)
    assert _in_bites(rows.delete, 25)(None) == 25  # type: ignore[arg-type]
    assert rows.left == 475


def test_a_step_that_finds_less_is_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = Rows(monkeypatch, left=23)
    assert _in_bites(rows.delete, 500)(None) == 23  # type: ignore[arg-type]
    assert rows.left == 0
