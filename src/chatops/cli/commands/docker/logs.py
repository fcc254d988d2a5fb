"""``chatops docker logs``."""

from __future__ import annotations

from typing import Annotated

import typer

from chatops.cli.args import SERVER, SINCE
from chatops.cli.commands.docker.group import CONTAINER, app
from chatops.cli.context import Cli
from chatops.cli.define import command
from chatops.cli.log_following import LogFollower
from chatops.cli.log_output import ObjectPrinter, Printer, RawPrinter, TextPrinter
from chatops.cli.reading import moment
from chatops.client.container_feeds import ContainerLog
from chatops.errors import InvalidInput


@command(app, "logs", example="chatops docker logs web-1 app -f --since 10m")
def logs(
    cli: Cli,
    server: SERVER,
    container: CONTAINER,
    *,
    follow: Annotated[
        bool, typer.Option("-f", "--follow", help="go on with what is written from now on")
    ] = False,
    tail: Annotated[
        str, typer.Option("--tail", metavar="N", help="the last N lines; all is every one")
    ] = "100",
    since: SINCE = None,
    timestamps: Annotated[
        bool, typer.Option("--timestamps", help="the engine's time before each line")
    ] = False,
    raw: Annotated[
        bool, typer.Option("--raw", help="the bytes as they are, control characters too")
    ] = False,
) -> None:
    """What a container wrote. Its stdout goes to stdout, its stderr to stderr. Control characters
    (colours too) are written out, unless --raw is given. With -f it goes on until the container
    stops; when the hub or the agent is away for less than a minute, it goes on where it was."""
    machine = cli.out.form != "table" or cli.out.quiet
    if raw and machine:
        raise InvalidInput("raw bytes have no other form", hint="leave --raw or -o out")
    if follow:
        cli.out.refuse_json()
    lines, begin = _lines(tail), moment(since, "--since")

    def open_(again: float | None) -> ContainerLog:
        return cli.client.docker.logs(
            server, container, follow=follow, timestamps=True,
            since=begin if again is None else again, tail=lines if again is None else None,
        )  # fmt: skip

    follower = LogFollower(open_, cli.out.say, lasting=follow)
    if machine:
        printer: Printer = ObjectPrinter(cli.out, follower)
    else:
        printer = (RawPrinter if raw else TextPrinter)(cli.out, stamps=timestamps)
    try:
        for stream, segments in follower.pieces():
            printer.show(stream, segments)
    finally:
        printer.close()


def _lines(text: str) -> int | None:
    """
    Raises:
        InvalidInput: it is neither a number nor ``all``.
    """
    if text == "all":
        return None
    if not (text.isascii() and text.isdigit()) or int(text) >= 2**31:
        raise InvalidInput(
            f"--tail: {text!r} is no number of lines", hint="a number below 2147483648, or all"
        )
    return int(text)
