"""What is remembered of open samples."""

from __future__ import annotations

from chatops.server.services.metrics.open_rows import BEHIND, CLOSE_AFTER, EPOCHS, Known, OpenRows


def test_an_agent_that_makes_epochs_up_does_not_grow_the_hub() -> None:
    known = Known()
    known.of("other", "e").add(1)
    for number in range(EPOCHS + 10):
        known.of("one", f"e{number}").add(1)
    assert [known.has("one", f"e{number}", 1) for number in (9, 10, EPOCHS + 9)] == [
        False, True, True
    ]  # fmt: skip
    assert known.has("other", "e", 1)


def test_who_holds_back_the_clearing_of_many_is_closed_early() -> None:
    rows, now = OpenRows(), CLOSE_AFTER / 2
    rows.add("silent", 1, 0.0)
    for row_id in range(2, 40):
        rows.add("busy", row_id, 0.0)
    assert (rows.old(now), rows.front()) == ([], 1)
    assert rows.due("silent", now) == []
    rows.closed("busy", range(2, 40), now)
    rows.add("busy", 40 + BEHIND, now)
    assert rows.old(now) == ["silent"]
    assert rows.due("silent", now) == [1]
    rows.closed("silent", [1], now)
    assert rows.front() == 40 + BEHIND
    rows.closed("busy", rows.of("busy"), now)
    assert rows.front() == 41 + BEHIND, "nothing is open"
