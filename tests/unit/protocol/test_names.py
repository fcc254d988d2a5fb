"""Names, tags and roles."""

from __future__ import annotations

import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.errors import InvalidInput
from chatops.protocol.limits import MAX_NAME, MAX_TAGS
from chatops.protocol.names import ROLES, Role, check_name, check_tags, lower_role, role_rank

# The form as CLI.md's contract has it, written out again so that a change is noticed.
FORM = r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}"

ID = "018cc251-f400-7000-8000-000000000abc"


@given(st.from_regex(FORM, fullmatch=True).filter(lambda name: name != "all"))
def test_a_good_name_is_taken(name: str) -> None:
    assert check_name(name) == name


@given(st.text(max_size=70))
def test_a_name_is_taken_if_and_only_if_it_has_the_form(name: str) -> None:
    good = re.fullmatch(FORM, name) is not None and name != "all"
    if good:
        check_name(name)
    else:
        with pytest.raises(InvalidInput):
            check_name(name)


@pytest.mark.parametrize(
    "name",
    ["", ".hidden", "-rf", "a b", "a/b", "ä", "web-1\n", "x" * (MAX_NAME + 1), "web*", "a,b", "!a",
     "tag:env=prod", "all", ID, ID.upper()],
)  # fmt: skip
def test_a_bad_name_is_refused_with_what_it_was_for(name: str) -> None:
    with pytest.raises(InvalidInput, match="cannot be a server name") as caught:
        check_name(name, "server name")
    assert caught.value.hint
    assert len(caught.value.message) < 150


def test_the_longest_name_is_taken() -> None:
    assert check_name("x" * MAX_NAME)


def test_tags() -> None:
    tags = {"env": "prod", "rack": "a/3:b@c+d-e_f.g", "empty": ""}
    assert check_tags(tags) == tags
    assert check_tags(tags) is not tags


@pytest.mark.parametrize(
    "tags",
    [{"": "x"}, {"a b": "x"}, {"a=b": "x"}, {"env": "a b"}, {"env": "a,b"}, {"env": "ä"},
     {"env": "x" * 129}, {"env": "x\n"}, {str(n): "" for n in range(MAX_TAGS + 1)}],
    ids=lambda tags: str(tags)[:20],
)  # fmt: skip
def test_bad_tags_are_refused(tags: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        check_tags(tags)


def test_as_many_tags_as_allowed() -> None:
    assert len(check_tags({str(n): "" for n in range(MAX_TAGS)})) == MAX_TAGS


def test_roles_are_ranked_from_the_least_powerful() -> None:
    assert ROLES == ("viewer", "operator", "admin")
    assert [role_rank(role) for role in ROLES] == [0, 1, 2]


@pytest.mark.parametrize(("one", "other"), list(product(ROLES, ROLES)))
def test_the_lower_of_two_roles(one: Role, other: Role) -> None:
    assert role_rank(lower_role(one, other)) == min(role_rank(one), role_rank(other))
