"""The error tree: stable codes, each with an HTTP status, rebuilt across the wire."""

from __future__ import annotations

import pytest

import chatops.errors
from chatops.errors import (
    STATUS,
    ChatOpsError,
    NoSample,
    NotFound,
    TooManyRequests,
    error_classes,
    from_code,
)


def test_every_code_has_a_status_and_every_status_a_code() -> None:
    assert set(error_classes()) == set(STATUS)


def test_codes_are_unique() -> None:
    own = [
        cls
        for cls in vars(chatops.errors).values()
        if isinstance(cls, type) and issubclass(cls, ChatOpsError)
    ]
    assert len({cls.code for cls in own}) == len(own)
    assert {cls.code: cls for cls in own} == error_classes()


def test_the_tree_is_drawn_as_it_is() -> None:
    drawing = chatops.errors.__doc__ or ""
    rows = {
        tuple(line.replace("├──", "").replace("└──", "").replace("│", "").split()[:2])
        for line in drawing.splitlines()
        if "──" in line
    }
    assert rows == {
        (cls.__name__, code) for code, cls in error_classes().items() if cls is not ChatOpsError
    }


@pytest.mark.parametrize("code", sorted(STATUS))
def test_an_error_survives_the_wire(code: str) -> None:
    error = from_code(code, "it broke", hint="mend it", details={"retry_after": 3, "who": "me"})
    assert type(error) is error_classes()[code]
    assert (error.code, error.message, error.hint) == (code, "it broke", "mend it")
    assert str(error) == "it broke"


def test_an_unknown_code_is_a_plain_error() -> None:
    error = from_code("invented_later", "new", details={"a": 1})
    assert type(error) is ChatOpsError
    assert error.details == {"a": 1}


def test_a_subclass_without_a_code_of_its_own_does_not_take_its_parents_place() -> None:
    class Special(NotFound):
        """Has the code of NotFound."""

    assert error_classes()["not_found"] is NotFound
    assert type(from_code("not_found", "gone")) is NotFound
    assert Special.code == "not_found"


@pytest.mark.parametrize("given", ["soon", None, [1], {}, "inf", -4])
def test_a_senseless_retry_after_is_one_second(given: object) -> None:
    error = from_code("too_many_requests", "slow down", details={"retry_after": given})
    assert isinstance(error, TooManyRequests)
    assert error.retry_after == 1.0


def test_retry_after_is_kept() -> None:
    error = from_code("too_many_requests", "slow down", details={"retry_after": 2.5})
    assert isinstance(error, TooManyRequests)
    assert error.retry_after == 2.5
    assert error.details == {"retry_after": 2.5}


def test_no_sample_is_a_not_found() -> None:
    assert issubclass(NoSample, NotFound)


def test_details_are_a_copy() -> None:
    facts = {"a": 1}
    error = ChatOpsError("x", details=facts)
    facts["a"] = 2
    assert error.details == {"a": 1}
