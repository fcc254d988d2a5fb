from __future__ import annotations

import pytest

from chatops.cli.top.fleet import Row
from chatops.cli.top.order import Group, Order, after, arrange, matcher, tag_keys
from docs.gen.top_scene import server


def rows(*named: str, **values: float) -> list[Row]:
    """Rows of these names; ``values`` are the cpu of some."""
    return [
        Row(server(1, name=name, tags={"env": name[:2]} if name[0] != "x" else {}),
            values={"cpu": values[name]} if name in values else {})
        for name in named
    ]  # fmt: skip


def names(order: Order, found: list[Row]) -> list[str]:
    return [one.name for one in arrange(found, order) if isinstance(one, Row)]


def test_what_is_unknown_stands_last_whichever_way_it_is_sorted() -> None:
    found = rows("a", "b", "c", "d", a=1.0, b=3.0, c=2.0)
    assert names(Order("cpu"), found) == ["b", "c", "a", "d"]
    assert names(Order("cpu", reverse=True), found) == ["a", "c", "b", "d"]


def test_equal_values_stand_in_order_of_name() -> None:
    assert names(Order("alerts"), rows("b", "c", "a")) == ["a", "b", "c"]


def test_groups_stand_in_order_of_their_value_and_those_without_come_last() -> None:
    lines = arrange(rows("xx", "db1", "ab1", "db2"), Order(group="env"))
    told = [one.value if isinstance(one, Group) else one.name for one in lines]
    assert told == ["ab", "ab1", "db", "db1", "db2", None, "xx"]


@pytest.mark.parametrize(
    ("words", "fits"),
    [("", True), ("web", True), ("WEB-1", True), ("eb-1", True), ("web-*", True), ("db-*", False),
     ("tag:env=prod", True), ("tag:env=test", False), ("tag:env", True), ("env=pr", True),
     ("!web-1", False), ("!db-1", True), ("web prod", True), ("web test", False), ("all", True),
     ("db-1,web-1", True), ("debian", True), ("[", False), ("tag:", True), ("!", False)],
)  # fmt: skip
def test_words_are_targets_or_parts(words: str, fits: bool) -> None:
    row = Row(server(0, name="web-1", tags={"env": "prod"}))
    assert matcher(words)(row) is fits


def test_the_next_of_a_circle() -> None:
    assert [after(one, ["a", "b"], none=True) for one in (None, "a", "b", "gone")] == [
        "a", "b", None, None
    ]  # fmt: skip
    assert after("b", ["a", "b"]) == "a"
    assert after("x", []) == "x"


def test_the_keys_of_all_tags() -> None:
    assert tag_keys(rows("a", "x")) == ["env"]
