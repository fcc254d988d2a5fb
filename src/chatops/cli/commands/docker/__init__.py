"""``chatops docker``: a module each for what looks, figures, logs, what changes, and so on."""

# The help lists commands in the order in which they are imported here.
# ruff: noqa: I001

from __future__ import annotations

from chatops.cli.commands.docker.group import app
from chatops.cli.commands.docker import looking
from chatops.cli.commands.docker import stats
from chatops.cli.commands.docker import logs
from chatops.cli.commands.docker import changing
from chatops.cli.commands.docker import upkeep
from chatops.cli.commands.docker import execution

__all__ = ["app", "changing", "execution", "logs", "looking", "stats", "upkeep"]
