"""``chatops cp``."""

from __future__ import annotations

from typing import Annotated

import typer

from chatops.cli.context import Cli
from chatops.cli.define import command, group
from chatops.errors import InvalidInput

app = group("Copy files and folders to servers, or from one.")


@command(app, "cp", example="chatops cp -r ./site 'tag:role=web:/srv/www/'")
def cp(
    cli: Cli,
    source: Annotated[str, typer.Argument(metavar="SRC", help="a path here, or SERVER:/path")],
    destination: Annotated[str, typer.Argument(metavar="DST", help="a path here, or TARGET:/path")],
    *,
    recursive: Annotated[
        bool, typer.Option("-r", "--recursive", help="folders, with what is in them")
    ] = False,
) -> int:
    """Copy a file or, with -r, a folder to one server or several, or from one. One of SRC and DST
    is here, the other TARGET:/path; a path here that could be read so begins with ./ or /.

    A DST that is a folder gets the copy under its old name. Mode and time go along, owners do not;
    links in a folder stay links, if they lead to somewhere in it. A file takes its place when it is
    whole and its SHA-256 is right: until then the old one is untouched. A copy that is cut off goes
    on by itself for 60 s, and sends only the rest.

    Needs an agent with `--allow files`, and to write there `write` in its [policy.files].

    Exit status: 0 all is copied; 1 some of it, or to some of several servers, is not.
    """
    from chatops.cli.copying.operands import Remote, read_operand
    from chatops.cli.copying.running import download, upload
    from chatops.heap import tune_heap

    tune_heap()
    origin, target = read_operand(source), read_operand(destination)
    if isinstance(target, Remote) and not isinstance(origin, Remote):
        return upload(cli, origin, target, recursive=recursive)
    if isinstance(origin, Remote) and not isinstance(target, Remote):
        return download(cli, origin, target, recursive=recursive)
    where = "on servers" if isinstance(origin, Remote) else "here"
    raise InvalidInput(
        f"both SRC and DST are {where}",
        hint="one of them is SERVER:/path, like web-1:/etc/hosts; the path begins with /",
    )
