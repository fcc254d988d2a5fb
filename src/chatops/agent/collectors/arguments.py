"""The arguments of a process as one text, without what looks like a credential. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from chatops.protocol.limits import MAX_COMMAND_LINE
from chatops.redaction import SECRET_NAME, STRUCK, redact

_NAME: Final = rf"[\w.-]*(?:{SECRET_NAME}|auth)"
_OPTION: Final = re.compile(rf"-(?=[\w-]){_NAME}", re.IGNORECASE)
"""An option whose value, in the word after it, is a secret."""
_SET: Final = re.compile(_NAME, re.IGNORECASE)
"""What is set to a secret by a ``=``: an option, or a variable (``env PGPASSWORD=x``)."""
_HINT: Final = re.compile("pass|secret|token|credential|auth|key|pwd", re.IGNORECASE)
"""Without any of these there is nothing to look for: most have none."""


def spoken(words: bytes) -> str:
    """What ``/proc/PID/cmdline`` holds as one line of at most MAX_COMMAND_LINE characters; empty
    where a process has no arguments: the kernel's own, and those that have ended."""
    text = words.rstrip(b"\0").decode("utf-8", "replace")
    parts = text.split("\0")
    if _HINT.search(text):
        parts = without_secrets(parts)
    return redact(" ".join(parts))[:MAX_COMMAND_LINE]


def without_secrets(words: Sequence[str]) -> list[str]:
    """The same words, with what looks like a credential struck out."""
    told: list[str] = []
    secret = False
    for word in words:
        if secret and not word.startswith("-"):
            told.append(STRUCK)
            secret = False
            continue
        name, equals, _ = word.partition("=")
        if equals and _SET.fullmatch(name):
            word = name + equals + STRUCK
        secret = not equals and _OPTION.fullmatch(word) is not None
        told.append(redact(word))
    return told
