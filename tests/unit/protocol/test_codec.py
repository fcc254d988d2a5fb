"""Messages survive the wire; whatever is no message is refused by a reason, never a crash."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, get_args

import msgspec
import msgspec.inspect as mi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.errors import ProtocolError
from chatops.protocol import client_messages, codec, feed_messages, messages, rest
from chatops.protocol.codec import Codec, UnusableFrame, encode
from chatops.protocol.messages import Message
from tests.support import strategies

DIRECTIONS: dict[str, tuple[Codec[Any], tuple[type[Message], ...]]] = {
    "from_agent": (codec.from_agent(), get_args(codec.AgentMessage)),
    "from_hub": (codec.from_hub(), get_args(codec.HubMessage)),
    "from_client": (client_messages.from_client(), get_args(client_messages.FromClient)),
    "to_client": (client_messages.to_client(), get_args(client_messages.ToClient)),
}
EVERY = [(way, cls) for way, (_, classes) in DIRECTIONS.items() for cls in classes]
NAMES = [f"{way}-{cls.__name__}" for way, cls in EVERY]
BODIES = [
    cls
    for cls in (getattr(rest, name) for name in rest.__all__)
    if isinstance(cls, type)
    and issubclass(cls, msgspec.Struct)
    and cls not in (rest.Page, rest.Request)
]


def refusal(way: str, data: str | bytes) -> UnusableFrame:
    with pytest.raises(UnusableFrame) as caught:
        DIRECTIONS[way][0].decode(data)
    return caught.value


@pytest.mark.parametrize(("way", "cls"), EVERY, ids=NAMES)
@given(data=st.data())
def test_every_message_survives_the_wire(way: str, cls: type[Message], data: Any) -> None:
    message = data.draw(strategies.of(cls))
    text = encode(message)
    assert "\n" not in text
    again = DIRECTIONS[way][0].decode(text)
    assert type(again) is cls
    assert again == message
    assert json.loads(text)["type"] == cls.__struct_config__.tag


@pytest.mark.parametrize("cls", BODIES, ids=lambda cls: cls.__name__)
@given(data=st.data())
def test_every_rest_body_survives_the_wire(cls: type[msgspec.Struct], data: Any) -> None:
    body = data.draw(strategies.of(cls))
    assert msgspec.json.decode(msgspec.json.encode(body), type=cls) == body


def test_every_message_class_travels_in_some_direction() -> None:
    defined = {
        cls
        for module in (messages, feed_messages, client_messages)
        for cls in vars(module).values()
        if isinstance(cls, type) and issubclass(cls, Message) and cls is not Message
    }
    assert defined == {cls for _, cls in EVERY}


@pytest.mark.parametrize("way", DIRECTIONS)
def test_types_are_unique_in_each_direction(way: str) -> None:
    tags = [cls.__struct_config__.tag for cls in DIRECTIONS[way][1]]
    assert len(set(tags)) == len(tags)


def test_fields_that_are_not_known_are_ignored() -> None:
    assert codec.from_hub().decode('{"type":"ping","id":4,"later":{"a":[1]}}') == messages.Ping(
        id=4
    )


def test_the_type_may_stand_anywhere() -> None:
    assert codec.from_hub().decode('{"id":4,"type":"ping"}') == messages.Ping(id=4)


def test_bytes_and_text_are_the_same() -> None:
    assert codec.from_hub().decode(b'{"type":"ping"}') == codec.from_hub().decode('{"type":"ping"}')


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("", "malformed_json"),
        ("{", "malformed_json"),
        ("nonsense", "malformed_json"),
        (b"\xff\xfe", "malformed_json"),
        (b'{"type":"\xff"}', "malformed_json"),
        ("\udcff", "malformed_json"),
        ('{"type":"ping"} {"type":"ping"}', "malformed_json"),
        ('{"type":"ping","id":NaN}', "malformed_json"),
        ('{"type":"ping","later":"\\ud800"}', "malformed_json"),
        ('{"type":"ping","later":' + "[" * 100_000, "malformed_json"),
        ("[" * 100_000, "invalid_message"),
        ("null", "invalid_message"),
        ("[]", "invalid_message"),
        ('"ping"', "invalid_message"),
        ("{}", "invalid_message"),
        ('{"type":null}', "invalid_message"),
        ('{"type":7}', "invalid_message"),
        ('{"type":["ping"]}', "invalid_message"),
        ('{"type":"ping","id":"1"}', "invalid_message"),
        ('{"type":"ping","id":1.5}', "invalid_message"),
        ('{"type":"ping","id":' + "9" * 30 + "}", "invalid_message"),
        ('{"type":"ping","id":9223372036854775808}', "invalid_message"),
        (b'{"type":"x","type":"\xff"}', "invalid_message"),
        ('{"type":"pong ","id":1}', "unknown_type"),
        ('{"type":"PING"}', "unknown_type"),
        ('{"type":""}', "unknown_type"),
    ],
    ids=lambda value: str(value)[:30],
)
@pytest.mark.parametrize("way", DIRECTIONS)
def test_what_is_no_message_is_refused_by_its_reason(
    way: str, data: str | bytes, reason: str
) -> None:
    assert refusal(way, data).reason == reason


def test_a_message_of_the_other_direction_is_unknown() -> None:
    assert refusal("from_agent", encode(messages.CommandAck(id="1"))).reason == "unknown_type"
    assert refusal("from_client", encode(messages.CommandAck(id="1"))).reason == "unknown_type"


@pytest.mark.parametrize(
    "data",
    [
        '{"type":"' + "x" * 500_000 + '"}',
        '{"type":"command_response","id":"1","state":"' + "x" * 500_000 + '"}',
        '{"type":"' + "\\u001b" * 1000 + '"}',
    ],
    ids=["type", "value", "controls"],
)
def test_a_refusal_is_short_and_safe_whatever_was_sent(data: str) -> None:
    error = refusal("from_agent", data)
    assert isinstance(error, ProtocolError)
    assert len(error.message) < 300
    assert error.message.isprintable()


@pytest.mark.parametrize("way", DIRECTIONS)
@given(data=st.binary(max_size=60) | strategies.TEXT | strategies.JSON.map(json.dumps))
def test_garbage_is_refused_and_nothing_worse(way: str, data: str | bytes) -> None:
    assert refusal(way, data).reason in {"malformed_json", "invalid_message", "unknown_type"}


@pytest.mark.parametrize(("way", "cls"), EVERY, ids=NAMES)
@given(data=st.data())
def test_a_message_with_one_field_spoilt_is_read_or_refused(
    way: str, cls: type[Message], data: Any
) -> None:
    fields = json.loads(encode(data.draw(strategies.of(cls))))
    spoilt = data.draw(st.sampled_from([*cls.__struct_encode_fields__, "type"]))
    fields[spoilt] = data.draw(strategies.JSON)
    try:
        message = DIRECTIONS[way][0].decode(json.dumps(fields))
    except UnusableFrame:
        return
    assert isinstance(message, Message)


def bounds(kind: Any) -> Iterator[tuple[int | None, int | None]]:
    """The bounds of every integer in a type, however deep."""
    if isinstance(kind, mi.IntType):
        yield kind.ge, kind.le
    parts = [getattr(kind, name, None) for name in ("type", "item_type", "key_type", "value_type")]
    parts += [one.type for one in getattr(kind, "fields", ())]
    for part in [*parts, *getattr(kind, "types", ())]:
        if isinstance(part, mi.Type):
            yield from bounds(part)


@pytest.mark.parametrize("way", ["from_agent", "from_client", "from_hub"])
def test_every_integer_fits_where_it_is_stored_or_sent_on(way: str) -> None:
    found = [
        (cls.__name__, low, high)
        for cls in DIRECTIONS[way][1]
        for low, high in bounds(mi.type_info(cls))
    ]
    assert found
    for name, low, high in found:
        assert low is not None, f"{name} has an int: use chatops.protocol.integers"
        assert high is not None, name


def test_request_bodies_refuse_fields_they_do_not_know() -> None:
    for cls in BODIES:
        if issubclass(cls, rest.Request):
            assert cls.__struct_config__.forbid_unknown_fields, cls.__name__
