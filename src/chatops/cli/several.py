"""Asking several servers the same at the same time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from chatops.cli.context import Cli
from chatops.client import Client
from chatops.errors import ChatOpsError, NotFound
from chatops.protocol.rest import Server
from chatops.protocol.target import Facts, parse_target
from chatops.text import escape

AT_ONCE: Final = 16
"""Servers that are asked at the same time."""

T = TypeVar("T")


def ask_each(cli: Cli, target: str, ask: Callable[[Client, str], T]) -> dict[str, T | ChatOpsError]:
    """What each server of ``target`` answers, or why it did not, in order of name.

    Raises:
        NotFound: no server is meant.
    """
    from concurrent.futures import ThreadPoolExecutor

    wanted = parse_target(target)
    names = sorted(server.name for server in wanted.select(cli.client.servers.list(), _facts))
    if not names:
        raise NotFound(f"no server matches {target[:80]!r}")
    where = cli.connection._replace(token=cli.client.token)

    def one(name: str) -> T | ChatOpsError:
        try:
            with cli.client_for(where) as client:
                return ask(client, name)
        except ChatOpsError as error:
            return error

    with ThreadPoolExecutor(min(AT_ONCE, len(names))) as pool:
        return dict(zip(names, pool.map(one, names), strict=True))


def say_not_asked(cli: Cli, answers: Mapping[str, object]) -> bool:
    """Name those that could not be asked; whether there are any."""
    cli.out.flush()
    failed = {name: one for name, one in answers.items() if isinstance(one, ChatOpsError)}
    for name, error in failed.items():
        cli.out.say(not_asked(name, error))
    return bool(failed)


def not_asked(name: str, error: ChatOpsError) -> str:
    """Why a server has not answered; foreign parts are escaped."""
    return f"not asked: {named(name, escape(error.message))}"


def named(name: str, text: str) -> str:
    """What is said of a server, its name before it if it does not begin with that; ``text`` is
    escaped."""
    name = escape(name)
    return text if text.startswith((f"{name} ", f"{name}:")) else f"{name}: {text}"


def _facts(server: Server) -> Facts:
    return Facts(server.id, server.name, server.tags)
