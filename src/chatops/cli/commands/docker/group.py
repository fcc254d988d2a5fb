"""The group of ``chatops docker``, and what several of its commands take."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from chatops.cli.completion import complete_containers
from chatops.cli.define import group
from chatops.cli.reading import seconds
from chatops.errors import InvalidInput

app = group("Containers of servers whose agents were started with --allow docker.")
CONTAINER = Annotated[
    str,
    typer.Argument(metavar="CONTAINER", help="name or id", autocompletion=complete_containers),
]
PROJECT = Annotated[
    str | None,
    typer.Option("--project", metavar="NAME", help="only containers of that Compose project"),
]
TIMEOUT = Annotated[
    str,
    typer.Option("--timeout", metavar="DURATION", help="how long the engine may take, up to 10m"),
]
_LONGEST: Final = 600.0


def patience(timeout: str) -> float | None:
    """Seconds of ``--timeout``.

    Raises:
        InvalidInput: no duration, 0, or more than hubs take.
    """
    limit = seconds(timeout, "--timeout")
    if limit is not None and limit > _LONGEST:
        raise InvalidInput("--timeout: it may be 10m at most")
    return limit
