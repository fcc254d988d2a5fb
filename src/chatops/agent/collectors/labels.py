"""Names of mounts, devices and sensors come from the kernel as bytes; here they become text."""

from __future__ import annotations

from chatops.protocol.limits import MAX_LABEL


def clean(name: str, width: int = MAX_LABEL) -> str:
    """``name`` as text that can be sent: bytes that were no UTF-8 are replaced, length is cut."""
    if not name.isascii():
        name = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return name[:width]
