"""``chatops docker``: a module for what looks, one for logs, and so on."""

# The help lists commands in the order in which they are imported here.
# ruff: noqa: I001

from __future__ import annotations

from chatops.cli.commands.docker.group import app
from chatops.cli.commands.docker import looking
from chatops.cli.commands.docker import logs
from chatops.cli.commands.docker import changing
from chatops.cli.commands.docker import upkeep
from chatops.cli.commands.docker import execution

__all__ = ["app", "changing", "execution", "logs", "looking", "upkeep"]
