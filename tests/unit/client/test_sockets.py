"""Live metrics: the first frame, reconnection, final refusals, silence."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from websockets.sync.server import ServerConnection

from chatops.client import Client
from chatops.client.sockets import Link
from chatops.errors import HubUnreachable, NotFound, NotSignedIn
from chatops.protocol.client_messages import (
    ClientAuth,
    ClientAuthSuccess,
    MetricsEvent,
    ToClient,
    from_client,
    to_client,
)
from chatops.protocol.codec import Codec, encode
from chatops.protocol.messages import Error, Ping, Pong
from chatops.protocol.metrics import Cpu, Memory, Swap
from chatops.protocol.rest import ServerSample
from tests.support.fake_sockets import hub


def sample(number: int) -> str:
    return encode(
        MetricsEvent(
            data=ServerSample(
                server="web-1",
                ts="2026-01-01T00:00:00.000Z",
                cpu=Cpu(percent=number),
                load=[],
                memory=Memory(),
                swap=Swap(),
                disks=[],
                disk_io=[],
                network=[],
                temperatures=[],
                uptime_s=None,
                process_count=None,
                containers=[],
                missing={},
            )
        )
    )


def watch(url: str, count: int, token: str = "t") -> list[float | None]:
    with Client(url, token) as client:
        samples = client.metrics.watch("web-1")
        got = [next(samples).cpu.percent for _ in range(count)]
        samples.close()
        return got


def test_samples_come_after_the_token_was_sent() -> None:
    seen: list[str] = []

    def talk(socket: ServerConnection, _: int, first: ClientAuth) -> None:
        assert socket.request is not None
        seen.extend((socket.request.path, first.token))
        socket.send(encode(ClientAuthSuccess(server_id="s")))
        socket.send('{"type": "from_the_future"}')
        socket.send(encode(Ping(id=7)))
        pong = from_client().decode(socket.recv())
        assert pong == Pong(id=7)
        socket.send(sample(1))
        socket.send(sample(2))
        socket.recv()

    with hub(talk) as url:
        assert watch(url, 2, "secret-token") == [1, 2]
    assert seen == ["/api/v1/ws/metrics/web-1", "secret-token"]


def test_a_lost_connection_is_made_again() -> None:
    def talk(socket: ServerConnection, number: int, _: ClientAuth) -> None:
        socket.send(sample(number))
        if number < 3:
            socket.close()
        else:
            socket.recv()

    changes: list[Link] = []
    with hub(talk) as url, Client(url, "t") as client:
        samples = client.metrics.watch("web-1", on_change=changes.append)
        assert [next(samples).cpu.percent for _ in range(3)] == [1, 2, 3]
        samples.close()
    assert changes == ["lost", "back", "lost", "back"]


@pytest.mark.parametrize(
    ("code", "kind"), [("not_found", NotFound), ("not_signed_in", NotSignedIn)]
)
def test_a_final_refusal_is_raised(code: str, kind: type[Exception]) -> None:
    def talk(socket: ServerConnection, _: int, first: ClientAuth) -> None:
        socket.send(encode(Error(code=code, message="no")))
        socket.close()

    with hub(talk) as url, pytest.raises(kind):
        watch(url, 1)


def test_a_first_connection_that_fails_is_said_and_not_tried_for_ever() -> None:
    def talk(socket: ServerConnection, _: int, first: ClientAuth) -> None:
        socket.close()

    with hub(talk) as url, pytest.raises(HubUnreachable, match="no live metrics"):
        watch(url, 1)


def test_an_expired_token_is_renewed_once() -> None:
    def talk(socket: ServerConnection, _: int, first: ClientAuth) -> None:
        if first.token != "new":
            socket.send(encode(Error(code="not_signed_in", message="expired")))
            return
        socket.send(sample(5))
        socket.recv()

    with hub(talk) as url, Client(url, "old", renew=lambda _: "new") as client:
        samples = client.metrics.watch("web-1")
        assert next(samples).cpu.percent == 5
        samples.close()


def test_followers_in_threads_share_a_codec_made_by_who_calls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    makers: list[threading.Thread] = []
    make = Codec.__init__

    def noted(self: Codec[ToClient], union: Any) -> None:
        makers.append(threading.current_thread())
        make(self, union)

    def talk(socket: ServerConnection, _: int, first: ClientAuth) -> None:
        socket.send(sample(5))
        socket.recv()

    from_client()  # the hub's own, which is not counted
    to_client.cache_clear()
    monkeypatch.setattr(Codec, "__init__", noted)
    got: list[float | None] = []
    with hub(talk) as url, Client(url, "t") as one, Client(url, "t") as other:
        watches = [one.metrics.watch("web-1"), other.metrics.watch("web-1")]

        def follow(number: int) -> None:
            got.append(next(watches[number]).cpu.percent)
            watches[number].close()

        threads = [threading.Thread(target=follow, args=(number,)) for number in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert got == [5, 5]
    assert makers == [threading.current_thread()]
