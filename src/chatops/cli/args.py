"""Parameters that several commands take, and how their text is read."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Annotated, TypeVar

import msgspec
import typer

from chatops.cli.completion import complete_servers, complete_targets
from chatops.cli.output import Output
from chatops.cli.view import View
from chatops.errors import InvalidInput
from chatops.units import parse_duration, parse_moment

T = TypeVar("T", bound=msgspec.Struct)

SERVER = Annotated[
    str,
    typer.Argument(metavar="SERVER", help="name or id", autocompletion=complete_servers),
]
MAYBE_SERVER = Annotated[
    str | None,
    typer.Argument(metavar="SERVER", help="name or id", autocompletion=complete_servers),
]
TARGET = Annotated[
    str,
    typer.Argument(
        metavar="TARGET",
        help="web-1, web-1,web-2, 'web-*', tag:env=prod, all; ! leaves out",
        autocompletion=complete_targets,
    ),
]
TAGS = Annotated[
    list[str] | None, typer.Option("--tag", metavar="K=V", help="tag; may be repeated")
]
YES = Annotated[bool, typer.Option("--yes", help="do not ask")]
SINCE = Annotated[
    str | None, typer.Option("--since", metavar="WHEN", help="a duration ago, or a time")
]
UNTIL = Annotated[
    str | None, typer.Option("--until", metavar="WHEN", help="a duration ago, or a time")
]
LIMIT = Annotated[
    int, typer.Option("--limit", metavar="N", min=0, help="the newest N; 0 shows all")
]
PASSWORD_STDIN = Annotated[
    bool, typer.Option("--password-stdin", help="read the password from stdin")
]


def moment(text: str | None, option: str) -> float | None:
    """Unix seconds of ``--since`` or ``--until``.

    Raises:
        InvalidInput: neither a duration nor a time; names the option.
    """
    try:
        return None if text is None else parse_moment(text, time.time())
    except InvalidInput as error:
        raise InvalidInput(f"{option}: {error.message}", hint=error.hint) from None


def seconds(text: str | None, option: str) -> float | None:
    """Seconds of a duration above nothing.

    Raises:
        InvalidInput: no duration, or 0; names the option.
    """
    if text is None:
        return None
    try:
        value = parse_duration(text)
    except InvalidInput as error:
        raise InvalidInput(f"{option}: {error.message}", hint=error.hint) from None
    if value <= 0:
        raise InvalidInput(f"{option}: it must be more than nothing")
    return value


def pairs(words: Sequence[str] | None, what: str) -> dict[str, str]:
    """``K=V`` words as a dict; None, an option that was not given, is none.

    Raises:
        InvalidInput: a word without ``=`` or name; names what they are.
    """
    found: dict[str, str] = {}
    for word in words or ():
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise InvalidInput(f"{what}: {word!r} is not written K=V")
        found[key] = value
    return found


def asked(limit: int) -> int | None:
    """What to ask the hub for, so that it shows whether there are more than ``limit``."""
    return limit + 1 if limit else None


def print_newest(out: Output, items: Iterable[T], view: View[T], limit: int) -> None:
    """Print the first ``limit`` (0: all) of a list that is newest first, oldest first; when
    there are more, say so."""
    taken = list(islice(items, limit + 1 if limit else None))
    more = bool(limit) and len(taken) > limit
    out.items((taken[:limit] if more else taken)[::-1], view)
    if more:
        out.flush()
        out.say(f"only the newest {limit} are shown; --limit 0 shows all")
