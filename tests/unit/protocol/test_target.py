"""TARGET: the grammar, what it covers, and that it never does anything else."""

from __future__ import annotations

from contextlib import suppress
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.errors import InvalidInput, NotFound
from chatops.protocol.limits import MAX_GLOBS
from chatops.protocol.target import Facts, parse_target

FLEET = [
    Facts("018f0000-0000-7000-8000-000000000001", "web-1", {"env": "prod", "role": "web"}),
    Facts("018f0000-0000-7000-8000-000000000002", "web-2", {"env": "test"}),
    Facts("018f0000-0000-7000-8000-000000000003", "db-1", {"env": "prod"}),
]
names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True)
fleets = st.lists(
    st.builds(
        Facts,
        st.uuids().map(str),
        names.filter(lambda name: name != "all"),
        st.dictionaries(st.sampled_from(["env", "role"]), st.sampled_from(["a", "b"])),
    ),
    max_size=8,
    unique_by=lambda facts: facts.name,
)
forms = st.sampled_from(["all", "tag:env=a", "tag:role=b", "*", "w*", "[a-m]*", "?*"])
targets = st.lists(st.tuples(st.booleans(), forms), min_size=1, max_size=4).filter(
    lambda parts: not all(out for out, _ in parts)
)


def chosen(text: str) -> list[str]:
    return [facts.name for facts in parse_target(text).select(FLEET, lambda facts: facts)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("web-1", ["web-1"]),
        ("018f0000-0000-7000-8000-000000000003", ["db-1"]),
        ("db-1,web-1", ["web-1", "db-1"]),
        ("web-*", ["web-1", "web-2"]),
        ("*-[!2]", ["web-1", "db-1"]),
        ("tag:env=prod", ["web-1", "db-1"]),
        ("tag:env=none", []),
        ("all", ["web-1", "web-2", "db-1"]),
        ("all,!db-1", ["web-1", "web-2"]),
        ("!db-1,all", ["web-1", "web-2"]),
        ("web-*,db-1,!tag:env=test", ["web-1", "db-1"]),
        ("all,!web-*", ["db-1"]),
        ("web-1, web-1", ["web-1"]),
    ],
)
def test_each_form_covers_what_it_says(text: str, expected: list[str]) -> None:
    assert chosen(text) == expected


@pytest.mark.parametrize(
    ("text", "one"),
    [("web-1", "web-1"), ("web-1,web-2", None), ("web-?", None), ("all", None),
     ("tag:env=prod", None), ("web-1,!db-1", None)],
)  # fmt: skip
def test_only_a_plain_name_means_one_server(text: str, one: str | None) -> None:
    assert parse_target(text).one == one


@pytest.mark.parametrize(
    "text",
    ["", " ", ",", "web-1,", "!", "!!web-1", "tag:", "tag:env", "tag:=x", "tag:env=a b", "web 1",
     "web-1;rm", "-x", "a/b", "wéb", "web\n1", "x" * 64, "x," * 3000],
)  # fmt: skip
def test_anything_else_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_target(text)


def test_only_leaving_out_is_refused_with_what_to_write() -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_target("!db-1")
    assert caught.value.hint == "write 'all,!db-1'"


def test_a_name_that_is_not_there_is_an_error_also_when_left_out() -> None:
    with pytest.raises(NotFound, match="gone-1"):
        chosen("all,!gone-1")


@given(fleets, targets)
def test_a_server_is_covered_iff_taken_in_and_not_left_out(
    fleet: list[Facts], parts: list[tuple[bool, str]]
) -> None:
    target = parse_target(",".join(("!" if out else "") + form for out, form in parts))
    hit = {form: parse_target(form) for _, form in parts}
    expected = [
        facts
        for facts in fleet
        if any(hit[form].covers(facts) for out, form in parts if not out)
        and not any(hit[form].covers(facts) for out, form in parts if out)
    ]
    assert target.select(fleet, lambda facts: facts) == expected


@given(st.text(max_size=60))
def test_no_text_does_more_than_parse_or_be_refused(text: str) -> None:
    with suppress(InvalidInput):
        assert parse_target(text).parts


@given(fleets)
def test_a_name_always_selects_exactly_its_server(fleet: list[Facts]) -> None:
    for facts in fleet:
        assert parse_target(facts.name).select(fleet, lambda one: one) == [facts]


@given(fleets, targets)
def test_a_target_is_written_as_it_is_read_and_names_are_the_ids_they_stand_for(
    fleet: list[Facts], forms: list[tuple[bool, str]]
) -> None:
    words = [("!" if out else "") + form for out, form in forms]
    words += [facts.name for facts in fleet[:2]] + [f"!{facts.name}" for facts in fleet[2:3]]
    target = parse_target(",".join(words))
    assert str(target) == ",".join(words)
    pinned = target.renamed({facts.name: facts.id for facts in fleet})
    assert not {facts.name for facts in fleet} & {part.text for part in pinned.parts}
    assert [pinned.covers(one) for one in fleet] == [target.covers(one) for one in fleet]
    again = parse_target(str(pinned)).renamed({facts.id: facts.name for facts in fleet})
    assert again == target


def test_a_target_that_was_kept_may_be_longer_than_one_that_is_typed() -> None:
    text = ",".join(["018f0000-0000-7000-8000-000000000001"] * 200)
    with pytest.raises(InvalidInput, match="at most 4096"):
        parse_target(text)
    assert len(parse_target(text, longest=None).parts) == 200


def test_globs_are_few_as_each_is_tried_on_each_server() -> None:
    assert parse_target(",".join(["w*"] * MAX_GLOBS)).covers(FLEET[0])
    with pytest.raises(InvalidInput, match="at most 50 globs, not 51"):
        parse_target(",".join(["w*"] * (MAX_GLOBS + 1)))


def test_a_server_is_not_compared_with_each_form_of_the_longest_target() -> None:
    compared = count()

    class Counted(str):
        __slots__ = ()
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            next(compared)
            return str.__eq__(self, other)

    texts = [Counted(number) for number in range(5000)]
    fleet = [Facts(text, Counted(f"a{text}"), {"a": text}) for text in texts]
    text = ",".join(["*", *(f"!tag:a={n},!a{n + 100}" for n in range(150, 250))])
    text += "," + ",".join(f"a{number % 100}" for number in range(400))
    assert len(parse_target(text).select(fleet, lambda facts: facts)) == 5000 - 200
    assert next(compared) < len(fleet)  # form by form it is some hundred times as many
