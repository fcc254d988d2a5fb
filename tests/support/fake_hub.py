"""A small real HTTP server that answers what a test tells it to, for tests of the client."""

from __future__ import annotations

import json
import ssl
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple
from urllib.parse import parse_qs, urlsplit

import msgspec

API = "/api/v1"


class Asked(NamedTuple):
    """A request as it came. ``path`` is without prefix and query."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: Any


class Reply(NamedTuple):
    """An answer. ``chunks`` makes it a chunked one, sent piece by piece."""

    status: int = 200
    body: object = None
    raw: bytes | None = None
    headers: Mapping[str, str] = MappingProxyType({})
    chunks: Iterator[bytes] | None = None
    close: bool = False


Route = Callable[[Asked], Reply]


class FakeHub:
    """Routes by ``METHOD /path``; every request is kept in ``asked``."""

    def __init__(self) -> None:
        self.routes: dict[str, Route] = {}
        self.asked: list[Asked] = []
        self.connections = 0
        self.url = ""

    def on(self, route: str, reply: Reply | Route | object) -> None:
        """Answer ``METHOD /path`` with a reply, a function, or a body."""
        if isinstance(reply, Reply):
            self.routes[route] = lambda _: reply
        elif callable(reply):
            self.routes[route] = reply
        else:
            self.routes[route] = lambda _: Reply(body=reply)

    def answer(self, asked: Asked) -> Reply:
        """What to say to a request."""
        self.asked.append(asked)
        route = self.routes.get(f"{asked.method} {asked.path}")
        return route(asked) if route else error(404, "not_found", f"no route {asked.path}")

    def paths(self) -> list[str]:
        """The requests so far, as ``METHOD /path``."""
        return [f"{one.method} {one.path}" for one in self.asked]


def error(status: int, code: str, message: str, hint: str | None = None) -> Reply:
    """An error in the hub's shape."""
    body = {"code": code, "message": message} | ({"hint": hint} if hint else {})
    return Reply(status, {"error": body})


def page(*items: object, after: str | None = None) -> dict[str, object]:
    """A page of a list."""
    return {"items": list(items), "next": after}


@contextmanager
def fake_hub(certificate: Path | None = None) -> Iterator[FakeHub]:
    """A running one, on a free port of the loopback interface; with TLS if it has a certificate."""
    hub = FakeHub()
    server = _Server(("127.0.0.1", 0), _handler(hub))
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    scheme = "http" if certificate is None else "https"
    hub.url = f"{scheme}://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def get_request(self) -> tuple[Any, Any]:
        try:
            return super().get_request()
        except ssl.SSLError as error:  # a client that trusts nobody hangs up
            raise OSError from error

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # a client may go away at any time
            super().handle_error(request, client_address)


def _handler(hub: FakeHub) -> type[BaseHTTPRequestHandler]:
    methods = {f"do_{name}": _Handler.serve for name in ("GET", "POST", "PUT", "PATCH", "DELETE")}
    return type("Handler", (_Handler,), {"hub": hub, **methods})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: ClassVar[FakeHub]

    def setup(self) -> None:
        super().setup()
        self.hub.connections += 1

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def serve(self) -> None:
        data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = urlsplit(self.path)
        asked = Asked(
            self.command,
            parts.path.removeprefix(API),
            parse_qs(parts.query),
            {key.lower(): value for key, value in self.headers.items()},
            json.loads(data) if data else None,
        )
        try:
            self._reply(self.hub.answer(asked))
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _reply(self, reply: Reply) -> None:
        self.close_connection = reply.close
        data = b"" if reply.body is None else msgspec.json.encode(reply.body)
        data = reply.raw if reply.raw is not None else data
        self.send_response(reply.status)
        for key, value in self._headers(reply, len(data)).items():
            self.send_header(key, value)
        self.end_headers()
        if reply.chunks is None:
            self.wfile.write(data)
        else:
            self._chunks(reply)

    def _headers(self, reply: Reply, length: int) -> dict[str, str]:
        headers = {"Content-Type": "application/json", **reply.headers}
        if reply.chunks is not None:
            headers["Transfer-Encoding"] = "chunked"
        elif reply.status != 204:
            headers.setdefault("Content-Length", str(length))
        return headers

    def _chunks(self, reply: Reply) -> None:
        for chunk in reply.chunks or ():
            self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            self.wfile.flush()
        if not reply.close:
            self.wfile.write(b"0\r\n\r\n")
