"""``chatops recordings``: what was printed at terminals."""

from __future__ import annotations

import os
import shlex
import sys
from typing import Annotated

import typer

from chatops.cli import show
from chatops.cli.args import LIMIT, SINCE, UNTIL, asked, print_newest
from chatops.cli.completion import complete_servers
from chatops.cli.context import Cli
from chatops.cli.define import command, group
from chatops.cli.new_file import new_file
from chatops.cli.reading import seconds, span
from chatops.cli.view import Column, View
from chatops.errors import InvalidInput
from chatops.protocol.rest.terminals import Recording

app = group("What was printed at terminals (`chatops shell`, `docker exec -it`).")
RECORDINGS = View(
    Recording,
    lambda recording: recording.id,
    [
        Column("ID", lambda r: r.id, whole=True),
        Column("SERVER", lambda r: r.server),
        Column("USER", lambda r: r.user),
        Column("STARTED", lambda r: show.local(r.started_at), whole=True, spare=True),
        Column("TIME", lambda r: show.duration(r.duration_s) or "goes on", right=True),
        Column("SIZE", lambda r: show.size(r.size), right=True, spare=True),
        Column("COMMAND", lambda r: _command(r), cut=True),
    ],
)
_EXAMPLE = "0198c0de-0000-7000-8000-000000000001"
ID = Annotated[str, typer.Argument(metavar="ID", help="of a recording, which is its command's")]


@command(app, "list", example="chatops recordings list --server web-1 --since 7d")
def list_recordings(
    cli: Cli,
    server: Annotated[
        str | None,
        typer.Option(
            "--server", metavar="SERVER", help="of one server", autocompletion=complete_servers
        ),
    ] = None,
    user: Annotated[str | None, typer.Option("--user", metavar="USER", help="by whom")] = None,
    since: SINCE = None,
    until: UNTIL = None,
    limit: LIMIT = 100,
) -> None:
    """Recordings of the servers on which you are an operator, oldest first."""
    begin, end = span(since, until)
    found = cli.client.recordings.list(
        server=server, user=user, since=begin, until=end, limit=asked(limit)
    )
    print_newest(cli.out, found, RECORDINGS, limit)


@command(app, "play", example=f"chatops recordings play --speed 2 {_EXAMPLE}")
def play(
    cli: Cli,
    recording: ID,
    speed: Annotated[
        float,
        typer.Option(
            "--speed", metavar="N", help="so many times as fast [default: 1]", show_default=False
        ),
    ] = 1.0,
    idle: Annotated[
        str | None,
        typer.Option("--idle", metavar="DURATION", help="the longest pause"),
    ] = None,
) -> None:
    """Print a recording as it was printed then, with its timing. Ctrl-C ends it.

    Like `shell` it prints what came from the server as it came, and your terminal obeys it.
    """
    from chatops.cli.terminal.player import Cast
    from chatops.cli.terminal.player import play as play_cast

    if cli.out.form != "table":
        raise InvalidInput(
            "a recording is played as it was printed, and has no other form",
            hint="`chatops recordings export ID -` prints it as asciicast v2",
        )
    if not 0 < speed < float("inf"):
        raise InvalidInput(f"--speed: {speed:g} is no speed", hint="2 is twice as fast, 0.5 half")
    longest = seconds(idle, "--idle")
    cast = Cast(cli.client.recordings.cast(recording))
    _tell_size(cli, cast.rows, cast.cols)
    play_cast(cast, speed=speed, idle=longest)


@command(app, "export", example=f"chatops recordings export {_EXAMPLE} deploy.cast")
def export(
    cli: Cli,
    recording: ID,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="a new file, 0600; - is standard output")
    ],
) -> None:
    """Write a recording into a file, for players of asciicast v2. One that goes on is as far as it
    goes."""
    parts = cli.client.recordings.cast(recording)
    if file == "-":
        for part in parts:
            cli.out.raw(part)
        return
    with new_file(file) as target:
        for part in parts:
            target.write(part)
    cli.out.say(f"exported to {file}")


def _command(recording: Recording) -> str:
    command = recording.command
    where = f"[{recording.container}] " if recording.container else ""
    return where + (command if isinstance(command, str) else shlex.join(command))


def _tell_size(cli: Cli, rows: int, cols: int) -> None:
    """Say it when this terminal is too small for what was printed at another."""
    if not sys.stdout.isatty():
        return
    here = os.get_terminal_size(sys.stdout.fileno())
    if here.lines < rows or here.columns < cols:
        cli.out.say(f"recorded at {cols}x{rows}; this terminal is {here.columns}x{here.lines}")
