"""``chatops silences``."""

from __future__ import annotations

from typing import Annotated

import typer

from chatops.cli import show
from chatops.cli.absent import say_if_nobody
from chatops.cli.args import TARGET, YES
from chatops.cli.completion import complete_metric_names
from chatops.cli.confirm import confirm
from chatops.cli.context import Cli
from chatops.cli.define import command, group
from chatops.cli.reading import seconds
from chatops.cli.view import Column, View
from chatops.protocol.rest import Silence
from chatops.text import escape

app = group("For a while nobody is told of some alerts; they are there all the same.")
SILENCES = View(
    Silence,
    lambda silence: silence.id,
    [
        Column("ID", lambda s: s.id),
        Column("TARGET", lambda s: s.target),
        Column("METRIC", lambda s: s.metric or "all"),
        Column("ENDS", lambda s: show.ahead(s.until)),
        Column("BY", lambda s: s.created_by, spare=True),
        Column("COMMENT", lambda s: s.comment),
    ],
)


@command(app, "list", example="chatops silences list")
def list_silences(cli: Cli) -> None:
    """The silences that hold on servers of yours."""
    cli.out.items(cli.client.silences.list(), SILENCES)


@command(app, "add", example="chatops silences add 'web-*' --metric disk --for 2h")
def add(
    cli: Cli,
    target: TARGET,
    for_: Annotated[str, typer.Option("--for", metavar="DURATION", help="ends by itself then")],
    metric: Annotated[
        str | None,
        typer.Option(
            "--metric", metavar="M", help="only this one", autocompletion=complete_metric_names
        ),
    ] = None,
    comment: Annotated[
        str | None, typer.Option("--comment", metavar="C", help="what others should know")
    ] = None,
) -> None:
    """Tell nobody of alerts of some servers for a while.

    What fires meanwhile and still does when the silence ends is told then.
    """
    made = cli.client.silences.add(
        target, seconds(for_, "--for") or 0.0, metric=metric, comment=comment
    )
    what = f"{escape(made.metric)} of " if made.metric else ""
    cli.out.made(
        made, SILENCES, f"silenced {what}{escape(made.target)} until {show.local(made.until)}"
    )
    say_if_nobody(cli, target)


@command(app, "rm", example="chatops silences rm 0197... --yes")
def remove(
    cli: Cli,
    silence: Annotated[str, typer.Argument(metavar="ID", help="see `chatops silences list`")],
    *,
    yes: YES = False,
) -> None:
    """End a silence now."""
    confirm(f"end the silence {escape(silence)}?", yes=yes)
    gone = next((one for one in cli.client.silences.list() if one.id == silence), None)
    cli.client.silences.remove(silence)
    if gone is not None:
        cli.out.changed(gone, SILENCES, f"ended the silence of {escape(gone.target)}")
