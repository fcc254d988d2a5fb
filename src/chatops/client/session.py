"""One hub and one caller: requests with credentials, typed answers, errors, pages."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, Literal, TypeVar

import msgspec

from chatops import __version__
from chatops.client.address import parse_address
from chatops.client.transport import NotHttp, Response, Transport
from chatops.errors import (
    ChatOpsError,
    HubUnreachable,
    InvalidInput,
    NotSignedIn,
    from_code,
)
from chatops.protocol.limits import MAX_ANSWER, MAX_PAGE
from chatops.protocol.rest.common import ErrorBody, Page, Request

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T")
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Query = Mapping[str, str | int | Sequence[str] | None]
Renew = Callable[[str], str | None]
"""Given an access token that was refused, returns the one to use now, or None."""

API: Final = "/api/v1"
_OF_PROXIES: Final = (502, 503, 504)
"""What a proxy says when the hub behind it is away."""
_LOOK: Final = 2.0
"""Seconds that a look at what else is there may take."""
_NOT_OURS: Final = "check the address; `chatops serve` prints the right one when it is ready"


class Session:
    """What all areas of the client share. Not for use by several threads at once."""

    def __init__(
        self,
        hub: str,
        token: str | None,
        *,
        ca_file: Path | str | None = None,
        fingerprint: str | None = None,
        insecure: bool = False,
        timeout: float = 30.0,
    ) -> None:
        self.address = parse_address(hub)
        self.token = token
        self.renew: Renew | None = None
        self._ca_file = ca_file
        self._fingerprint = fingerprint
        if not (self.address.secure or self.address.loopback or insecure):
            raise InvalidInput(
                f"{self.address.url} is not encrypted, and not on this machine",
                hint="use https, or --insecure if the way there is safe",
            )
        wrap = self._tls if self.address.secure else None
        self.transport = Transport(self.address, timeout=timeout, wrap=wrap)

    def call(
        self,
        method: Method,
        path: str,
        answer: type[T],
        *,
        query: Query | None = None,
        body: Request | None = None,
        token: str | None = None,
        is_open: bool = False,
        patient: bool = False,
    ) -> T:
        """One request and its whole answer, decoded as ``answer`` (``type(None)`` for 204).

        ``token`` stands in for the session's own; an ``is_open`` operation sends none.
        A ``patient`` one waits for its answer as long as the connection lives.

        Raises:
            ChatOpsError: as the hub answered, see chatops.errors.
            HubUnreachable: no usable answer came.
        """
        wait = None if patient else self.transport.timeout
        payload = msgspec.json.encode(body) if body is not None else b""
        response = self._authorised(
            method, path, query, payload, token=token, is_open=is_open, timeout=wait
        )
        data = self._guard(lambda: response.read(MAX_ANSWER))
        if response.status >= 300:
            raise self._refusal(response, data)
        if answer is type(None) or response.status == 204:
            return None  # type: ignore[return-value]  # T is None for these
        return self._decode(data, answer)

    def text(self, path: str, *, query: Query | None = None) -> str:
        """The whole answer of a path outside the API that is plain text.

        Raises:
            ChatOpsError: as for ``call``.
        """
        timeout = self.transport.timeout
        response = self._authorised("GET", path, query, b"", timeout=timeout, api="")
        data = self._guard(lambda: response.read(MAX_ANSWER))
        if response.status >= 300:
            raise self._refusal(response, data)
        return data.decode("utf-8", "replace")

    def stream(
        self, method: Method, path: str, body: Request | None = None, *, query: Query | None = None
    ) -> Response:
        """One request whose answer's body is read as it comes, for as long as it takes: the hub is
        never silent for longer than the session's time limit.

        Raises:
            ChatOpsError: as for ``call``.
        """
        payload = msgspec.json.encode(body) if body is not None else b""
        response = self._authorised(method, path, query, payload, timeout=self.transport.timeout)
        if response.status >= 300:
            raise self._refusal(response, self._guard(lambda: response.read(MAX_ANSWER)))
        return response

    def pages(
        self,
        path: str,
        page: type[Page[T]],
        *,
        query: Query | None = None,
        limit: int | None = None,
        page_size: int = MAX_PAGE,
    ) -> Iterator[T]:
        """The items of a list, page after page; at most ``limit`` of them."""
        left = limit
        cursor: str | None = None
        while left is None or left > 0:
            size = page_size if left is None else min(left, page_size)
            got = self.call(
                "GET", path, page, query={**(query or {}), "limit": size, "cursor": cursor}
            )
            items = got.items if left is None else got.items[:left]
            yield from items
            left = None if left is None else left - len(items)
            cursor = got.next
            if cursor is None:
                return

    def unusable(self, why: str, *, details: Mapping[str, object] | None = None) -> HubUnreachable:
        """The error for an answer that no hub gives; ``details["foreign"]`` is true."""
        return HubUnreachable(
            f"what answers at {self.address.url} does not look like a ChatOps hub: {why}",
            hint=_NOT_OURS,
            details={"sent": self.transport.sent, "foreign": True, **(details or {})},
        )

    def lost(self, error: Exception) -> HubUnreachable:
        """The error for a connection that failed; ``details["sent"]``: the hub may know."""
        if isinstance(error, EOFError | ConnectionError) and self._speaks_tls():
            return HubUnreachable(
                f"the hub at {self.address.authority} speaks TLS",
                hint=f"its address is https://{self.address.authority}",
                details={"sent": False},
            )
        return HubUnreachable(
            f"cannot reach the hub at {self.address.url}: {_reason(error, self.transport)}",
            hint="is it running and the address right? `chatops serve` starts a hub, "
            "--hub or CHATOPS_HUB names another",
            details={"sent": self.transport.sent},
        )

    def _authorised(
        self,
        method: Method,
        path: str,
        query: Query | None,
        payload: bytes,
        *,
        timeout: float | None,
        token: str | None = None,
        is_open: bool = False,
        api: str = API,
    ) -> Response:
        """The answer; an access token that has expired is renewed once."""
        used = None if is_open else token or self.token
        path = api + path
        response = self._send(method, path, query, payload, used, timeout)
        if response.status != 401 or is_open or token is not None or not used:
            return response
        refused = self._guard(lambda: response.read(MAX_ANSWER))
        if self.renew is None or (fresh := self.renew(used)) is None:
            raise self._refusal(response, refused)
        self.token = fresh
        return self._send(method, path, query, payload, fresh, timeout)

    def _send(
        self,
        method: Method,
        path: str,
        query: Query | None,
        payload: bytes,
        token: str | None,
        timeout: float | None,
    ) -> Response:
        target = self.address.prefix + path + _query(query)
        lines = [
            f"{method} {target} HTTP/1.1",
            f"Host: {self.address.authority}",
            f"User-Agent: chatops/{__version__}",
            "Accept: */*",
        ]
        if token is not None:
            lines.append(f"Authorization: Bearer {_header_value(token)}")
        if method in ("POST", "PUT", "PATCH"):
            lines += ["Content-Type: application/json", f"Content-Length: {len(payload)}"]
        request = "\r\n".join([*lines, "", ""]).encode("latin-1") + payload
        return self._guard(
            lambda: self.transport.exchange(request, again=method == "GET", timeout=timeout)
        )

    def _guard(self, step: Callable[[], T]) -> T:
        try:
            return step()
        except NotHttp as error:
            raise self.unusable(error.message) from None
        except (OSError, EOFError) as error:
            raise self.lost(error) from error

    def _refusal(self, response: Response, data: bytes) -> ChatOpsError:
        if 300 <= response.status < 400:
            to = response.headers.get("location", "another address")
            return self.unusable(f"it redirects to {to}, and redirects are not followed")
        try:
            error = msgspec.json.decode(data, type=ErrorBody).error
        except (msgspec.DecodeError, UnicodeDecodeError):
            if response.status in _OF_PROXIES:
                return self.lost(EOFError(f"a proxy there answers with status {response.status}"))
            return self.unusable(f"it answers with status {response.status}")
        return from_code(error.code, error.message, hint=error.hint, details=error.details)

    def _decode(self, data: bytes, answer: type[T]) -> T:
        try:
            return msgspec.json.decode(data, type=answer)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise self.unusable(f"its answer cannot be read ({error})") from None

    def _speaks_tls(self) -> bool:
        """Whether plain HTTP is answered by silence because there is TLS."""
        if self.address.secure or not self.transport.sent:
            return False
        from chatops.client.tls import fingerprint_at

        try:
            return bool(fingerprint_at(self.address, _LOOK))
        except OSError:
            return False

    def _tls(self, raw: socket.socket) -> socket.socket:
        from chatops.client.tls import wrap

        return wrap(raw, self.address, ca_file=self._ca_file, fingerprint=self._fingerprint)


def segment(name: str) -> str:
    """``name`` as one segment of a path.

    Raises:
        InvalidInput: it is empty or only dots, and would be read as another path.
    """
    if not name.strip("."):
        raise InvalidInput(f"{name!r} is not a name or id")
    from urllib.parse import quote

    return quote(name, safe="")


def _query(query: Query | None) -> str:
    given = {key: value for key, value in (query or {}).items() if value not in (None, [], ())}
    if not given:
        return ""
    from urllib.parse import urlencode

    return "?" + urlencode(given, doseq=True)


def _header_value(token: str) -> str:
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise NotSignedIn(
            "the token holds characters that no token has",
            hint="copy it again, without line breaks or spaces",
        )
    return token


def _reason(error: Exception, transport: Transport) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {transport.timeout:g} s"
    if isinstance(error, socket.gaierror):
        return f"the name {transport.address.host} is not known"
    if isinstance(error, OSError):
        if tls := getattr(error, "reason", None):  # an ssl.SSLError: its text is OpenSSL's own
            return f"TLS failed ({str(tls).replace('_', ' ').lower()})"
        return (error.strerror or str(error)).lower()
    return str(error)
