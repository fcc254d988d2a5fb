"""Files and units that are read when they are asked for, shipped or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from chatops.cli.context import Cli
from chatops.cli.tailing.files import FileLines
from chatops.cli.tailing.filtering import Wanted
from chatops.cli.tailing.lines import Source
from chatops.cli.tailing.units import UnitLines


class AdHoc(NamedTuple):
    """What is to be read of each server: of a file (``path``) or of the journal of a ``unit`` the
    ``wanted`` lines. ``described``: time and level of a file's lines are to be read from them."""

    path: str | None
    unit: str | None
    wanted: Wanted
    described: bool


def ad_hoc_sources(cli: Cli, servers: Sequence[str], what: AdHoc) -> list[Source]:
    """A source for each server (name or id), to be followed in a thread of its own."""
    return [_source(cli, server, what) for server in servers]


def _source(cli: Cli, server: str, what: AdHoc) -> Source:
    client = cli.client_for(cli.connection._replace(token=cli.client.token))
    if what.path is not None:
        return FileLines(
            client, server, what.path, cli.out.say, what.wanted, described=what.described
        )  # fmt: skip
    return UnitLines(client, server, what.unit or "", cli.out.say, what.wanted)
