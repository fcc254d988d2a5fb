"""``chatops users``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chatops.cli import show
from chatops.cli.args import PASSWORD_STDIN, YES
from chatops.cli.confirm import confirm, read_password
from chatops.cli.context import Cli
from chatops.cli.define import command, group
from chatops.cli.view import Column, View
from chatops.protocol.names import Role
from chatops.protocol.rest import User
from chatops.text import escape

app = group("Accounts of the hub.")
NAME = Annotated[str, typer.Argument(metavar="NAME", help="a user's name or id")]
USERS = View(
    User,
    lambda user: user.name,
    [
        Column("NAME", lambda u: u.name),
        Column("ROLE", lambda u: u.role),
        Column("STATE", lambda u: "disabled" if u.disabled else "active",
               lambda u: "warn" if u.disabled else None),
        Column("CREATED", lambda u: show.age(u.created_at)),
        Column("LAST LOGIN", lambda u: show.age(u.last_login)),
    ],
)  # fmt: skip
USER = View(
    User,
    USERS.name,
    [
        Column("name", lambda u: u.name),
        Column("id", lambda u: u.id),
        Column("role", lambda u: u.role),
        Column("state", lambda u: "disabled" if u.disabled else "active"),
        Column("created", lambda u: show.local(u.created_at)),
        Column("last login", lambda u: show.local(u.last_login)),
    ],
)


@command(app, "list", example="chatops users list")
def list_users(cli: Cli) -> None:
    """All accounts."""
    cli.out.items(cli.client.users.list(), USERS)


@command(app, "create", example="chatops users create ada --role operator")
def create(
    cli: Cli,
    name: Annotated[str, typer.Argument(metavar="NAME", help="a new, unique name")],
    role: Annotated[Role, typer.Option("--role", help="what the user may do")] = "viewer",
    *,
    password_stdin: PASSWORD_STDIN = False,
) -> None:
    """Make an account; its password is asked for."""
    password = read_password(stdin=password_stdin, prompt=f"password for {name}", twice=True)
    cli.out.item(cli.client.users.create(name, password, role=role), USER)


@command(app, "show", example="chatops users show ada")
def show_user(cli: Cli, name: NAME) -> None:
    """One account."""
    cli.out.item(cli.client.users.get(name), USER)


@command(app, "set-role", example="chatops users set-role ada admin")
def set_role(
    cli: Cli,
    name: NAME,
    role: Annotated[Role, typer.Argument(metavar="ROLE", help="viewer, operator or admin")],
) -> None:
    """Give an account another role."""
    user = cli.client.users.update(name, role=role)
    cli.out.say(f"{escape(user.name)} is {user.role} now, and has to sign in again")


@command(app, "reset-password", example="chatops users reset-password ada")
def reset_password(
    cli: Cli,
    name: NAME,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            "--data-dir", metavar="DIR", help="folder of a hub that does not run: the way back in"
        ),
    ] = None,
    *,
    password_stdin: PASSWORD_STDIN = False,
) -> None:
    """Give somebody a new password, and end the account's sessions.

    With --data-dir it is done on the control host itself, while the hub is stopped: nobody has
    to be signed in, only the folder's owner can do it.
    """

    def ask(who: str) -> str:
        return read_password(stdin=password_stdin, prompt=f"new password for {who}", twice=True)

    if data_dir is None:
        cli.client.users.update(name, password=ask(escape(name)))
        cli.out.say(f"{escape(name)} has a new password")
        return
    from chatops.server.local_reset import reset_password as reset_here

    usable = reset_here(data_dir, name, ask)
    cli.out.say(f"{escape(name)} has a new password")
    if not usable:
        cli.out.say("the account is disabled: an administrator can enable it")


@command(app, "disable", example="chatops users disable ada")
def disable(cli: Cli, name: NAME) -> None:
    """Keep an account from signing in, and end its sessions."""
    cli.client.users.update(name, disabled=True)
    cli.out.say(f"{escape(name)} is disabled")


@command(app, "enable", example="chatops users enable ada")
def enable(cli: Cli, name: NAME) -> None:
    """Let a disabled account sign in again."""
    cli.client.users.update(name, disabled=False)
    cli.out.say(f"{escape(name)} is enabled")


@command(app, "delete", example="chatops users delete ada --reassign-to bob --yes")
def delete(
    cli: Cli,
    name: NAME,
    reassign_to: Annotated[
        str | None,
        typer.Option("--reassign-to", metavar="USER", help="who gets the servers it owns"),
    ] = None,
    *,
    yes: YES = False,
) -> None:
    """Remove an account."""
    confirm(f"delete the user {escape(name)}?", yes=yes)
    cli.client.users.delete(name, reassign_to=reassign_to)
    cli.out.say(f"deleted {escape(name)}")
