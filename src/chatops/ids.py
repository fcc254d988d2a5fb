"""Ids: UUIDv7, so that they sort by time and need no counter in memory.

Layout as in RFC 9562, section 5.7: 48 bits of Unix milliseconds, version, 12 random
bits, variant, 62 random bits.
"""

from __future__ import annotations

import os
import re
import time

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def new_id(now: float | None = None) -> str:
    """A fresh UUIDv7 string. ``now`` is Unix seconds; the machine's clock if left out."""
    millis = int((time.time() if now is None else now) * 1000) & ((1 << 48) - 1)
    noise = int.from_bytes(os.urandom(10), "big")
    value = millis << 80
    value |= 0x7 << 76
    value |= (noise >> 64 & 0xFFF) << 64
    value |= 0b10 << 62
    value |= noise & ((1 << 62) - 1)
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def is_id(text: str) -> bool:
    """Whether ``text`` has the form of an id (any UUID), and so cannot be a name."""
    return _UUID.fullmatch(text) is not None
