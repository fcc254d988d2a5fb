"""Whom the agent trusts: the system's certificates, a file of them, or one pinned certificate."""

from __future__ import annotations

import hashlib
import hmac
import ssl
from pathlib import Path

from chatops.errors import SetupError


def context(ca_file: Path | None, fingerprint: str | None) -> ssl.SSLContext:
    """The context for a connection to an https hub.

    With a fingerprint any certificate passes the handshake; ``matches`` decides before a
    byte of ours is sent.

    Raises:
        SetupError: the file of certificates cannot be used.
    """
    try:
        made = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    except (OSError, ssl.SSLError) as error:
        reason = getattr(error, "strerror", None) or "it holds no certificates"
        raise SetupError(f"the certificates in {ca_file} cannot be used: {reason}") from error
    if fingerprint is not None and ca_file is None:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    return made


def explain(error: ssl.SSLError) -> str:
    """What was wrong with a handshake, in a few words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    return f"TLS failed ({getattr(error, 'reason', None) or error.strerror or error})"


def mismatch() -> ssl.SSLError:
    """The error for a certificate that is not the pinned one."""
    return ssl.SSLError(1, "the certificate is not the one in the join string")


def matches(certificate: bytes | None, fingerprint: str) -> bool:
    """Whether a certificate (DER) is the pinned one; fingerprints are SHA-256 in hex."""
    if certificate is None:
        return False
    wanted = fingerprint.replace(":", "").lower()
    return hmac.compare_digest(hashlib.sha256(certificate).hexdigest(), wanted)
