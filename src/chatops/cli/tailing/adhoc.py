"""Files and units that are read when they are asked for, shipped or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from chatops.cli.context import Cli
from chatops.cli.tailing.lines import Source
from chatops.errors import InvalidInput


class AdHoc(NamedTuple):
    """What is to be read of each server: a file (``path``) or the journal of a ``unit``; its last
    ``lines``, and with ``follow`` what comes from now on."""

    path: str | None
    unit: str | None
    lines: int
    follow: bool


def ad_hoc_sources(cli: Cli, servers: Sequence[str], wanted: AdHoc) -> list[Source]:
    """A source for each server (name or id), to be followed in a thread of its own.

    Raises:
        InvalidInput: this hub has no such source.
    """
    raise InvalidInput(
        "files and units cannot be read yet, unless the agent ships them",
        hint="`chatops tail TARGET` shows what agents ship; see --log of `chatops agent`",
    )
