"""Which run of the machine this is."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Final

_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")


def boot_id() -> str:
    """The kernel's id of this run of the machine; where it has none, one that is never the
    same, so that every end without order counts as a power cut."""
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return secrets.token_hex(8)
