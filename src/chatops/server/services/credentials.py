"""Credentials that are shown once and stored as a hash: API keys, tokens, refresh tokens (of
programs, and those that a browser keeps as a cookie).

The form is KIND_PREFIX_SECRET: the prefix (8 characters) finds the row, the secret is 256
random bits. SHA-256 without salt is enough for random secrets: there is no word to guess.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from typing import Final, Literal

Kind = Literal["cok", "cot", "cor", "coc"]
KEY: Final[Kind] = "cok"
TOKEN: Final[Kind] = "cot"
REFRESH: Final[Kind] = "cor"
COOKIE: Final[Kind] = "coc"
_PREFIX_LENGTH: Final = 8
_ALPHABET: Final = "abcdefghijkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True)
class Credential:
    """A fresh credential: ``text`` for its holder, ``prefix`` and ``hash`` for the database."""

    text: str = field(repr=False)
    prefix: str
    hash: str


def new_credential(kind: Kind) -> Credential:
    """A credential that nobody has seen yet."""
    prefix = "".join(secrets.choice(_ALPHABET) for _ in range(_PREFIX_LENGTH))
    text = f"{kind}_{prefix}_{secrets.token_urlsafe(32)}"
    return Credential(text, prefix, hash_credential(text))


def hash_credential(text: str) -> str:
    """What the database keeps of a credential."""
    return hashlib.sha256(text.encode()).hexdigest()


def prefix_of(text: str, kind: Kind) -> str | None:
    """The lookup prefix of something that has the form of ``kind``; else None."""
    parts = text.split("_", 2)
    if len(parts) != 3 or parts[0] != kind or len(parts[1]) != _PREFIX_LENGTH:
        return None
    return parts[1] if len(text) < 128 and text.isascii() else None


def matches(text: str, stored_hash: str) -> bool:
    """Whether ``text`` is the credential that was hashed, in constant time."""
    return hmac.compare_digest(hash_credential(text), stored_hash)
