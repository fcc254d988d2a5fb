"""TLS to the hub: trusted by a certificate authority, or by the certificate's fingerprint.

Imported only for https addresses: ``ssl`` costs start-up time.
"""

from __future__ import annotations

import hashlib
import re
import socket
import ssl
from pathlib import Path
from typing import Final

from chatops.client.address import Address
from chatops.errors import HubUnreachable, InvalidInput

_NO_TLS: Final = ("WRONG_VERSION_NUMBER", "UNKNOWN_PROTOCOL", "HTTP_REQUEST")
"""OpenSSL's reasons when the answer is no TLS at all."""


def normal_fingerprint(text: str) -> str:
    """A fingerprint as 64 lower-case hex digits; colons and ``sha256:`` are taken off.

    Raises:
        InvalidInput: it is no SHA-256.
    """
    digits = text.strip().lower().removeprefix("sha256:").replace(":", "")
    if re.fullmatch(r"[0-9a-f]{64}", digits) is None:
        raise InvalidInput(
            "the fingerprint is not a SHA-256 in hex",
            hint="it has 64 hex digits; the hub prints it when it starts",
        )
    return digits


def wrap(
    raw: socket.socket, address: Address, *, ca_file: Path | str | None, fingerprint: str | None
) -> socket.socket:
    """``raw`` with TLS on it, after the hub's identity was proved. Nothing was sent yet.

    A fingerprint pins the certificate itself and needs no authority.

    Raises:
        HubUnreachable: the certificate is not the pinned one, or no authority vouches for it.
            ``details["fingerprint"]`` is that of the certificate shown.
        InvalidInput: the file of certificates cannot be used.
        OSError: the handshake failed.
    """
    pinned = normal_fingerprint(fingerprint) if fingerprint else None
    try:
        wrapped = _context(ca_file, pinned=pinned is not None).wrap_socket(
            raw, server_hostname=address.host
        )
    except ssl.SSLCertVerificationError as error:
        raise _untrusted(address, error.verify_message, raw.gettimeout()) from None
    except ssl.SSLError as error:
        if error.reason not in _NO_TLS:
            raise
        raise HubUnreachable(
            f"the hub at {address.authority} does not speak TLS",
            hint=f"its address may be http://{address.authority}; or another program is there",
        ) from None
    if pinned is not None and (shown := _fingerprint_of(wrapped)) != pinned:
        wrapped.close()
        raise HubUnreachable(
            f"the hub at {address.url} shows another certificate than the one pinned",
            hint="somebody may be in between; if the certificate was replaced, sign in again "
            "with the new fingerprint",
            details={"fingerprint": shown, "pinned": pinned},
        )
    return wrapped


def fingerprint_at(address: Address, timeout: float | None) -> str:
    """The SHA-256 of the certificate that is shown at ``address``, whoever vouches for it.

    Raises:
        OSError: no TLS there.
    """
    with (
        socket.create_connection((address.host, address.port), timeout) as raw,
        _context(None, pinned=True).wrap_socket(raw, server_hostname=address.host) as wrapped,
    ):
        return _fingerprint_of(wrapped)


def _context(ca_file: Path | str | None, *, pinned: bool) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or str(error)
        if isinstance(error, ssl.SSLError):
            reason = "it holds no certificates"
        raise InvalidInput(
            f"the certificate file {ca_file} cannot be used: {reason}",
            hint="--ca-file names a PEM file of certificates",
        ) from None
    if pinned:  # identity is proved by comparing the certificate itself
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _fingerprint_of(wrapped: ssl.SSLSocket) -> str:
    return hashlib.sha256(wrapped.getpeercert(binary_form=True) or b"").hexdigest()


def _untrusted(address: Address, reason: str, timeout: float | None) -> HubUnreachable:
    shown = fingerprint_at(address, timeout)
    return HubUnreachable(
        f"the certificate of the hub at {address.url} is not trusted: {reason}",
        hint=f"give --ca-file, or pin it with --fingerprint {shown} after comparing "
        "with what the hub printed when it started",
        details={"fingerprint": shown},
    )
