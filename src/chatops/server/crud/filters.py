"""Conditions that are only there when they were asked for (the value is not None)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Mapped

Conditions = list[ColumnElement[bool]]


def equals(column: Mapped[Any], value: str | None) -> Conditions:
    """The column has this value."""
    return [] if value is None else [column == value]


def among(column: Mapped[Any], values: Collection[str] | None) -> Conditions:
    """The column has one of these values; of none nothing passes."""
    return [] if values is None else [column.in_(values)]


def within(column: Mapped[Any], since: float | None, until: float | None) -> Conditions:
    """since ≤ column < until."""
    found: Conditions = []
    if since is not None:
        found.append(column >= since)
    if until is not None:
        found.append(column < until)
    return found
