"""``chatops profiles``."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from chatops.cli.args import YES
from chatops.cli.completion import complete_profiles
from chatops.cli.confirm import confirm
from chatops.cli.context import Cli
from chatops.cli.define import command, group
from chatops.cli.profiles import Book
from chatops.cli.view import Column, View
from chatops.text import escape

app = group("The hubs you signed in to.")
NAME = Annotated[
    str, typer.Argument(metavar="NAME", help="a profile", autocompletion=complete_profiles)
]


class ProfileRow(msgspec.Struct):
    """A profile without its secrets."""

    name: str
    hub: str
    user: str | None
    active: bool
    signed_in: bool


PROFILES = View(
    ProfileRow,
    lambda row: row.name,
    [
        Column("NAME", lambda row: row.name),
        Column("HUB", lambda row: row.hub),
        Column("USER", lambda row: row.user),
        Column("ACTIVE", lambda row: "yes" if row.active else "", lambda _: "good"),
        Column("SIGNED IN", lambda row: "yes" if row.signed_in else "no"),
    ],
)


@command(app, "list", example="chatops profiles list", hub=False)
def list_profiles(cli: Cli) -> None:
    """The profiles of this user on this machine."""
    book = cli.profiles.read()
    cli.out.items([row_of(book, name) for name in sorted(book.profiles)], PROFILES)


def row_of(book: Book, name: str) -> ProfileRow:
    """What is shown of a profile."""
    one = book.get(name)
    return ProfileRow(name, one.hub, one.user, name == book.active, one.token is not None)


@command(app, "use", example="chatops profiles use prod", hub=False)
def use(cli: Cli, name: NAME) -> None:
    """Make a profile the active one."""
    with cli.profiles.change() as book:
        hub = book.get(name).hub
        book.active = name
        row = row_of(book, name)
    cli.out.changed(row, PROFILES, f"commands go to {hub} now (profile {escape(name)})")


@command(app, "rm", example="chatops profiles rm old --yes", hub=False)
def remove(cli: Cli, name: NAME, *, yes: YES = False) -> None:
    """Forget a profile and its session; `chatops logout` before ends it on the hub too."""
    cli.profiles.read().get(name)
    confirm(f"forget the profile {escape(name)}?", yes=yes)
    with cli.profiles.change() as book:
        row = row_of(book, name)
        book.remove(name)
    cli.out.changed(row, PROFILES, f"forgot the profile {escape(name)}")
