"""``chatops top``."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from chatops.cli.completion import complete_targets
from chatops.cli.context import Cli
from chatops.cli.define import command, group
from chatops.errors import InvalidInput

app = group("A live view of the fleet.")
MAYBE_TARGET = Annotated[
    str,
    typer.Argument(
        metavar="TARGET",
        help="web-1, web-1,web-2, 'web-*', tag:env=prod, all; ! leaves out",
        autocompletion=complete_targets,
    ),
]


@command(app, "top", example="chatops top 'tag:env=prod'")
def top(cli: Cli, target: MAYBE_TARGET = "all") -> int:
    """The servers as a live table over the whole terminal, with what each did in the last
    minutes; Enter opens one, / filters, s sorts, g groups by a tag, ? shows all keys, q quits.
    It stays when the hub is gone, says so, and goes on when it is back."""
    if cli.out.form != "table":
        raise InvalidInput(
            "top is for people; it has no other form", hint="chatops metrics watch -o ndjson"
        )
    if cli.environ.get("TERM") == "dumb":
        raise InvalidInput(
            "top needs a terminal that can draw, and TERM is dumb",
            hint="`chatops servers list` and `chatops metrics watch` print plain lines",
        )
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise InvalidInput(
            "top needs a terminal for its input and output",
            hint="`chatops servers list` and `chatops metrics watch` print what can be piped",
        )
    from chatops.cli.top.run import run

    return run(cli, target)
