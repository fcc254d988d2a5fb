"""What ``chatops alerts watch`` tells of what the hub says."""

from __future__ import annotations

from typing import Any

import msgspec

from chatops.cli.alert_feed import Changes
from chatops.protocol.rest import Alert
from chatops.units import format_time, parse_time
from tests.unit.cli.commands.test_alerts import alert as fields

START = parse_time("2026-01-01T00:00:00Z")


def alert(name: str, **given: Any) -> Alert:
    return msgspec.convert(fields(id=name, **given), Alert)


def over(name: str, at: float) -> Alert:
    return alert(name, state="resolved", resolved_at=format_time(START + at))


def test_each_change_is_told_once() -> None:
    changes = Changes(START, [])
    firing, acked = alert("a"), alert("a", state="acknowledged", acked_by="ada")
    assert changes.see([firing], []) == [firing]
    assert changes.see([firing], []) == []
    assert changes.see([acked], []) == [acked]
    assert changes.see([], [over("a", 5)]) == [over("a", 5)]
    assert changes.see([], [over("a", 5)]) == []


def test_what_came_and_went_meanwhile_is_told() -> None:
    changes = Changes(START, [over("old", 1)])
    assert changes.see([], [over("old", 1), over("b", 9), over("a", 7)]) == [
        over("a", 7), over("b", 9),
    ]  # fmt: skip
    assert changes.since == START + 9


def test_what_is_resolved_between_the_two_questions_is_over() -> None:
    changes = Changes(START, [])
    assert changes.see([alert("a")], [over("a", 5)]) == [over("a", 5)]
    assert not changes.is_open("a")


def test_what_vanished_is_known() -> None:
    changes = Changes(START, [])
    changes.see([alert("a"), alert("b")], [])
    assert changes.vanished([alert("b")]) == ["a"]
    changes.drop("a")
    assert changes.vanished([alert("b")]) == []
