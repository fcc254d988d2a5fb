"""Parameters that several commands take, and lists as they print them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Annotated, TypeVar

import msgspec
import typer

from chatops.cli.completion import complete_servers, complete_targets
from chatops.cli.output import Output
from chatops.cli.view import View

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
EXPIRES = Annotated[
    str | None, typer.Option("--expires", metavar="DURATION", help="ends by itself then")
]
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


def asked(limit: int) -> int | None:
    """What to ask the hub for, so that it shows whether there are more than ``limit``."""
    return limit + 1 if limit else None


def print_newest(
    out: Output, items: Iterable[T], view: View[T], limit: int,
    show: Callable[[Sequence[T]], None] | None = None,
) -> None:  # fmt: skip
    """Print the first ``limit`` (0: all) of a list that is newest first, oldest first, by ``show``
    or as a list is printed; when there are more, say so."""
    taken = list(islice(items, limit + 1 if limit else None))
    more = bool(limit) and len(taken) > limit
    shown = (taken[:limit] if more else taken)[::-1]
    if show is not None:
        show(shown)
    else:
        out.items(shown, view)
    if more:
        out.flush()
        out.say(f"only the newest {limit} are shown; --limit 0 shows all")
