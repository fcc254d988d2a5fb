"""The group of ``chatops docker``, and what several of its commands take."""

from __future__ import annotations

from typing import Annotated

import typer

from chatops.cli.define import group

app = group("Containers of servers whose agents were started with --allow docker.")
CONTAINER = Annotated[str, typer.Argument(metavar="CONTAINER", help="name or id")]
