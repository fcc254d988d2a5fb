"""A TLS socket that one thread may read while another writes.

OpenSSL allows one call at a time into a TLS session, and Python below 3.13 makes none wait for
another: a session ticket that is read while a request goes out breaks the connection. Here each
call holds a lock, and the waiting is done outside of it.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading
import time
from typing import Final, cast


def shareable(sock: socket.socket) -> socket.socket:
    """``sock``, for use by a thread that reads and one that writes. It is not to be used beside."""
    return cast("socket.socket", SharedTls(sock)) if isinstance(sock, ssl.SSLSocket) else sock


class SharedTls:
    """As much of a socket's methods as ``websockets`` calls."""

    def __init__(self, sock: ssl.SSLSocket) -> None:
        self._sock: Final = sock
        self._timeout = sock.gettimeout()
        self._over = False
        self._session = threading.Lock()
        self._writing = threading.Lock()
        sock.settimeout(0)

    def __getattr__(self, name: str) -> object:
        """What does not touch the session (``fileno``, ``family``, ``getsockname``, …)."""
        return getattr(self._sock, name)

    def settimeout(self, seconds: float | None) -> None:
        """The longest wait of one call from now on; None waits as long as the peer does."""
        self._timeout = seconds

    def recv(self, most: int) -> bytes:
        """At least one byte and at most ``most``; none at the end.

        Raises:
            TimeoutError: nothing came in time.
            OSError: the connection broke.
        """
        deadline = self._deadline()
        while True:
            try:
                with self._session:
                    return b"" if self._over else self._sock.recv(most)
            except ssl.SSLWantReadError:
                self._wait(select.POLLIN, deadline)
            except ssl.SSLWantWriteError:
                self._wait(select.POLLOUT, deadline)

    def sendall(self, data: bytes) -> None:
        """Send all of ``data``.

        Raises:
            TimeoutError: the peer did not take it in time.
            OSError: the connection broke.
        """
        deadline = self._deadline()
        view = memoryview(data)
        with self._writing:  # a call that has to be made again is made again with the same bytes
            while view:
                try:
                    with self._session:
                        view = view[self._sock.send(view) :]
                except ssl.SSLWantWriteError:
                    self._wait(select.POLLOUT, deadline)
                except ssl.SSLWantReadError:
                    self._wait(select.POLLIN, deadline)

    def shutdown(self, how: int) -> None:
        """Say that nothing more comes, or the peer takes the end for an attack. What it says
        from then on is not read, in whichever direction the connection was shut."""
        with self._session:
            self._over = True
            with contextlib.suppress(OSError, ValueError):  # its answer is not waited for
                self._sock.unwrap()
            socket.socket.shutdown(self._sock, how)

    def close(self) -> None:
        """Let the connection go, and wake whoever waits for it. Again changes nothing."""
        with contextlib.suppress(OSError):  # the peer was faster, or it is closed already
            self.shutdown(socket.SHUT_RDWR)
        with self._session:
            self._sock.close()

    def _deadline(self) -> float | None:
        return None if self._timeout is None else time.monotonic() + self._timeout

    def _wait(self, event: int, deadline: float | None) -> None:
        poll = select.poll()
        try:
            poll.register(self._sock, event)
        except ValueError:
            raise OSError("the socket is closed") from None
        left = None if deadline is None else max(deadline - time.monotonic(), 0.0) * 1000
        if not poll.poll(left):
            raise TimeoutError("timed out")
