"""The wire as it was when each message was made: golden files, which are only ever added to.

tests/contract/golden/MODULE.CLASS.json holds a list of samples. ``wire`` is a message as it
travels, ``means`` all its fields, defaults included: a default that is left out on the wire is
part of it. A sample is never changed; a new field or type gets a new sample. A field that says
nothing (null, [] or {}) may be left out by those that once wrote it.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from chatops.protocol import client_messages, feed_messages, messages, rest
from chatops.protocol.join import Join
from chatops.protocol.messages import Message
from tests.support.examples import full, least, spelled_out
from tests.support.source import ROOT

GOLDEN = ROOT / "tests" / "contract" / "golden"
CLASSES: dict[str, type[msgspec.Struct]] = {
    f"{module.__name__.rsplit('.')[-1]}.{cls.__name__}": cls
    for module in (messages, feed_messages, client_messages)
    for cls in vars(module).values()
    if isinstance(cls, type) and issubclass(cls, Message) and cls.__module__ == module.__name__
    and cls is not Message
} | {"rest.StreamEvent": rest.StreamEvent, "join.Join": Join}  # fmt: skip
FILES = sorted(GOLDEN.glob("*.json"))


def sample_of(message: msgspec.Struct) -> dict[str, Any]:
    return {"wire": json.loads(msgspec.json.encode(message)), "means": spelled_out(message)}


def samples(name: str) -> list[dict[str, Any]]:
    path = GOLDEN / f"{name}.json"
    wanted = json.dumps([sample_of(make(CLASSES[name])) for make in (full, least)], indent=2)
    assert path.exists(), f"{path.relative_to(ROOT)} is missing; it could hold\n{wanted}"
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return found


def fields_in(data: Any, at: str = "") -> set[str]:
    """Dotted paths of every field that is set in some data."""
    if isinstance(data, list):
        return set().union(*(fields_in(one, at) for one in data))
    if not isinstance(data, dict):
        return set()
    return set().union(
        *({f"{at}.{key}"} | fields_in(one, f"{at}.{key}") for key, one in data.items())
    )


def known(means: Any, sample: Any) -> Any:
    """``means`` without the fields, at any depth, that were added after the sample was made."""
    if isinstance(means, dict) and isinstance(sample, dict):
        return {key: known(means[key], old) for key, old in sample.items()}
    if isinstance(means, list) and isinstance(sample, list) and len(means) == len(sample):
        return [known(*pair) for pair in zip(means, sample, strict=True)]
    return means


def telling(wire: Any) -> Any:
    """``wire`` without the fields that say nothing."""
    if isinstance(wire, list):
        return [telling(one) for one in wire]
    if not isinstance(wire, dict):
        return wire
    told = ((key, telling(one)) for key, one in wire.items())
    return {key: one for key, one in told if one not in (None, [], {})}


@pytest.mark.parametrize("name", CLASSES)
def test_old_messages_are_read_and_written_as_ever(name: str) -> None:
    for sample in samples(name):
        message = msgspec.json.decode(json.dumps(sample["wire"]), type=CLASSES[name])
        written, wire = json.loads(msgspec.json.encode(message)), telling(sample["wire"])
        assert telling(known(written, wire)) == wire
        assert known(spelled_out(message), sample["means"]) == sample["means"]


@pytest.mark.parametrize("name", CLASSES)
def test_every_field_stands_in_a_golden_file(name: str) -> None:
    example = sample_of(full(CLASSES[name]))
    there = set().union(*(fields_in(sample["wire"]) for sample in samples(name)))
    missing = sorted(fields_in(example["wire"]) - there)
    assert missing == [], f"append to golden/{name}.json\n{json.dumps(example, indent=2)}"


@pytest.mark.parametrize("name", CLASSES)
def test_the_least_message_is_pinned(name: str) -> None:
    wire = sample_of(least(CLASSES[name]))["wire"]
    assert set(wire) in [set(sample["wire"]) for sample in samples(name)]


def test_no_golden_file_is_without_its_class() -> None:
    assert {path.stem for path in FILES} == set(CLASSES)
