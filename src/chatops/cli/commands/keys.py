"""``chatops keys``."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from chatops.cli import show
from chatops.cli.args import EXPIRES, MAYBE_SERVER, SERVER, YES
from chatops.cli.commands.servers import paste_line
from chatops.cli.confirm import confirm
from chatops.cli.context import Cli
from chatops.cli.define import command, group
from chatops.cli.reading import seconds
from chatops.cli.view import Column, Style, View
from chatops.protocol.rest import ApiKey, ApiKeyCreated
from chatops.text import escape
from chatops.units import parse_time

app = group("API keys that agents sign in with.")


def _state(key: ApiKey) -> str:
    if key.revoked_at is not None:
        return "revoked"
    expired = key.expires_at is not None and parse_time(key.expires_at) <= time.time()
    return "expired" if expired else "valid"


def _state_style(key: ApiKey) -> Style:
    return "good" if _state(key) == "valid" else "dim"


KEYS = View(
    ApiKey,
    lambda key: key.id,
    [
        Column("ID", lambda k: k.id),
        Column("SERVER", lambda k: k.server),
        Column("NAME", lambda k: k.name),
        Column("PREFIX", lambda k: k.prefix, spare=True),
        Column("STATE", _state, _state_style),
        Column("CREATED", lambda k: show.age(k.created_at), spare=True),
        Column("EXPIRES", lambda k: show.local(k.expires_at)),
        Column("LAST USED", lambda k: show.age(k.last_used), spare=True),
    ],
)
CREATED = View(
    ApiKeyCreated,
    lambda key: key.key,  # it is shown only now, with -q too
    [
        Column("id", lambda k: k.id),
        Column("server", lambda k: k.server),
        Column("name", lambda k: k.name),
        Column("key", lambda k: k.key),
        Column("expires", lambda k: show.local(k.expires_at)),
    ],
)


@command(app, "list", example="chatops keys list web-1")
def list_keys(cli: Cli, server: MAYBE_SERVER = None) -> None:
    """The keys of all servers or of one, revoked ones too."""
    cli.out.items(cli.client.keys.list(server=server), KEYS)


@command(app, "create", example="chatops keys create web-1 --name spare --expires 90d")
def create(
    cli: Cli,
    server: SERVER,
    name: Annotated[str, typer.Option("--name", metavar="N", help="what to call it")] = "default",
    expires: EXPIRES = None,
) -> None:
    """Make a key for a server's agent; it is shown this once. -q prints the key alone."""
    made = cli.client.keys.create(server, name=name, expires_in=seconds(expires, "--expires"))
    cli.out.item(made, CREATED)
    if cli.out.form == "table" and not cli.out.quiet:
        cli.out.text("\n" + paste_line(made.join, monitor_only=False))


@command(app, "revoke", example="chatops keys revoke 0197... --yes")
def revoke(
    cli: Cli,
    key_id: Annotated[str, typer.Argument(metavar="KEY_ID", help="see `chatops keys list`")],
    *,
    yes: YES = False,
) -> None:
    """End a key, and at once the connection that uses it."""
    confirm(f"revoke the key {escape(key_id)}?", yes=yes)
    key = cli.client.keys.revoke(key_id)
    cli.out.changed(key, KEYS, f"revoked the key {escape(key.name)} of {escape(key.server)}")
