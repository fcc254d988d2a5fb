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

app = group("Run a command on one server or on many.")


@command(
    app, "exec", example="chatops exec --max-failures 1 'web-*' 'df -h | sort'", options_first=True,
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
    """Run a command on one server or on many.

    Options stand before TARGET. One COMMAND argument is a line for the target's shell, two or
    more are an exact vector without a shell.

    One server (a name or id): output, bytes and exit status are the command's. Several (any other
    TARGET, even if it means just one): each line of the output begins with the server's name,
    and at the end each server that did not succeed is named, with the reason. Ctrl-C cancels on
    all servers and waits for the end; once more leaves at once. A lost hub is asked again for
    60 s.

    Exit status, one server: the remote one; 120 offline, 121 refused, 122 lost, 124 timed out,
    125 chatops itself stopped. Several: 0 all succeeded, 1 something ran and did not succeed,
    123 some could not be run, 125 as above, no match, or --expect-count.
    """
    return run(cli, target, words, **options)
