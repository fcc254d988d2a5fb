"""Pages of a list: each goes on after the last row of the one before it.

Rows that are added or removed meanwhile make no row of the others come twice or go
missing. A cursor is opaque to clients; it holds the sort key of the last row they have.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Sequence
from typing import Any, Final, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Select, TypeDecorator, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from chatops.errors import InvalidInput

T = TypeVar("T")
Key = Sequence[str | int | float]

MAX_CURSOR: Final = 1024
_MAX_INTEGER: Final = 2**63


async def page(
    session: AsyncSession,
    statement: Select[T],
    *,
    by: Sequence[Any],
    limit: int,
    cursor: str | None = None,
    newest_first: bool = False,
) -> tuple[list[T], str | None]:
    """The first ``limit`` rows of ``statement`` after ``cursor``, in the order of ``by``.

    ``by`` are columns of the model; together they are unique and never null.

    Raises:
        InvalidInput: the cursor is none of this list's.
    """
    columns: list[ColumnElement[Any]] = [column.expression for column in by]
    if cursor is not None:
        last = tuple_(*decode(cursor, [_python_type(column) for column in columns]))
        here = tuple_(*columns)
        statement = statement.where(here < last if newest_first else here > last)
    order = [column.desc() if newest_first else column.asc() for column in columns]
    rows = list(await session.scalars(statement.order_by(*order).limit(limit + 1)))
    if len(rows) <= limit:
        return rows, None
    del rows[limit:]
    return rows, encode([getattr(rows[-1], column.key) for column in by])


def encode(key: Key) -> str:
    """The cursor of a row with this sort key."""
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def decode(cursor: str, types: Sequence[type]) -> list[Any]:
    """The sort key in a cursor, its parts of ``types`` (str, int, float).

    Raises:
        InvalidInput: it was not made by ``encode`` for these types.
    """
    try:
        if len(cursor) > MAX_CURSOR:
            raise ValueError("too long")
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return [
            _part(part, kind)
            for part, kind in zip(msgspec.json.decode(text, type=list[Any]), types, strict=True)
        ]
    except (ValueError, binascii.Error, msgspec.DecodeError, RecursionError):
        raise InvalidInput(
            "the cursor is not one of this list's",
            hint="pass `next` of the page before, unchanged, or no cursor to begin",
        ) from None


def _python_type(column: ColumnElement[Any]) -> type:
    kind = column.type
    return (kind.impl_instance if isinstance(kind, TypeDecorator) else kind).python_type


def _part(part: object, kind: type) -> str | int | float:
    if kind is str and isinstance(part, str):
        return part
    if kind is float and isinstance(part, int | float) and not isinstance(part, bool):
        number = float(part)
        if math.isfinite(number):
            return number
    if kind is int and type(part) is int and -_MAX_INTEGER <= part < _MAX_INTEGER:
        return part
    raise ValueError("a part of the wrong type")
