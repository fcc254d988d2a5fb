"""The swarm's framing, against that of the websockets library."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from benchmarks.swarm.framing import BINARY, TEXT, BadPeer, Opening, Reader, frame

SIZES = st.one_of(
    st.binary(max_size=130), st.sampled_from([b"x" * n for n in (125, 126, 65535, 65536)])
)


def opened() -> ServerProtocol:
    """A server's side after the handshake."""
    server = ServerProtocol()
    opening = Opening("hub.example", "/api/v1/agents/ws")
    server.receive_data(opening.request)
    (request,) = server.events_received()
    assert isinstance(request, Request)
    assert request.path == "/api/v1/agents/ws"
    server.send_response(server.accept(request))
    (answer,) = server.data_to_send()
    assert opening.feed(answer[:20]) is None
    assert opening.feed(answer[20:] + b"more") == b"more"
    return server


@given(SIZES)
def test_a_server_reads_what_it_writes(payload: bytes) -> None:
    server = opened()
    server.receive_data(frame(BINARY, payload))
    (event,) = server.events_received()
    assert isinstance(event, Frame)
    assert (event.opcode, bytes(event.data), event.fin) == (Opcode.BINARY, payload, True)


@given(st.lists(SIZES, max_size=5), st.integers(1, 200))
def test_it_reads_what_a_server_writes_in_any_portions(payloads: list[bytes], size: int) -> None:
    server = opened()
    for payload in payloads:
        server.send_binary(payload)
    data = b"".join(server.data_to_send())
    reader, found = Reader(), []
    for start in range(0, len(data), size if len(data) < 10_000 else 10_000):
        step = size if len(data) < 10_000 else 10_000
        found += list(reader.feed(data[start : start + step]))
    assert found == [(BINARY, payload) for payload in payloads]


def test_it_says_with_what_a_server_refuses() -> None:
    with pytest.raises(BadPeer, match="http 503"):
        Opening("hub", "/").feed(b"HTTP/1.1 503 Service Unavailable\r\n\r\n")


def test_an_answer_to_another_key_is_no_handshake() -> None:
    answer = b"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: bm8=\r\n\r\n"
    with pytest.raises(BadPeer, match="not a websocket"):
        Opening("hub", "/").feed(answer)


@pytest.mark.parametrize("data", [b"\x01\x01x", frame(TEXT, b"x")], ids=["in parts", "masked"])
def test_frames_that_no_hub_sends_are_refused(data: bytes) -> None:
    with pytest.raises(BadPeer):
        list(Reader().feed(data))
