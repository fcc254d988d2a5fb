"""Sends a message to a webhook: one POST, no redirect, no proxy, and no address that is forbidden.

What is checked is the address that the socket is about to connect to, so that no name can mean
one address when it is checked and another one when it is used.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

import aiohttp

from chatops import __version__
from chatops.protocol.limits import MAX_RECEIVER_ANSWER
from chatops.server.services.notify.addresses import PrivateAddress, is_loopback, is_public
from chatops.server.services.notify.message import (
    ID_HEADER,
    SIGNATURE_HEADER,
    Answer,
    Message,
    body_of,
    sign,
)
from chatops.server.services.notify.urls import Receiver
from chatops.text import escape, shorten

FORBIDDEN: Final = "is a private address, which the setting private_receivers forbids"
_SHOWN: Final = 200
"""Characters of an answer that are kept."""
_AddressInfo = tuple[Any, ...]


async def send_webhook(
    receiver: Receiver, message: Message, now: float, *, public_only: bool, timeout: float
) -> Answer:
    """POST a message; any answer of 200 to 299 within ``timeout`` seconds is a success."""
    body = body_of(message, now)
    headers = {
        "Content-Type": "application/json", "Accept-Encoding": "identity", ID_HEADER: message.id,
    }  # fmt: skip
    if receiver.secret is not None:
        headers[SIGNATURE_HEADER] = sign(receiver.secret, body)
    connector = aiohttp.TCPConnector(
        force_close=True, socket_factory=_guarded(receiver, public_only=public_only)
    )
    session = aiohttp.ClientSession(
        connector=connector, headers={"User-Agent": f"chatops/{__version__}"}, trust_env=False,
        cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False,  # it may blow up to any size
    )  # fmt: skip
    try:
        async with (
            asyncio.timeout(timeout),
            session,
            session.post(
                receiver.url, data=body, headers=headers, allow_redirects=False
            ) as response,
        ):
            return await _answer(response)
    except TimeoutError:
        return Answer(ok=False, text=f"no answer within {timeout:g} s")
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return Answer(ok=False, text=_reason(error))


async def _answer(response: aiohttp.ClientResponse) -> Answer:
    """Status and the beginning of the answer."""
    try:
        data = await response.content.read(MAX_RECEIVER_ANSWER)
    except (aiohttp.ClientError, OSError):  # it was answered: what is missing is only talk
        data = b""
    said = " ".join(data.decode(errors="replace").split())
    text = f"{response.status} {_phrase(response.status)}".strip()
    if 300 <= response.status < 400:
        text += ", and redirects are not followed"
    elif said and "Content-Encoding" not in response.headers:  # packed, it is not unpacked
        text += f": {said}"
    return Answer(ok=200 <= response.status < 300, text=shorten(escape(text), _SHOWN))


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _guarded(receiver: Receiver, *, public_only: bool) -> Callable[[_AddressInfo], socket.socket]:
    """Makes the sockets, unless the address to connect to is not allowed."""

    def make(info: _AddressInfo) -> socket.socket:
        family, kind, protocol, _, address = info
        host = str(address[0])
        if public_only and not is_public(host):
            raise PrivateAddress(f"{host} {FORBIDDEN}")
        if receiver.plain_loopback and not is_loopback(host):
            raise PrivateAddress(f"{host} is not this machine, and http is only for that")
        return socket.socket(family, kind, protocol)

    return make


def _reason(error: Exception) -> str:
    """Why there is no answer, in words that do not quote the URL."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, PrivateAddress):
            return str(found)
        found = found.__cause__ or getattr(found, "os_error", None)
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "its name cannot be resolved"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"its certificate is not trusted: {error.certificate_error}"
    if isinstance(error, aiohttp.ClientConnectorError):
        os_error = error.os_error
        if isinstance(os_error, ssl.SSLError):
            return f"TLS failed: {os_error.reason or 'the handshake broke off'}"
        return f"cannot connect: {_words(os_error)}"
    if isinstance(error, aiohttp.ServerDisconnectedError | ConnectionError):
        return "the connection was closed without an answer"
    if isinstance(error, aiohttp.InvalidURL):
        return "its URL is malformed"
    if isinstance(error, aiohttp.ClientResponseError):
        return "what it answers is no HTTP"
    return f"it failed ({type(error).__name__})"


def _words(error: OSError) -> str:
    """Why, without the address, of which the port is struck out like all else in the URL."""
    number = error.errno if error.errno is not None and error.errno > 0 else None
    return os.strerror(number).lower() if number else "no address answers"
