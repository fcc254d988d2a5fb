"""Containers in the order in which people see them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from chatops.protocol.metrics import Container
from chatops.protocol.rest import ServerContainer

C = TypeVar("C", Container, ServerContainer, Container | ServerContainer)


def by_project(found: Iterable[C]) -> list[C]:
    """Those of a Compose project together, those of none last; of these first what runs."""
    return sorted(
        found, key=lambda c: (c.project is None, c.project or "", c.state != "running", c.name)
    )
