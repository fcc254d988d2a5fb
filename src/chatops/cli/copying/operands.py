"""SRC and DST of ``chatops cp``. Pure."""

from __future__ import annotations

import os
from typing import NamedTuple

from chatops.errors import InvalidInput
from chatops.protocol.target import parse_target


class Remote(NamedTuple):
    """A path on the servers that a TARGET means; ``one`` is set where that is one server."""

    target: str
    path: bytes
    one: str | None


def read_operand(text: str) -> Remote | bytes:
    """What SRC or DST means: a path on servers, or one here.

    Raises:
        InvalidInput: it is empty, or no TARGET stands before its path.
    """
    if not text:
        raise InvalidInput("a path is empty")
    target, colon, path = text.partition(":/")
    if not colon or not target or "/" in target or target.startswith("."):
        return os.fsencode(text)
    return Remote(target, os.fsencode(f"/{path}"), parse_target(target).one)
