"""A relay on loopback that passes one request on and loses the answer to it."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Lossy:
    """Connections to ``url`` go to a port of this host. The first answer to what begins with
    ``request`` is cut off before its first byte; ``lost`` counts such cuts."""

    def __init__(self, port: int, request: bytes) -> None:
        self._to = ("127.0.0.1", port)
        self._request = request
        self._server = socket.create_server(("127.0.0.1", 0))
        self._ends: list[socket.socket] = []
        self._doomed: set[socket.socket] = set()
        self._threads = [threading.Thread(target=self._serve)]
        self.lost = 0
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        self._threads[0].start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for end in (self._server, *self._ends):
            end.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._server.accept()
                far = socket.create_connection(self._to)
                self._ends += [near, far]
                for source, sink in ((near, far), (far, near)):
                    thread = threading.Thread(target=self._copy, args=(source, sink, near is sink))
                    self._threads.append(thread)
                    thread.start()

    def _copy(self, source: socket.socket, sink: socket.socket, back: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if back and sink in self._doomed:
                    break  # the hub has taken it, and says so
                if not back and data.startswith(self._request) and not self.lost:
                    self.lost = 1
                    self._doomed.add(source)
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextmanager
def losing(port: int, request: bytes) -> Iterator[Lossy]:
    """A relay that loses one answer."""
    made = Lossy(port, request)
    try:
        yield made
    finally:
        made.close()
