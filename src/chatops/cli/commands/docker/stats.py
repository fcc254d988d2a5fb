"""``chatops docker stats``: once, as a stream, or as a table that is updated in its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

import typer

from chatops.cli import show
from chatops.cli.args import TARGET
from chatops.cli.commands.docker.group import PROJECT, app
from chatops.cli.container_board import Board, Found, by_cpu
from chatops.cli.context import Cli
from chatops.cli.define import command
from chatops.cli.exits import DONE, FAILED
from chatops.cli.rounds import Rounds
from chatops.cli.several import ask_each, say_not_asked
from chatops.cli.view import Column, View
from chatops.cli.watching import meant
from chatops.client import Client
from chatops.protocol.rest import ContainerStats
from chatops.protocol.target import parse_target

EVERY: Final = 2.0
"""Seconds between two questions to a server."""


def _rate(title: str, field: str, *, spare: bool = False) -> Column:
    return Column(title, lambda c: show.rate(getattr(c, field)), right=True, width=11, spare=spare)


VIEW = View(
    ContainerStats,
    lambda one: one.name,
    [
        Column("SERVER", lambda c: c.server, width=12),
        Column("NAME", lambda c: c.name, width=20),
        Column("CPU", lambda c: show.percent(c.cpu_percent), right=True, width=6),
        Column("MEMORY", lambda c: show.size(c.memory), right=True, width=10),
        Column("LIMIT", lambda c: show.size(c.memory_limit), right=True, width=10, spare=True),
        Column("PERCENT", lambda c: show.percent(c.memory_percent), right=True, width=7),
        _rate("RECEIVED", "rx_bps"),
        _rate("SENT", "tx_bps"),
        _rate("READ", "read_bps", spare=True),
        _rate("WRITE", "write_bps", spare=True),
        Column("PIDS", lambda c: show.number(c.pids), right=True, width=5, spare=True),
        Column("PROJECT", lambda c: c.project, spare=True),
    ],
)


@command(app, "stats", example="chatops docker stats 'web-*'")
def stats(
    cli: Cli,
    target: TARGET,
    *,
    project: PROJECT = None,
    follow: Annotated[
        bool | None,
        typer.Option("--follow/--no-follow", help="go on; on at a terminal and with -o ndjson"),
    ] = None,
) -> int:
    """What the containers that run use. CPU (per cent of one core), memory with its limit, network
    and block I/O, processes; the most CPU first. At a terminal a table that is updated in its
    place until Ctrl-C, with `-o ndjson` a line for each container and look, else one round. An
    agent looks as often as that costs it at most 1 % of a core; rates are those since its last
    look. Servers that cannot be asked are named on stderr."""

    def ask(client: Client, name: str) -> Found:
        found = client.docker.stats(name)
        return [one for one in found if project is None or one.project == project]

    if follow is None:
        follow = cli.out.has_screen() or cli.out.form == "ndjson"
    return _for_ever(cli, target, ask) if follow else _once(cli, target, ask)


def _once(cli: Cli, target: str, ask: Callable[[Client, str], Found]) -> int:
    wanted = parse_target(target)
    if wanted.one is not None:
        cli.out.items(by_cpu(ask(cli.client, wanted.one)), VIEW)
        return DONE
    answers = ask_each(cli, target, ask)
    found = [rows for rows in answers.values() if isinstance(rows, list)]
    cli.out.items(by_cpu([row for rows in found for row in rows]), VIEW)
    return FAILED if say_not_asked(cli, answers) else DONE


def _for_ever(cli: Cli, target: str, ask: Callable[[Client, str], Found]) -> int:
    cli.out.refuse_json()
    one = parse_target(target).one
    board, rows = Board(), Found()
    if one is not None:  # what is wrong with it is an error
        rows, _ = board.put(one, ask(cli.client, one))
    names = [one] if one is not None else [server.name for server in meant(cli, target)]
    rounds = Rounds(cli, names, ask, EVERY)
    if cli.out.has_screen():
        from chatops.cli.live_containers import show_for_ever

        show_for_ever(cli, rounds, board, VIEW)
    while True:
        for row in rows:
            cli.out.live(row, VIEW)
        name, told = rounds.next()
        rows, why = board.put(name, told)
        if why is not None:
            cli.out.say(why)
