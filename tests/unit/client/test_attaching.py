"""Attaching to commands and runs over the socket, and feeding standard input."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest
from websockets.sync.server import ServerConnection

from chatops.client import Client
from chatops.client.run_events import End, Output, RunEvent, Start, Taken
from chatops.client.stdin import Input
from chatops.errors import HubUnreachable, NotFound, NotSignedIn, Offline
from chatops.protocol import closing
from chatops.protocol.client_messages import (
    Attach,
    ClientAuth,
    ClientAuthSuccess,
    CommandEvent,
    from_client,
)
from chatops.protocol.codec import encode
from chatops.protocol.frames import decode_frame, encode_frame
from chatops.protocol.messages import Error, Message, StreamClose, StreamCredit
from chatops.protocol.rest import ErrorDetail, StreamEvent
from tests.support.fake_sockets import Talk, hub
from tests.support.samples import result

RUN = StreamEvent(event="run", run_id="r1", servers=1)
START = StreamEvent(
    event="start", server="web-1", command_id="c1", run_id="r1", stdout=1, stderr=2
)  # fmt: skip
END = msgspec.convert(
    {"event": "end", "result": result(), "stdout_bytes": 9, "stderr_bytes": 0}, StreamEvent
)


def let_in(socket: ServerConnection) -> Attach:
    """Answer the first frame; what the client wants."""
    socket.send(encode(ClientAuthSuccess()))
    first = from_client().decode(socket.recv())
    assert isinstance(first, Attach)
    return first


def tell(socket: ServerConnection, *events: StreamEvent) -> None:
    for event in events:
        socket.send(encode(CommandEvent(data=event)))


def follow(talk: Talk, **options: object) -> list[RunEvent]:
    with hub(talk) as url, Client(url, "t") as client:
        return list(client.commands.attach("r/1", **options))  # type: ignore[arg-type]


def test_events_come_until_the_hub_is_done() -> None:
    seen: list[object] = []

    def talk(socket: ServerConnection, _: int, first: ClientAuth) -> None:
        assert socket.request is not None
        seen.extend((socket.request.path, let_in(socket)))
        tell(socket, RUN, START)
        socket.send('{"type": "from_the_future"}')
        socket.send(encode_frame(1, 7, b"a\xff"))
        tell(socket, END)
        socket.close(closing.DONE.code, closing.DONE.name)

    events = follow(talk, offsets={"c1": (7, 0)})
    assert events[:3] == [
        Taken("r1", 1), Start("web-1", "c1", "r1"), Output("web-1", "c1", "stdout", 7, b"a\xff"),
    ]  # fmt: skip
    assert isinstance(events[3], End)
    assert (events[3].stdout_bytes, events[3].stderr_bytes) == (9, 0)
    assert seen == ["/api/v1/ws/commands/r%2F1", Attach(offsets={"c1": (7, 0)})]


@pytest.mark.parametrize("stands", [False, True])
@pytest.mark.parametrize("frame", [None, encode_frame(9, 0, b"x"), b"short"])
def test_a_lost_hub_says_whether_it_was_there(stands: bool, frame: bytes | None) -> None:
    def talk(socket: ServerConnection, _: int, first: ClientAuth) -> None:
        if stands:
            let_in(socket)
            tell(socket, RUN)
        if frame is not None:
            socket.send(frame)
        socket.close(closing.HUB_STOPPING.code, closing.HUB_STOPPING.name)

    with pytest.raises(HubUnreachable) as caught:
        follow(talk)
    assert caught.value.details == {"sent": stands}


@pytest.mark.parametrize(
    ("code", "kind"), [("not_found", NotFound), ("not_signed_in", NotSignedIn)]
)
def test_a_refusal_is_raised(code: str, kind: type[Exception]) -> None:
    def talk(socket: ServerConnection, _: int, first: ClientAuth) -> None:
        socket.send(encode(Error(code=code, message="no such command")))
        socket.close()

    with pytest.raises(kind, match="no such command"):
        follow(talk)


def test_an_error_event_is_raised_by_its_code() -> None:
    def talk(socket: ServerConnection, _: int, first: ClientAuth) -> None:
        let_in(socket)
        tell(socket, StreamEvent(event="error", error=ErrorDetail(code="offline", message="x")))

    with pytest.raises(Offline):
        follow(talk)


def test_an_expired_token_is_renewed_once() -> None:
    def talk(socket: ServerConnection, _: int, first: ClientAuth) -> None:
        if first.token == "new":
            let_in(socket)
            socket.close(closing.DONE.code, closing.DONE.name)
        else:
            socket.send(encode(Error(code="not_signed_in", message="expired")))

    with hub(talk) as url, Client(url, "old", renew=lambda _: "new") as client:
        assert list(client.commands.attach("r1")) == []
        assert client.token == "new"


def test_input_is_sent_as_far_as_it_is_wanted_and_again_after_a_loss(tmp_path: Path) -> None:
    got: list[tuple[int, bytes] | Message] = []

    def take(socket: ServerConnection, frames: int) -> None:
        for _ in range(frames):
            frame = socket.recv()
            if isinstance(frame, bytes):
                got.append(decode_frame(frame)[1:])
            else:
                got.append(from_client().decode(frame))

    def talk(socket: ServerConnection, number: int, first: ClientAuth) -> None:
        assert let_in(socket).stdin
        tell(socket, RUN)
        if number == 1:
            socket.send(encode(StreamCredit(stream=0, credit=4)))
            take(socket, 1)
            socket.send(encode(StreamCredit(stream=0, credit=3)))
            take(socket, 1)
            return
        socket.send(encode(StreamCredit(stream=0, credit=100, offset=5)))
        take(socket, 2)
        socket.send(encode(StreamClose(stream=0, reason="closed")))
        socket.close(closing.DONE.code, closing.DONE.name)

    file = tmp_path / "input"
    file.write_bytes(b"0123456789")
    with hub(talk) as url, Client(url, "t") as client, file.open("rb") as source:
        stdin = Input(source.fileno())
        with pytest.raises(HubUnreachable):
            list(client.commands.attach("r1", stdin=stdin))
        list(client.commands.attach("r1", stdin=stdin))
    end = StreamClose(stream=0, offset=10, reason="eof")
    assert got == [(0, b"0123"), (4, b"456"), (5, b"56"), (7, b"789")] or got == [
        (0, b"0123"), (4, b"456"), (5, b"56789"), end,
    ]  # fmt: skip


def test_a_source_that_cannot_be_read_ends_the_input(tmp_path: Path) -> None:
    def talk(socket: ServerConnection, _: int, first: ClientAuth) -> None:
        let_in(socket)
        socket.send(encode(StreamCredit(stream=0, credit=4)))
        assert from_client().decode(socket.recv()) == StreamClose(stream=0, reason="eof")
        socket.close(closing.DONE.code, closing.DONE.name)

    folder = os.open(tmp_path, os.O_RDONLY)
    try:
        with hub(talk) as url, Client(url, "t") as client:
            stdin = Input(folder)
            list(client.commands.attach("r1", stdin=stdin))
        assert isinstance(stdin.error, IsADirectoryError)
    finally:
        os.close(folder)
    Input(0).close()  # one that was never attached has nothing to end
