"""A receiver of messages: a real HTTP server that behaves as it is told."""

from __future__ import annotations

import contextlib
import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, NamedTuple

import msgspec

Manner = Literal["ok", "500", "hang", "slow", "close", "redirect", "garbage", "lost", "packed"]
"""``hang`` never answers, ``slow`` when it is released. ``lost``: it takes the message and closes
the connection without an answer, once."""


class Got(NamedTuple):
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body."""
        return msgspec.json.decode(self.body)


class Receiver:
    """What came, and how the next request is treated."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.manner: Manner = "ok"
        self.got: list[Got] = []
        self.taken: list[Got] = []
        """Those of them that were answered with success."""
        self.released = threading.Event()

    @property
    def url(self) -> str:
        """A URL of it, with something in it that is nobody's business."""
        return f"http://127.0.0.1:{self.port}/hook/token-of-the-path"

    def bodies(self, event: str | None = None) -> list[Any]:
        """What webhooks were told with success."""
        found = [one.json for one in self.taken]
        return [one for one in found if event in (None, one["event"])]


class _Handler(BaseHTTPRequestHandler):
    receiver: Receiver

    def do_POST(self) -> None:
        receiver = self.receiver
        length = int(self.headers.get("Content-Length") or 0)
        got = Got(self.command, self.path, dict(self.headers.items()), self.rfile.read(length))
        receiver.got.append(got)
        manner = receiver.manner
        if manner == "slow":
            receiver.released.wait(30)
        if manner in ("ok", "slow"):
            receiver.taken.append(got)
            self._answer(200, b"thank you")
        elif manner == "packed":
            self._answer(503, gzip.compress(b"x" * 2_000_000), **{"Content-Encoding": "gzip"})
        elif manner == "500":
            self._answer(500, b"out of order: " + self.path.encode() + b" \x1b[31m")
        elif manner == "redirect":
            self._answer(302, b"", Location=f"http://127.0.0.1:{receiver.port}/elsewhere")
        elif manner == "hang":
            receiver.released.wait(30)
        elif manner == "garbage":
            self.wfile.write(b"ready.\r\n")
        elif manner == "lost":
            receiver.manner = "ok"
            receiver.taken.append(got)
        self.close_connection = True

    def do_GET(self) -> None:
        self.do_POST()

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):
            super().handle()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (the base's name)
        """Nothing."""


@contextmanager
def receiving(port: int = 0, receiver: Receiver | None = None) -> Iterator[Receiver]:
    """A receiver that listens; ``receiver`` goes on with what another one got."""
    handler = type("Handler", (_Handler,), {})
    with ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        made = receiver or Receiver(server.server_port)
        handler.receiver = made  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield made
        finally:
            made.released.set()
            server.shutdown()
            thread.join()
