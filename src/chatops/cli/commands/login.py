"""``chatops login``."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from chatops.cli.args import PASSWORD_STDIN
from chatops.cli.confirm import agrees, read_name, read_password
from chatops.cli.context import Cli, Connection, resolve
from chatops.cli.define import command, group
from chatops.cli.profiles import Profile, check_profile_name
from chatops.client.address import parse_address
from chatops.errors import HubUnreachable
from chatops.protocol.rest import FullPair
from chatops.text import escape

app = group("Sign in to a hub.")
URL = Annotated[str | None, typer.Argument(metavar="URL", help="the hub; by default the known one")]
USER = Annotated[str | None, typer.Option("--user", "-u", metavar="USER", help="your name")]


@command(app, "login", example="chatops login https://hub.example.org -u ada")
def login(
    cli: Cli, url: URL = None, user: USER = None, *, password_stdin: PASSWORD_STDIN = False
) -> None:
    """Sign in to a hub and keep the session in a profile.

    The profile is called HOST:PORT of the hub, or as --profile says, and becomes the active one.
    """
    where = connection_to(cli, url)
    profile = profile_name(cli, where)
    where = trusted(cli, where)
    name = user or read_name("user", "-u USER")
    password = read_password(stdin=password_stdin)
    with cli.client_for(where._replace(token=None, profile=None)) as client:
        pair = client.auth.login(name, password)
    keep(cli, profile, where, name, pair)
    cli.out.say(f"signed in to {where.hub} as {escape(name)} (profile {escape(profile)})")


def connection_to(cli: Cli, url: str | None) -> Connection:
    """The connection to the hub that is named, or else to the one that is known."""
    common, environ = cli.common._replace(hub=url or cli.common.hub), dict(cli.environ)
    if url is not None and cli.profile_named not in cli.profiles.read().profiles:
        common = common._replace(profile=None)  # it is about to be made
        environ.pop("CHATOPS_PROFILE", None)
    where = resolve(common, environ, cli.profiles)
    return where._replace(hub=parse_address(where.hub).url)


def profile_name(cli: Cli, where: Connection) -> str:
    """What to call the profile of a hub.

    Raises:
        InvalidInput: the name that was given cannot be one.
    """
    address = parse_address(where.hub)
    return check_profile_name(cli.profile_named or f"{address.host}:{address.port}")


def keep(cli: Cli, name: str, where: Connection, user: str, pair: FullPair) -> None:
    """Store a session as the active profile."""
    with cli.profiles.change() as book:
        book.profiles[name] = Profile(
            hub=where.hub, user=user, token=pair.access_token, refresh_token=pair.refresh_token,
            ca_file=str(where.ca_file.absolute()) if where.ca_file else None,
            fingerprint=where.fingerprint, insecure=where.insecure,
        )  # fmt: skip
        book.active = name


def trusted(cli: Cli, where: Connection) -> Connection:
    """``where``, with the certificate pinned if nobody vouches for it and the user agrees.

    Raises:
        HubUnreachable: it is not trusted, and there is nobody to ask, or the answer was no.
    """
    if not where.hub.startswith("https:"):
        return where
    try:
        with cli.client_for(where) as client:
            client.hub.health()
    except HubUnreachable as error:
        shown = (error.details or {}).get("fingerprint")
        if shown is None or "pinned" in (error.details or {}) or not sys.stdin.isatty():
            raise
        cli.out.say(f"{escape(error.message)}\nits fingerprint is {shown}", now=True)
        if not agrees("is it the one that the hub printed when it started?"):
            raise
        return where._replace(fingerprint=str(shown))
    return where
