"""``chatops exec``, as typer sees it: for help, completion and mistakes.

A line that is right is read by chatops.cli.quick, from the same declarations.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from chatops.cli.args import TARGET
from chatops.cli.context import Cli
from chatops.cli.declared import EXEC
from chatops.cli.define import command, group, parameter
from chatops.cli.execute import run
from chatops.cli.exits import exec_exit_code

app = group("Run a command on a server.")


@command(
    app, "exec", example="chatops exec web-1 'df -h | sort'", options_first=True,
    exit_of=exec_exit_code, extra=[parameter(one) for one in EXEC],
)  # fmt: skip
def execute(
    cli: Cli,
    target: TARGET,
    words: Annotated[
        list[str],
        typer.Argument(metavar="COMMAND [ARG ...]", help="a shell line, or a program's vector"),
    ],
    **options: Any,
) -> int:
    """Run a command on a server; its output, bytes and exit status are the command's.

    Options stand before TARGET. One COMMAND argument is a line for the target's shell, two or
    more are an exact vector without a shell. Exit status: the remote one; 120 offline,
    121 refused, 122 lost, 124 timed out, 125 chatops itself stopped.
    """
    return run(cli, target, words, **options)
