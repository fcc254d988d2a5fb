"""HTTP on plain sockets: framing, kept connections, what is sent again and what never."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from chatops.client.address import parse_address
from chatops.client.transport import NotHttp, Transport
from tests.support.ports import free_port

GET = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
Answers = Callable[[socket.socket, int], None]


class Server:
    """A socket server that does as it is told with each connection."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.connections = 0

    def transport(self, timeout: float = 5.0) -> Transport:
        return Transport(parse_address(self.url), timeout=timeout)


@contextmanager
def serving(answer: Answers) -> Iterator[Server]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = Server(f"http://127.0.0.1:{listener.getsockname()[1]}")

    def accept() -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            server.connections += 1
            with peer:
                answer(peer, server.connections)

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def saying(*pieces: bytes) -> Answers:
    def answer(peer: socket.socket, _: int) -> None:
        peer.recv(65536)
        for piece in pieces:
            peer.sendall(piece)

    return answer


def body_of(*pieces: bytes, limit: int = 1000) -> bytes:
    with serving(saying(*pieces)) as server:
        transport = server.transport()
        try:
            return transport.exchange(GET, again=False, timeout=5).read(limit)
        finally:
            transport.close()


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"], b"hello"),
        ([b"HTTP/1.1 200 OK\r\nContent-", b"Length: 5\r\n\r\nhe", b"llo"], b"hello"),
        ([b"HTTP/1.0 200 OK\r\n\r\nuntil the end"], b"until the end"),
        ([b"HTTP/1.1 204 No Content\r\n\r\n"], b""),
        ([b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"], b"x"),
        (
            [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhel", b"lo\r\n",
             b"1\r\n!\r\n0\r\nTrailer: x\r\n\r\n"],
            b"hello!",
        ),
    ],
)  # fmt: skip
def test_bodies_of_every_framing_are_read(pieces: list[bytes], expected: bytes) -> None:
    assert body_of(*pieces) == expected


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"x" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b"x" * 5000,
    ],
)
def test_what_breaks_the_rules_is_no_http(answer: bytes) -> None:
    with pytest.raises(NotHttp):
        body_of(answer)


@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
     b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"],
)  # fmt: skip
def test_an_answer_that_is_cut_off_is_an_end_of_file(answer: bytes) -> None:
    with pytest.raises((EOFError, ConnectionError)):
        body_of(answer)


def keep_answering(peer: socket.socket, _: int) -> None:
    while peer.recv(65536):
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


def test_a_connection_is_used_again() -> None:
    with serving(keep_answering) as server:
        transport = server.transport()
        for _ in range(3):
            assert transport.exchange(GET, again=False, timeout=5).read(10) == b"ok"
        transport.close()
        assert server.connections == 1


def test_bytes_are_passed_on_as_they_come() -> None:
    more = threading.Event()

    def answer(peer: socket.socket, _: int) -> None:
        peer.recv(65536)
        peer.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
        assert more.wait(10)
        peer.sendall(b"3\r\ntwo\r\n0\r\n\r\n")

    with serving(answer) as server:
        transport = server.transport()
        parts = transport.exchange(GET, again=False, timeout=5).parts()
        assert next(parts) == b"one"
        more.set()
        assert b"".join(parts) == b"two"
        transport.close()


def test_a_kept_connection_that_was_closed_is_replaced_before_anything_is_sent() -> None:
    closed = threading.Event()

    def answer(peer: socket.socket, _: int) -> None:
        peer.recv(65536)
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        peer.shutdown(socket.SHUT_RDWR)
        closed.set()

    with serving(answer) as server:
        transport = server.transport()
        for _ in range(2):
            assert transport.exchange(GET, again=False, timeout=5).read(10) == b"ok"
            assert closed.wait(10)
            closed.clear()
        assert server.connections == 2
        transport.close()


@pytest.mark.parametrize(("again", "connections"), [(True, 2), (False, 1)])
def test_only_what_may_be_sent_again_is_sent_again(again: bool, connections: int) -> None:
    def answer(peer: socket.socket, number: int) -> None:
        peer.recv(65536)
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        if number == 1:
            peer.recv(65536)  # takes the second request and says nothing to it

    with serving(answer) as server:
        transport = server.transport()
        assert transport.exchange(GET, again=True, timeout=5).read(10) == b"ok"
        try:
            transport.exchange(GET, again=again, timeout=5).read(10)
        except (EOFError, ConnectionError):
            assert not again
            assert transport.sent
        else:
            assert again
        transport.close()
        assert server.connections == connections


def test_silence_ends_after_the_timeout() -> None:
    done = threading.Event()

    def answer(peer: socket.socket, _: int) -> None:
        peer.recv(65536)
        done.wait(10)

    with serving(answer) as server:
        transport = server.transport()
        with pytest.raises(TimeoutError):
            transport.exchange(GET, again=True, timeout=0.1)
        done.set()


def test_nothing_was_sent_when_nobody_listens() -> None:
    transport = Transport(parse_address(f"http://127.0.0.1:{free_port()}"), timeout=5)
    with pytest.raises(ConnectionRefusedError):
        transport.exchange(GET, again=True, timeout=5)
    assert not transport.sent
