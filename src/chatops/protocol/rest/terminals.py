"""Terminals: what is asked for one, and the recordings of those there were."""

from __future__ import annotations

from msgspec import Struct

from chatops.protocol.parts import Terminal
from chatops.protocol.rest.commands import CommandCreate
from chatops.protocol.rest.common import Timestamp


class TerminalCreate(CommandCreate, kw_only=True):
    """Makes a run of one command at a terminal; what ``/ws/terminal/{server}`` is asked for."""

    terminal: Terminal


class Recording(Struct, kw_only=True):
    """What was printed at a terminal, as asciicast v2. Its ``id`` is the command's. ``duration_s``
    is null while it goes on, ``size`` in bytes is then what there is. ``container`` is where the
    terminal was, as it was asked for; null: on the server itself."""

    id: str
    server: str
    user: str | None
    command: str | list[str]
    started_at: Timestamp
    duration_s: float | None
    size: int
    container: str | None = None
