"""Parts of messages between agent and hub. Append-only, as the messages are."""

from __future__ import annotations

from msgspec import Struct

from chatops.protocol.integers import Count


class Largest(Struct, kw_only=True):
    """A folder, and the bytes of all that is in it."""

    path: str
    bytes: Count


class MountUse(Struct, kw_only=True):
    """The folders of a mount that hold most; ``complete``: there was time to look at all of it."""

    path: str
    complete: bool = True
    largest: list[Largest] = []


class LogLine(Struct, omit_defaults=True, kw_only=True):
    """One shipped line. ``seq`` is its place in the epoch, from 1 on, above that of the line
    before."""

    ts: float
    level: str = "info"
    message: str
    seq: Count = 0
