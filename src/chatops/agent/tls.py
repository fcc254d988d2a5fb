"""Whom the agent trusts: the system's certificates, a file of them, or one pinned certificate."""

from __future__ import annotations

import hashlib
import hmac
import ssl
from pathlib import Path
from typing import Final

from chatops.errors import InvalidInput

_NO_TLS: Final = ("WRONG_VERSION_NUMBER", "UNKNOWN_PROTOCOL", "HTTP_REQUEST")
"""OpenSSL's reasons when the answer is no TLS at all."""


def context(ca_file: Path | None, fingerprint: str | None) -> ssl.SSLContext:
    """The context for a connection to an https hub.

    With a fingerprint any certificate passes the handshake; ``matches`` decides before a
    byte of ours is sent.

    Raises:
        InvalidInput: the file of certificates cannot be used.
    """
    try:
        made = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise InvalidInput(
            f"the certificate file {ca_file} cannot be used: {_unusable(error)}",
            hint="--ca-file names a PEM file of certificates",
        ) from error
    if fingerprint is not None and ca_file is None:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    return made


class Mismatch(ssl.SSLError):
    """The certificate is not the pinned one."""


def explain(error: ssl.SSLError) -> str:
    """What was wrong with a handshake, in a few words."""
    if isinstance(error, Mismatch):
        return "its certificate is not the one that the join string names"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    if is_no_tls(error):
        return "it does not speak TLS (the address of a hub without TLS begins with http://)"
    reason = str(getattr(error, "reason", None) or "the connection ended")
    return f"the TLS handshake failed ({reason.replace('_', ' ').lower()})"


def is_no_tls(error: Exception) -> bool:
    """Whether a handshake failed because the peer does not speak TLS at all."""
    return isinstance(error, ssl.SSLError) and getattr(error, "reason", None) in _NO_TLS


def _unusable(error: OSError | ValueError) -> str:
    if isinstance(error, ssl.SSLError):
        return "it holds no certificates"
    return getattr(error, "strerror", None) or str(error)


def matches(certificate: bytes | None, fingerprint: str) -> bool:
    """Whether a certificate (DER) is the pinned one; fingerprints are SHA-256 in hex."""
    if certificate is None:
        return False
    wanted = fingerprint.replace(":", "").lower()
    return hmac.compare_digest(hashlib.sha256(certificate).hexdigest(), wanted)
