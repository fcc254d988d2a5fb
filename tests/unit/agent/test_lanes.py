"""Slow collectors are run less often, and it is said."""

from __future__ import annotations

from chatops.agent.lanes import LONGEST, SHARE, Lanes


def test_a_quick_one_is_due_each_time() -> None:
    lanes = Lanes({})
    lanes.took("cpu", 0.001, 100.0)
    assert lanes.due("cpu", 101.0)
    assert lanes.why_not("cpu") is None


def test_a_slow_one_waits_in_proportion() -> None:
    lanes = Lanes({})
    lanes.took("disks", 1.5, 100.0)
    assert not lanes.due("disks", 100.0 + 1.5 / SHARE - 1)
    assert lanes.why_not("disks") == "takes 1.5 s, so it is measured every 30s"
    assert lanes.due("disks", 100.0 + 1.5 / SHARE)
    lanes.took("disks", 0.0, 130.0)
    assert (lanes.due("disks", 135.0), lanes.why_not("disks")) == (True, None)


def test_it_is_tried_again_in_the_end() -> None:
    lanes = Lanes({})
    lanes.took("disks", 1000.0, 0.0)
    assert lanes.due("disks", LONGEST)


def test_a_rare_one_keeps_its_pace_without_a_word() -> None:
    lanes = Lanes({"units": 30.0})
    assert lanes.due("units", 0.0)
    lanes.took("units", 0.1, 0.0)
    assert not lanes.due("units", 25.0)
    assert lanes.why_not("units") is None
    assert lanes.due("units", 29.8)
