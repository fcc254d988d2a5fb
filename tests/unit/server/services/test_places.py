"""Counted places: what each may take, and who has to go for whom."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.errors import Busy, TooManyRequests
from chatops.server.services.places import Crowd, Places, Stranger


def test_places_are_bounded_for_each_and_altogether() -> None:
    places = Places(3, 2, "sockets", "account")
    places.take("a")
    places.take("a")
    with pytest.raises(TooManyRequests, match="this account has too many sockets open: 2"):
        places.take("a")
    places.take("b")
    with pytest.raises(Busy):
        places.take("c")
    places.leave("a")
    with places.held("c"):
        assert len(places) == 3
    assert len(places) == 2


def test_a_place_that_is_not_had_is_not_given_back() -> None:
    places = Places(1, 1, "sockets", "account")
    places.take("a")
    with pytest.raises(Busy), places.held("b"):
        pytest.fail("it was let in")
    assert len(places) == 1


class People:
    """A crowd, and who was thrown out of it."""

    def __init__(self, total: int, each: int) -> None:
        self.crowd = Crowd(total, each, grace=2.0)
        self.out: list[str] = []

    def enter(self, name: str, now: float = 0.0) -> Stranger:
        return self.crowd.enter(name[0], now, lambda: self.out.append(name))


def test_the_oldest_of_the_fullest_address_makes_room() -> None:
    people = People(5, 4)
    for name in ("a1", "a2", "a3", "b1", "b2"):
        people.enter(name)
    people.enter("c1")
    assert people.out == ["a1"]


def test_one_that_spoke_goes_after_those_that_did_not() -> None:
    people = People(4, 4)
    first = people.enter("a1")
    for name in ("a2", "a3", "b1"):
        people.enter(name)
    people.crowd.stir(first, 1.0)
    people.enter("c1", 1.0)
    assert people.out == ["a2"]


def test_in_a_fair_crowd_only_the_stale_go() -> None:
    people = People(2, 2)
    people.enter("a1", 0.0)
    people.enter("b1", 1.0)
    with pytest.raises(Busy):
        people.enter("c1", 1.9)
    people.enter("c1", 2.0)
    assert people.out == ["a1"]


def test_a_full_address_takes_no_place_of_one_that_has_less() -> None:
    people = People(5, 4)
    people.enter("c1", 0.0)
    for name in ("a1", "a2", "b1", "b2"):
        people.enter(name, 1.0)
    with pytest.raises(Busy):
        people.enter("a3", 2.5)
    people.enter("a3", 3.5)
    assert people.out == ["a1"]


def test_an_address_with_its_share_replaces_only_its_own_stale_ones() -> None:
    people = People(9, 2)
    people.enter("b1", 0.0)
    people.enter("a1", 0.0)
    people.enter("a2", 0.0)
    with pytest.raises(TooManyRequests):
        people.enter("a3", 1.0)
    people.enter("a3", 3.0)
    assert people.out == ["a1"]


def test_who_signed_in_or_left_takes_no_place() -> None:
    people = People(1, 1)
    one = people.enter("a1")
    people.crowd.leave(one)
    people.crowd.leave(one)
    people.crowd.stir(one, 1.0)
    people.enter("b1")
    assert (people.out, len(people.crowd)) == ([], 1)


@given(
    st.lists(
        st.tuples(st.sampled_from("abcdef"), st.floats(0, 3), st.booleans()), max_size=80
    )
)  # fmt: skip
def test_the_bounds_hold_whatever_comes(steps: list[tuple[str, float, bool]]) -> None:
    """And a newcomer from an address with nothing there gets in whenever another has two more."""
    crowd = Crowd(6, 3, grace=1.0)
    inside: list[Stranger] = []
    now = 0.0
    for holder, wait, leaves in steps:
        now += wait
        if leaves and inside:
            crowd.leave(inside.pop(0))
            continue
        before = Counter(one.holder for one in inside)
        try:
            made = crowd.enter(holder, now, lambda: None)
        except (Busy, TooManyRequests):
            assert before[holder] > 0 or max(before.values()) <= 1
            continue
        inside = [one for one in inside if one in crowd._by_holder.get(one.holder, {})] + [made]
        assert len(crowd) == len(inside) <= 6
        assert max(Counter(one.holder for one in inside).values()) <= 3
