"""A few plain HTTP requests to the hub, step by step, for ``agent check`` alone."""

from __future__ import annotations

import http.client
import socket
import ssl
import urllib.request
from email.utils import parsedate_to_datetime
from typing import Final, NamedTuple
from urllib.parse import SplitResult, urlsplit

import msgspec

from chatops.agent import tls
from chatops.agent.settings import Target, is_loopback

TIMEOUT: Final = 5.0
_MAX_ANSWER: Final = 64 * 1024


class Answer(NamedTuple):
    """What came back. ``error`` is the hub's own sentence, where it sent one, and ``time`` when
    it answered by its own clock, in whole seconds since the epoch."""

    status: int
    body: bytes
    error: str | None
    time: float | None


class Probe:
    """One connection to the hub, through the proxy of the environment if one is set.

    Every method may raise OSError; ``get`` also ValueError for what is no HTTP.
    """

    def __init__(self, target: Target, context: ssl.SSLContext | None) -> None:
        self._parts = urlsplit(target.hub)
        self._fingerprint = target.fingerprint
        self._context = context
        self._socket: socket.socket | None = None
        self.secure: Final = self._parts.scheme == "https"
        self.host: Final = self._parts.hostname or ""
        self.port: Final = self._parts.port or (443 if self.secure else 80)
        self.authority: Final = self._parts.netloc
        self.where: Final = f"{self.host} port {self.port}"
        self._proxy = _proxy_of(self._parts, self.host, self.port)
        self.proxy: Final = self._proxy and f"{self._proxy.hostname}:{self._proxy.port}"

    def look_up(self) -> list[str]:
        """The addresses of whom the connection goes to: the hub, or the proxy."""
        host = (self._proxy and self._proxy.hostname) or self.host
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))

    def connect(self) -> None:
        """Open the connection."""
        self._socket = self._open().sock

    def secure_it(self) -> str:
        """Speak TLS; what was agreed on."""
        if self._socket is None:
            self.connect()
        assert self._socket is not None
        assert self._context is not None
        wrapped = self._context.wrap_socket(self._socket, server_hostname=self.host)
        self._socket = wrapped
        certificate = wrapped.getpeercert(binary_form=True)
        if self._fingerprint and not tls.matches(certificate, self._fingerprint):
            raise tls.Mismatch
        pinned = ", the certificate is the pinned one" if self._fingerprint else ""
        return f"{wrapped.version()}{pinned}"

    def get(self, path: str, bearer: str | None = None) -> Answer:
        """Ask for a path under the hub's address. The connection is used up by it."""
        if self._socket is None:
            self.connect()
            if self.secure:
                self.secure_it()
        connection = http.client.HTTPConnection(self.host, self.port, timeout=TIMEOUT)
        connection.sock, self._socket = self._socket, None
        headers = {"Connection": "close", "Accept": "application/json"}
        if bearer is not None:
            headers["Authorization"] = f"Bearer {bearer}"
        try:
            connection.request("GET", self._parts.path.rstrip("/") + path, headers=headers)
            response = connection.getresponse()
            body = response.read(_MAX_ANSWER)
        except http.client.HTTPException:
            raise ValueError("what answers there does not speak HTTP") from None
        finally:
            connection.close()
        return Answer(response.status, body, _error_in(body), _time(response.getheader("Date")))

    def speaks_tls(self) -> bool:
        """Whether there is TLS, where plain HTTP was to be spoken."""
        if self.secure:
            return False
        stranger = ssl.create_default_context()
        stranger.check_hostname, stranger.verify_mode = False, ssl.CERT_NONE
        try:
            with self._open().sock as plain, stranger.wrap_socket(plain):
                return True
        except OSError:
            return False

    def close(self) -> None:
        """Let go of a connection that was not used up."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _open(self) -> http.client.HTTPConnection:
        if self._proxy is None:
            connection = http.client.HTTPConnection(self.host, self.port, timeout=TIMEOUT)
        else:
            proxy = self._proxy
            connection = http.client.HTTPConnection(
                proxy.hostname or "", proxy.port, timeout=TIMEOUT
            )
            connection.set_tunnel(self.host, self.port)
        connection.connect()
        return connection


def _proxy_of(hub: SplitResult, host: str, port: int) -> SplitResult | None:
    """The proxy that the agent's WebSocket library would choose for this hub."""
    if is_loopback(host) or urllib.request.proxy_bypass(f"{host}:{port}"):
        return None
    known = urllib.request.getproxies()
    names = ("wss", "https") if hub.scheme == "https" else ("ws", "https", "http")
    proxy = next((known[name] for name in names if name in known), None)
    return urlsplit(proxy) if proxy else None


def _time(date: str | None) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp() if date else None
    except ValueError:
        return None


class _Detail(msgspec.Struct):
    message: str = ""


class _Body(msgspec.Struct):
    error: _Detail


def _error_in(body: bytes) -> str | None:
    try:
        return msgspec.json.decode(body, type=_Body).error.message
    except (msgspec.DecodeError, UnicodeError):
        return None
