"""The group of ``chatops docker``, and what several of its commands take."""

from __future__ import annotations

from typing import Annotated

import typer

from chatops.cli.completion import complete_containers
from chatops.cli.define import group

app = group("Containers of servers whose agents were started with --allow docker.")
CONTAINER = Annotated[
    str,
    typer.Argument(metavar="CONTAINER", help="name or id", autocompletion=complete_containers),
]
PROJECT = Annotated[
    str | None,
    typer.Option("--project", metavar="NAME", help="only containers of that Compose project"),
]
