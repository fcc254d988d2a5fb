"""A TLS socket that one thread reads while another writes."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chatops.client.shared_tls import shareable
from tests.support.certificates import self_signed

Talk = Callable[[ssl.SSLSocket], None]
Connect = Callable[[Talk], socket.socket]


@pytest.fixture
def connect(tmp_path: Path) -> Iterator[Connect]:
    """Makes connected sockets to a peer that does what it is told, then closes."""
    certificate = self_signed(tmp_path)
    trust = ssl.create_default_context(cafile=str(certificate.file))
    with contextlib.ExitStack() as stack:

        def make(talk: Talk) -> socket.socket:
            ours, theirs = socket.socketpair()

            def peer() -> None:
                with (
                    contextlib.suppress(OSError),
                    certificate.context.wrap_socket(theirs, server_side=True) as wrapped,
                ):
                    talk(wrapped)

            thread = threading.Thread(target=peer)
            thread.start()
            stack.callback(thread.join, 10)
            ours.settimeout(10)
            sock = shareable(trust.wrap_socket(ours, server_hostname="127.0.0.1"))
            stack.callback(sock.close)
            return sock

        yield make


def echo(peer: ssl.SSLSocket) -> None:
    """Send everything back, while more is coming."""
    while data := peer.recv(65536):
        peer.sendall(data)


def silent(peer: ssl.SSLSocket) -> None:
    """Say nothing for as long as the other end is there."""
    with contextlib.suppress(ssl.SSLError):
        peer.recv(1)


def read(sock: socket.socket, count: int) -> bytes:
    """Exactly ``count`` bytes, or fewer at the end."""
    parts: list[bytes] = []
    while count and (part := sock.recv(min(count, 65536))):
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def test_both_directions_go_at_the_same_time(connect: Connect) -> None:
    sock = connect(echo)
    pieces = [bytes([number % 251]) * (number * 97 % 50000) for number in range(400)]
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read, sock, sum(map(len, pieces)))
        for piece in pieces:
            sock.sendall(piece)
        assert reading.result(30) == b"".join(pieces)


def test_the_peer_is_told_of_the_end(connect: Connect) -> None:
    told = threading.Event()

    def listen(peer: ssl.SSLSocket) -> None:
        peer.suppress_ragged_eofs = False
        while peer.recv(1024):  # raises at an end that was not announced
            pass
        told.set()

    sock = connect(listen)
    sock.sendall(b"good-bye")
    sock.shutdown(socket.SHUT_WR)
    assert sock.recv(1) == b""
    assert told.wait(10)


def test_a_wait_has_an_end(connect: Connect) -> None:
    sock = connect(silent)
    sock.settimeout(0.05)
    with pytest.raises(TimeoutError):
        sock.recv(1)


def test_a_peer_that_takes_nothing_is_not_waited_for_for_ever(connect: Connect) -> None:
    stop = threading.Event()
    sock = connect(lambda _: (stop.wait(10), None)[1])
    sock.settimeout(0.05)
    with pytest.raises(TimeoutError):
        sock.sendall(bytes(16 << 20))
    stop.set()


@pytest.mark.parametrize("timeout", [None, 10.0])
def test_closing_wakes_who_reads(connect: Connect, timeout: float | None) -> None:
    sock = connect(silent)
    sock.settimeout(timeout)
    begun = threading.Event()

    def wait() -> bytes:
        begun.set()
        try:
            return sock.recv(1)
        except OSError:
            return b""

    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(wait)
        begun.wait(5)
        sock.close()
        sock.close()
        assert reading.result(5) == b""


def test_a_plain_socket_stays_as_it_is() -> None:
    with socket.socket() as plain:
        assert shareable(plain) is plain
