"""The arguments of a process as one text, without what looks like a credential. Pure."""

from __future__ import annotations

import re
from typing import Final

from chatops.protocol.limits import MAX_COMMAND_LINE
from chatops.redaction import redact

_STRUCK: Final = "***"
_SECRET: Final = re.compile(
    r"-{1,2}[\w.-]*(?:password|passwd|passphrase|secret|token|api-?key|credentials?|auth)", re.I
)
"""An option whose value is a secret, written in the word after it or after a ``=``."""


def spoken(words: bytes) -> str:
    """What ``/proc/PID/cmdline`` holds as one line of at most MAX_COMMAND_LINE characters; empty
    where a process has no arguments: the kernel's own, and those that have ended."""
    text = words.rstrip(b"\0").decode("utf-8", "replace")
    return redact(" ".join(_without_secrets(text.split("\0"))))[:MAX_COMMAND_LINE]


def _without_secrets(words: list[str]) -> list[str]:
    told: list[str] = []
    secret = False
    for word in words:
        option, equals, _ = word.partition("=")
        if secret and not word.startswith("-"):
            told.append(_STRUCK)
            secret = False
            continue
        named = _SECRET.fullmatch(option) is not None
        told.append(f"{option}={_STRUCK}" if named and equals else word)
        secret = named and not equals
    return told
