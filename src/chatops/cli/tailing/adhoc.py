"""Files and units that are read when they are asked for, shipped or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from chatops.cli.context import Cli
from chatops.cli.tailing.files import FileLines
from chatops.cli.tailing.lines import Source
from chatops.cli.tailing.units import UnitLines


class AdHoc(NamedTuple):
    """What is to be read of each server: a file (``path``) or the journal of a ``unit``; its last
    ``lines``, and with ``follow`` what comes from now on. ``described``: time and level of a
    file's lines are wanted, which have to be read from them."""

    path: str | None
    unit: str | None
    lines: int
    follow: bool
    described: bool


def ad_hoc_sources(cli: Cli, servers: Sequence[str], wanted: AdHoc) -> list[Source]:
    """A source for each server (name or id), to be followed in a thread of its own."""
    return [_source(cli, server, wanted) for server in servers]


def _source(cli: Cli, server: str, wanted: AdHoc) -> Source:
    client = cli.client_for(cli.connection._replace(token=cli.client.token))
    if wanted.path is not None:
        return FileLines(
            client, server, wanted.path, cli.out.say, lines=wanted.lines, follow=wanted.follow,
            described=wanted.described,
        )  # fmt: skip
    return UnitLines(
        client, server, wanted.unit or "", cli.out.say, lines=wanted.lines, follow=wanted.follow
    )
