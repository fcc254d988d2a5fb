"""``chatops users``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from chatops.cli import show
from chatops.cli.args import PASSWORD_STDIN, YES
from chatops.cli.confirm import confirm, read_password
from chatops.cli.context import Cli
from chatops.cli.define import command, group
from chatops.cli.view import Column, View
from chatops.errors import NotPermitted
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
    now = f"{escape(user.name)} is {user.role} now, and has to sign in again"
    cli.out.changed(user, USERS, now)


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
    """Give somebody a new password, and end the account's sessions. Its API tokens stay good:
    it says how many there are.

    With --data-dir it is done on the control host itself, while the hub is stopped: nobody has
    to be signed in, only the folder's owner can do it.
    """

    def ask(who: str) -> str:
        return read_password(stdin=password_stdin, prompt=f"new password for {who}", twice=True)

    if data_dir is None:
        tokens = _good_tokens(cli, name)
        user = cli.client.users.update(name, password=ask(escape(name)))
    else:
        from chatops.server.local_reset import reset_password as reset_here

        user, tokens = reset_here(data_dir, name, ask)
    cli.out.changed(user, USERS, *_reset(user, tokens))


def _good_tokens(cli: Cli, name: str) -> int:
    """How many API tokens an account has. Who may not know may not reset its password either, and
    is told so by that."""
    with suppress(NotPermitted):
        found = cli.client.tokens.list(user=name)
        return sum(show.ahead(one.expires_at) != "expired" for one in found)
    return 0


def _reset(user: User, tokens: int) -> Iterator[str]:
    """What there is to say of an account whose password was reset."""
    name = escape(user.name)
    yield f"{name} has a new password, and its sessions have ended"
    if tokens:
        what = "API token stays" if tokens == 1 else "API tokens stay"
        yield (
            f"{tokens} {what} good: `chatops tokens list --user {name}` shows them, "
            "`chatops tokens revoke ID` ends one"
        )
    if user.disabled:
        yield f"the account is disabled: `chatops users enable {name}` lets it sign in"


@command(app, "disable", example="chatops users disable ada")
def disable(cli: Cli, name: NAME) -> None:
    """Keep an account from signing in, and end its sessions."""
    user = cli.client.users.update(name, disabled=True)
    cli.out.changed(user, USERS, f"{escape(user.name)} is disabled")


@command(app, "enable", example="chatops users enable ada")
def enable(cli: Cli, name: NAME) -> None:
    """Let a disabled account sign in again."""
    user = cli.client.users.update(name, disabled=False)
    cli.out.changed(user, USERS, f"{escape(user.name)} is enabled")


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
    deleted = None if cli.out.form == "table" else cli.client.users.get(name)
    cli.client.users.delete(name, reassign_to=reassign_to)
    cli.out.removed(deleted, USERS, f"deleted {escape(name)}")
