"""Bad queries and bodies are explained in words that help."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from chatops.protocol import rest
from chatops.server.api.complaints import complaint
from chatops.server.api.operation import NoQuery
from chatops.server.api.queries import HistoryParameters, PageQuery, ServersQuery

GOOD: dict[str, Any] = {"name": "ann", "password": "long enough"}


@pytest.mark.parametrize(
    ("kind", "given", "message"),
    [
        (rest.UserCreate, GOOD | {"password": "x"}, "password must have at least 8 characters"),
        (rest.UserCreate, GOOD | {"name": "x" * 64}, "name must have at most 63 characters"),
        (rest.UserCreate, GOOD | {"name": ""}, "name must not be empty"),
        (rest.UserCreate, GOOD | {"name": 5}, "name must be text, not a whole number"),
        (rest.UserCreate, GOOD | {"role": "god"}, "role cannot be 'god'"),
        (rest.UserCreate, {"name": "ann"}, "the body lacks 'password'"),
        (rest.UserCreate, GOOD | {"colour": "red"}, "the body takes no 'colour'"),
        (rest.UserCreate, [], "the body must be an object, not a list"),
        (rest.UserCreate, None, "the body must be an object, not null"),
        (rest.ServerCreate, {"name": "a", "tags": {"env": 5}},
         "tags[...] must be text, not a whole number"),
        (rest.CommandCreate, {"target": "a", "command": 5},
         "command must be text or a list, not a whole number"),
        (rest.CommandCreate, {"target": "a", "command": []}, "command must not be empty"),
        (rest.CommandCreate, {"target": "a", "command": "x", "timeout": 0},
         "timeout must be more than 0"),
        (rest.CommandCreate, {"target": "a", "command": "x", "timeout": 3e6},
         "timeout must be at most 2592000"),
        (PageQuery, {"limit": "0"}, "limit must be at least 1"),
        (PageQuery, {"limit": "many"}, "limit must be a whole number, not text"),
        (HistoryParameters, {"metric": ["cpu"] * 21}, "metric must have at most 20 entries"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_words(
    kind: type[msgspec.Struct], given: object, message: str
) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(given, kind, strict=kind is not PageQuery)
    assert complaint(caught.value, kind, "the body").message == message


@pytest.mark.parametrize(
    ("kind", "given", "hint"),
    [
        (rest.UserCreate, GOOD | {"role": "god"}, "choose of viewer, operator, admin"),
        (rest.UserUpdate, {"role": 5}, "choose of viewer, operator, admin"),
        (ServersQuery, {"status": "up"}, "choose of online, offline, never"),
        (rest.UserCreate, GOOD | {"name": ""}, None),
        (rest.UserCreate, GOOD | {"colour": "red"}, "it takes name, password, role"),
        (NoQuery, {"colour": "red"}, "it takes nothing"),
    ],
)
def test_a_field_of_few_words_names_them(
    kind: type[msgspec.Struct], given: object, hint: str | None
) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(given, kind)
    assert complaint(caught.value, kind, "the body").hint == hint


def test_a_form_that_is_not_known_is_passed_on() -> None:
    error = msgspec.ValidationError("Number out of range - at `$.timeout`")
    told = complaint(error, rest.CommandCreate, "the body")
    assert (told.message, told.hint) == ("timeout: Number out of range", None)
