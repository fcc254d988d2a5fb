"""A log that is followed: what is asked for again, and how it ends."""

from __future__ import annotations

import pytest
from websockets.sync.server import ServerConnection

from chatops.client import Client
from chatops.client.sockets import Link
from chatops.errors import HubUnreachable, InvalidInput, NotFound
from chatops.protocol.client_messages import (
    ClientAuth,
    ClientAuthSuccess,
    LogPage,
    LogsEvent,
    Tail,
    from_client,
)
from chatops.protocol.codec import encode
from chatops.protocol.messages import Error
from tests.support.fake_sockets import hub

WELCOME = encode(ClientAuthSuccess(user="ada"))


def page(after: int) -> str:
    return encode(LogsEvent(data=LogPage(after=after, entries=[])))


def test_who_comes_back_asks_for_what_comes_after_the_last_place() -> None:
    asked: list[Tail] = []
    told: list[Link] = []

    def talk(socket: ServerConnection, number: int, _: ClientAuth) -> None:
        socket.send(WELCOME)
        asked.append(from_client().decode(socket.recv()))  # type: ignore[arg-type]  # it is one
        if number == 1:
            socket.send(page(7))
            socket.send(page(9))
        elif number == 2:
            socket.send(encode(Error(code="hub_stopping", message="later")))
        else:
            socket.send(page(11))
            socket.recv()

    with hub(talk) as url, Client(url, "t") as client:
        tail = iter(client.logs.tail("web-*", lines=5, level="error", on_change=told.append))
        assert [next(tail).after for _ in range(3)] == [7, 9, 11]
    assert [(one.target, one.lines, one.level, one.after) for one in asked] == [
        ("web-*", 5, "error", after) for after in (None, 9, 9)
    ]
    assert told == ["lost", "back"]


def test_one_that_was_never_there_and_one_that_is_away_too_long_are_errors() -> None:
    def talk(socket: ServerConnection, number: int, _: ClientAuth) -> None:
        if number == 2:
            socket.send(WELCOME)
            socket.recv()
            socket.send(page(1))

    with hub(talk) as url, Client(url, "t") as client:
        with pytest.raises(HubUnreachable, match="cannot reach the hub"):
            next(iter(client.logs.tail("web-1")))
        tail = iter(client.logs.tail("web-1", patience=0.0))
        assert next(tail).after == 1
        with pytest.raises(HubUnreachable, match="cannot reach the hub"):
            next(tail)


@pytest.mark.parametrize(("code", "error"), [("not_found", NotFound), ("invalid", InvalidInput)])
def test_a_refusal_is_final(code: str, error: type[Exception]) -> None:
    def talk(socket: ServerConnection, _: int, __: ClientAuth) -> None:
        socket.send(WELCOME)
        socket.recv()
        socket.send(encode(Error(code=code, message="no")))
        socket.recv()

    with hub(talk) as url, Client(url, "t") as client, pytest.raises(error):
        next(iter(client.logs.tail("web-1")))


def test_without_following_it_ends_as_the_hub_says() -> None:
    def talk(socket: ServerConnection, _: int, __: ClientAuth) -> None:
        socket.send(WELCOME)
        socket.recv()
        socket.send(page(3))
        socket.send(encode(Error(code="done", message="")))
        socket.recv()

    with hub(talk) as url, Client(url, "t") as client:
        assert [one.after for one in client.logs.tail("web-1", follow=False)] == [3]
