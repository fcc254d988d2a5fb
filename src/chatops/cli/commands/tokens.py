"""``chatops tokens``."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from chatops.cli import show
from chatops.cli.absent import say_if_nobody
from chatops.cli.args import EXPIRES, YES
from chatops.cli.completion import complete_targets
from chatops.cli.confirm import confirm
from chatops.cli.context import Cli
from chatops.cli.define import command, group
from chatops.cli.reading import seconds
from chatops.cli.view import Column, View
from chatops.protocol.rest import Token, TokenCreated
from chatops.text import escape

app = group("API tokens that scripts use in your name.")
TOKENS = View(
    Token,
    lambda token: token.id,
    [
        Column("ID", lambda t: t.id),
        Column("NAME", lambda t: t.name),
        Column("ROLE", lambda t: t.role),
        Column("SERVERS", lambda t: t.servers or "all"),
        Column("EXPIRES", lambda t: show.ahead(t.expires_at),
               lambda t: "dim" if show.ahead(t.expires_at) == "expired" else None),
        Column("USED", lambda t: show.age(t.last_used), spare=True),
    ],
)  # fmt: skip
CREATED = View(
    TokenCreated,
    lambda token: token.token,  # it is shown only now, with -q too
    [
        Column("id", lambda t: t.id),
        Column("name", lambda t: t.name),
        Column("token", lambda t: t.token),
        Column("role", lambda t: t.role),
        Column("servers", lambda t: t.servers or "all that you may see, now and later"),
        Column("expires", lambda t: show.local(t.expires_at) or "never"),
    ],
)


@command(app, "list", example="chatops tokens list")
def list_tokens(
    cli: Cli,
    user: Annotated[
        str | None, typer.Option("--user", metavar="USER", help="whose; for administrators")
    ] = None,
) -> None:
    """Your tokens that are not revoked, or as an administrator those of somebody else."""
    cli.out.items(cli.client.tokens.list(user=user), TOKENS)


@command(
    app, "create", example="chatops tokens create ci --role operator --servers 'web-*'"
)  # fmt: skip
def create(
    cli: Cli,
    name: Annotated[str, typer.Argument(metavar="NAME", help="what to call it")],
    role: Annotated[
        Literal["viewer", "operator"], typer.Option("--role", help="what it may do, at most")
    ] = "viewer",
    servers: Annotated[
        str | None,
        typer.Option(
            "--servers", metavar="TARGET", help="the only servers it is for",
            autocompletion=complete_targets,
        ),
    ] = None,
    expires: EXPIRES = None,
) -> None:  # fmt: skip
    """Make a token; it is shown this once. -q prints the token alone.

    It never may more than you may at that moment. Without --servers it is for all servers that
    you may see, now and later. In TARGET a glob or tag means those that are added later too, a
    name the server that has it now, also when it is renamed. Programs use it as CHATOPS_TOKEN.
    """
    made = cli.client.tokens.create(
        name, role=role, servers=servers, expires_in=seconds(expires, "--expires")
    )
    cli.out.item(made, CREATED)
    if servers is not None:
        say_if_nobody(cli, servers)


@command(app, "revoke", example="chatops tokens revoke 0197... --yes")
def revoke(
    cli: Cli,
    token_id: Annotated[str, typer.Argument(metavar="ID", help="see `chatops tokens list`")],
    *,
    yes: YES = False,
) -> None:
    """End a token, and at once all that is open by it."""
    confirm(f"revoke the token {escape(token_id)}?", yes=yes)
    token = cli.client.tokens.revoke(token_id)
    cli.out.changed(token, TOKENS, f"revoked the token {escape(token.name)}")
