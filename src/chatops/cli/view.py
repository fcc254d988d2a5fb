"""How people see data: columns of a table, and the styles that mark a cell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Generic, Literal, NamedTuple, TypeVar

import msgspec

from chatops.text import escape

T = TypeVar("T", bound=msgspec.Struct)
Style = Literal["good", "bad", "warn", "dim"]


class Column(NamedTuple):
    """A column: its title, what it shows of an item (None: unknown), and how.

    ``style`` picks a style by the item; ``right`` aligns numbers; ``width`` is kept for it in a
    table that still grows. A ``spare`` one is left out on a terminal that would have to break
    what is copied from other columns. The text of a ``whole`` one is never broken,
    that of a ``cut`` one is cut to one line there. A last one may stand ``below`` its row.
    """

    title: str
    show: Callable[[Any], str | None]
    style: Callable[[Any], Style | None] = lambda _: None
    right: bool = False
    width: int = 8
    spare: bool = False
    whole: bool = False
    cut: bool = False
    below: bool = False


class Cell(NamedTuple):
    """One place in a table; its text is escaped, so that it is safe to print."""

    text: str
    style: Style | None = None


class View(Generic[T]):
    """How one kind of item is shown: its type (for the fields of csv), what names it (for
    ``-q``), and the columns for people."""

    def __init__(self, kind: type[T], name: Callable[[T], str], columns: Sequence[Column]) -> None:
        self.kind = kind
        self.name = name
        self.columns = tuple(columns)

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the item's fields, in the order of csv's columns."""
        return self.kind.__struct_fields__

    def words(self, field: str) -> bool:
        """Whether a field always holds pairs of words."""
        return field in self._pairs

    @cached_property
    def _pairs(self) -> frozenset[str]:
        fields = msgspec.structs.fields(self.kind)
        return frozenset(one.name for one in fields if one.type == dict[str, str])

    def row(self, item: T) -> list[Cell]:
        """What the columns show of an item."""
        return [_cell(column, item) for column in self.columns]


def _cell(column: Column, item: object) -> Cell:
    text = column.show(item)
    return Cell("-", "dim") if text is None else Cell(escape(text), column.style(item))
