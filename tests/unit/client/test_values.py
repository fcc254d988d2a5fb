"""Values of many servers over one connection: what is asked, how it ends, who may end it."""

from __future__ import annotations

import threading

import pytest
from websockets.sync.server import ServerConnection

from chatops.client import Client
from chatops.errors import HubUnreachable, NotSignedIn
from chatops.protocol.client_messages import (
    ClientAuth,
    ClientAuthSuccess,
    Values,
    ValuesEvent,
    Watch,
    from_client,
)
from chatops.protocol.codec import encode
from chatops.protocol.messages import Error
from tests.support.fake_sockets import hub

ONE = Values("s1", "web-1", "2026-01-01T00:00:00.000Z", {"cpu": 3.0})
WELCOME = encode(ClientAuthSuccess(user="ada", time="2026-01-01T00:00:00.000Z"))


def test_the_target_and_metrics_are_asked_for_and_values_come() -> None:
    asked: list[object] = []
    told: list[str | None] = []

    def talk(socket: ServerConnection, _: int, first: ClientAuth) -> None:
        assert socket.request is not None
        asked.append(socket.request.path)
        socket.send(WELCOME)
        asked.append(from_client().decode(socket.recv()))
        socket.send('{"type": "from_the_future"}')
        socket.send(encode(ValuesEvent(data=ONE)))

    with hub(talk) as url, Client(url, "t") as client:
        live = client.metrics.values("web-*", ["cpu"]).follow(told.append)
        assert next(live) == ONE
        with pytest.raises(HubUnreachable, match="no live metrics"):
            next(live)
    assert asked == ["/api/v1/ws/metrics", Watch(target="web-*", metrics=["cpu"])]
    assert told == ["2026-01-01T00:00:00.000Z"]


def test_a_refused_token_is_renewed_once() -> None:
    def talk(socket: ServerConnection, _: int, first: ClientAuth) -> None:
        if first.token != "fresh":
            socket.send(encode(Error(code="not_signed_in", message="expired")))
            return
        socket.send(WELCOME)
        socket.send(encode(ValuesEvent(data=ONE)))
        socket.recv()
        socket.recv()

    with hub(talk) as url:
        with Client(url, "old", renew=lambda _: "fresh") as client:
            values = client.metrics.values("all", ["cpu"])
            live = values.follow(lambda _: None)
            assert next(live) == ONE
            values.close()
            assert list(live) == []
        with Client(url, "old", renew=lambda _: "older") as client:
            live = client.metrics.values("all", ["cpu"]).follow(lambda _: None)
            with pytest.raises(NotSignedIn):
                next(live)


def test_another_thread_may_end_it_while_it_waits() -> None:
    def talk(socket: ServerConnection, _: int, first: ClientAuth) -> None:
        socket.send(WELCOME)
        socket.recv()
        socket.recv()

    with hub(talk) as url, Client(url, "t") as client:
        values = client.metrics.values("all", ["cpu"])
        stands = threading.Event()
        found: list[Values] = []

        def follow() -> None:
            found.extend(values.follow(lambda _: stands.set()))

        thread = threading.Thread(target=follow)
        thread.start()
        assert stands.wait(10)
        values.close()
        thread.join(10)
        assert not thread.is_alive()
        assert found == []
