"""Secrets that have to be had again, encrypted with a key that lies outside the databases."""

from __future__ import annotations

import os
from typing import Final

_NONCE: Final = 12


class Box:
    """Seals and opens bytes: AES-256-GCM with a random nonce in front (NIST SP 800-38D).

    The library takes long to import, and most hubs never need it: it is loaded by the first use.
    """

    def __init__(self, key: str) -> None:
        self._key = bytes.fromhex(key)

    def seal(self, data: bytes, purpose: str) -> bytes:
        """Encrypt ``data``; it can only be opened for the same purpose."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = os.urandom(_NONCE)
        return nonce + AESGCM(self._key).encrypt(nonce, data, purpose.encode())

    def open(self, sealed: bytes, purpose: str) -> bytes | None:
        """What was sealed; None if it was changed, or sealed with another key or purpose."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            return AESGCM(self._key).decrypt(sealed[:_NONCE], sealed[_NONCE:], purpose.encode())
        except (InvalidTag, ValueError):
            return None
