"""HTTP/1.1 to one address, over one kept connection, on plain sockets.

The standard library's ``http.client`` takes as long to import as all the rest of a
command, and hides when bytes were sent. Here both matter: a request that the hub may have
processed is never sent twice, and a body is passed on as its bytes arrive.
"""

from __future__ import annotations

import select
import socket
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from chatops.client.address import Address
from chatops.errors import ProtocolError

_MAX_LINE: Final = 16 * 1024
_MAX_HEADERS: Final = 100
_CHUNK: Final = 256 * 1024
_KEEPALIVE: Final = ((socket.TCP_KEEPIDLE, 10), (socket.TCP_KEEPINTVL, 5), (socket.TCP_KEEPCNT, 3))

Wrap = Callable[[socket.socket], socket.socket]


class NotHttp(ProtocolError):
    """What answers is no HTTP/1.1 server, or one that breaks its rules."""


class Link:
    """A connected socket and the bytes that came and were not taken yet."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._data = b""

    def alive(self) -> bool:
        """Whether a new request can be tried: the peer neither closed nor said something."""
        poll = select.poll()
        poll.register(self.sock, select.POLLIN)
        return not self._data and not poll.poll(0)

    def some(self, most: int = _CHUNK) -> bytes:
        """At least one byte and at most ``most``, as soon as there are any; none at the end."""
        if not self._data:
            return self.sock.recv(most)
        taken, self._data = self._data[:most], self._data[most:]
        return taken

    def line(self) -> bytes:
        """One line without its end.

        Raises:
            NotHttp: it is too long.
            EOFError: the peer closed before its end.
        """
        while (end := self._data.find(b"\n", 0, _MAX_LINE)) < 0:
            if len(self._data) >= _MAX_LINE:
                raise NotHttp("a line of the answer's head is too long")
            more = self.sock.recv(_CHUNK)
            if not more:
                raise EOFError("the connection was closed within the answer")
            self._data += more
        line, self._data = self._data[:end], self._data[end + 1 :]
        return line.rstrip(b"\r")

    def close(self) -> None:
        """Let the connection go."""
        self.sock.close()


class Response:
    """An answer: its head at once, its body as it arrives.

    ``headers`` has lower-case names. The connection is used again once the body was read to
    its end; ``close`` gives it up earlier.
    """

    def __init__(
        self, link: Link, status: int, headers: Mapping[str, str], done: Callable[[], None]
    ) -> None:
        self.status = status
        self.headers = headers
        self._link = link
        self._done = done
        self._over = False

    def parts(self) -> Iterator[bytes]:
        """The body's bytes in the portions in which they come.

        Raises:
            NotHttp: the body's framing is broken.
            EOFError: the connection ended before the body did.
            OSError: the connection broke, or was silent for too long.
        """
        try:
            yield from self._framed()
        except BaseException:
            self.close()
            raise

    def _framed(self) -> Iterator[bytes]:
        if self.headers.get("transfer-encoding", "").lower() == "chunked":
            yield from self._chunks()
        elif self.status == 204 or self.status == 304:
            self._finish()
        elif "content-length" in self.headers:
            yield from self._counted(_number(self.headers["content-length"], 10))
            self._finish()
        else:
            while part := self._link.some():
                yield part
            self.close()

    def read(self, limit: int) -> bytes:
        """The whole body.

        Raises:
            NotHttp: it is longer than ``limit`` bytes, or its framing is broken.
        """
        parts: list[bytes] = []
        left = limit
        for part in self.parts():
            left -= len(part)
            if left < 0:
                self.close()
                raise NotHttp(f"the answer is larger than {limit} bytes")
            parts.append(part)
        return b"".join(parts)

    def close(self) -> None:
        """Give the connection up, unless the body was read to its end."""
        if not self._over:
            self._link.close()

    def _finish(self) -> None:
        self._over = True
        self._done()

    def _counted(self, length: int) -> Iterator[bytes]:
        while length:
            part = self._link.some(min(length, _CHUNK))
            if not part:
                raise EOFError("the connection was closed within the answer")
            length -= len(part)
            yield part

    def _chunks(self) -> Iterator[bytes]:
        while size := _number(self._link.line().partition(b";")[0].decode("latin-1"), 16):
            yield from self._counted(size)
            if self._link.line():
                raise NotHttp("a chunk of the answer has no end")
        while self._link.line():  # trailers mean nothing here
            pass
        self._finish()


class Transport:
    """Exchanges requests and responses with one address, one at a time.

    ``wrap`` puts TLS on a fresh socket and proves who is there, before anything is sent.
    """

    def __init__(self, address: Address, *, timeout: float, wrap: Wrap | None = None) -> None:
        self.address = address
        self.timeout = timeout
        self._wrap = wrap
        self._link: Link | None = None
        self.sent = False
        """Whether any byte of the current request may have reached the hub."""

    def connect(self) -> socket.socket:
        """A fresh connection, with TLS on it where the address asks for it.

        Raises:
            OSError: there is none to be had.
        """
        sock = _dial(self.address, self.timeout)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for name, value in _KEEPALIVE:  # a silent stream notices a dead hub after 25 s
                sock.setsockopt(socket.IPPROTO_TCP, name, value)
            return self._wrap(sock) if self._wrap else sock
        except BaseException:
            sock.close()
            raise

    def exchange(self, request: bytes, *, again: bool, timeout: float | None) -> Response:
        """Send ``request`` (head and body) and read the answer's head.

        ``again``: it may be sent a second time when a kept connection turns out to be dead.
        ``timeout`` is the longest silence; None waits as long as the connection lives.

        Raises:
            OSError, EOFError: the connection failed; ``sent`` says whether the hub may know.
            NotHttp: the answer is none.
        """
        self.sent = False
        link, self._link = self._link, None
        if link is not None and link.alive():
            try:
                return self._ask(link, request, timeout)
            except (ConnectionError, EOFError):
                link.close()
                if not again:
                    raise
        elif link is not None:
            link.close()
        self.sent = False
        return self._ask(Link(self.connect()), request, timeout)

    def close(self) -> None:
        """Close the kept connection, if there is one."""
        if self._link is not None:
            self._link.close()
            self._link = None

    def _ask(self, link: Link, request: bytes, timeout: float | None) -> Response:
        try:
            link.sock.settimeout(timeout)
            self.sent = True
            link.sock.sendall(request)
            status, headers = _head(link)
        except BaseException:
            link.close()
            raise

        def done() -> None:
            if headers.get("connection", "").lower() == "close":
                link.close()
            else:
                self._link = link

        return Response(link, status, headers, done)


def _dial(address: Address, timeout: float) -> socket.socket:
    """As ``socket.create_connection``, but a name in ASCII goes to the resolver as it is:
    to load the codec that would leave it unchanged takes as long as a whole request."""
    name = address.host.encode() if address.host.isascii() else address.host
    failure = OSError(f"the name {address.host} has no address")
    for family, kind, proto, _, place in socket.getaddrinfo(
        name, address.port, type=socket.SOCK_STREAM
    ):
        sock = socket.socket(family, kind, proto)
        try:
            sock.settimeout(timeout)
            sock.connect(place)
        except OSError as error:
            sock.close()
            failure = error
        else:
            return sock
    raise failure


def _head(link: Link) -> tuple[int, dict[str, str]]:
    while True:
        words = link.line().split(None, 2)
        if len(words) < 2 or not words[0].startswith(b"HTTP/1."):
            raise NotHttp("the answer does not begin like HTTP")
        status = _number(words[1].decode("latin-1"), 10)
        headers = _headers(link)
        if status >= 200:
            return status, headers


def _headers(link: Link) -> dict[str, str]:
    headers: dict[str, str] = {}
    for _ in range(_MAX_HEADERS):
        line = link.line()
        if not line:
            return headers
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon:
            raise NotHttp("a header of the answer is broken")
        headers[name.strip().lower()] = value.strip()
    raise NotHttp("the answer has too many headers")


def _number(text: str, base: int) -> int:
    if not text.strip().isalnum():
        raise NotHttp("a length or status in the answer is no number")
    try:
        return int(text, base)
    except ValueError:
        raise NotHttp("a length or status in the answer is no number") from None
