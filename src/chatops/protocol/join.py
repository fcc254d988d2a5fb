"""The join string: a hub's address, a key, and a certificate's fingerprint in one word."""

from __future__ import annotations

import base64
import binascii
from typing import Final

import msgspec

from chatops.errors import InvalidInput

_PREFIX: Final = "coj_"


class Join(msgspec.Struct, omit_defaults=True):
    """``fingerprint`` is the SHA-256 of a self-signed hub's certificate, in hex."""

    hub: str
    key: str
    fingerprint: str | None = None


def encode_join(join: Join) -> str:
    """The word to paste on a target. It holds the key: a secret."""
    return _PREFIX + base64.urlsafe_b64encode(msgspec.json.encode(join)).decode().rstrip("=")


def decode_join(text: str) -> Join:
    """The parts of a join string.

    Raises:
        InvalidInput: it is none, or was cut in copying. The text is not repeated: it is secret.
    """
    body = text.strip().removeprefix(_PREFIX)
    try:
        if not text.strip().startswith(_PREFIX):
            raise ValueError("no prefix")
        return msgspec.json.decode(
            base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)), type=Join
        )
    except (ValueError, binascii.Error, msgspec.DecodeError, RecursionError):
        raise InvalidInput(
            "this is not a whole join string",
            hint="copy it again; `chatops servers add NAME --key` prints one that begins with coj_",
        ) from None
