"""Gaps: one where nothing is held between, kept until they are acked as they were told."""

from __future__ import annotations

import pytest

from chatops.agent.gaps import Gap, Gaps


def gap(first: int, last: int, epoch: str = "e", reason: str = "full") -> Gap:
    return Gap(
        epoch=epoch, first=first, last=last, since=first * 5.0, until=last * 5.0, at=1.0 * last,
        boot="b", reason=reason,
    )  # fmt: skip


def nothing(_number: int) -> int | None:
    return None


def test_neighbours_become_one_as_soon_as_nothing_is_held_between() -> None:
    gaps = Gaps()
    gaps.add(gap(1, 10), nothing)
    gaps.add(gap(15, 20), lambda number: 11 if number <= 11 else None)
    assert len(gaps) == 2
    gaps.add(gap(11, 12), lambda number: 30 if number <= 30 else None)
    assert gaps.first() == gap(1, 20)
    assert len(gaps) == 1


@pytest.mark.parametrize("other", [gap(11, 20, epoch="f"), gap(11, 20, reason="damaged")])
def test_another_epoch_or_reason_is_another_gap(other: Gap) -> None:
    gaps = Gaps()
    gaps.add(gap(1, 10), nothing)
    gaps.add(other, nothing)
    assert [gaps.first(), gaps.first(after=10)] == [gap(1, 10), other]


def test_what_came_to_a_gap_after_it_was_told_stays() -> None:
    gaps = Gaps()
    gaps.add(gap(1, 10), nothing)
    told = gaps.first()
    assert told is not None
    gaps.add(gap(11, 20), nothing)
    assert gaps.acked(told)
    rest = gaps.first()
    assert rest is not None
    assert (rest.first, rest.last, rest.since, rest.until) == (11, 20, 50.0, 100.0)
    assert not gaps.acked(told)
    assert gaps.acked(rest)
    assert len(gaps) == 0


def test_they_are_written_down_and_read_again() -> None:
    gaps = Gaps()
    gaps.add(gap(1, 10), nothing)
    again = Gaps(gaps.encode())
    assert (again.first(), again.damaged) == (gap(1, 10), False)
    assert again.first(before=10) is None
    assert again.first(before=11) == gap(1, 10)


@pytest.mark.parametrize("data", [b"", b"[", b"{}", b"\xff", b'[{"epoch": 1}]', b"[" * 9999])
def test_what_cannot_be_read_is_no_gap(data: bytes) -> None:
    gaps = Gaps(data)
    assert (len(gaps), gaps.damaged) == (0, True)
