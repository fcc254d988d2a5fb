"""``chatops docker``: a module for what looks, one for what changes."""

# The help lists commands in the order in which they are imported here.
# ruff: noqa: I001

from __future__ import annotations

from chatops.cli.commands.docker.group import app
from chatops.cli.commands.docker import looking
from chatops.cli.commands.docker import changing

__all__ = ["app", "changing", "looking"]
