"""Statements that run often, compiled once: SQL and the order of its values.

SQLAlchemy composes them, so that they follow the tables' definitions and another database
can be spoken to; at run time nothing of it is left but the conversion of values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ClauseElement, Insert
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.compiler import SQLCompiler

Values = Mapping[str, Any]
_DIALECT: Final = sqlite.dialect(paramstyle="qmark")


class Statement:
    """SQL whose values are given by name.

    An insert needs the ``columns`` that rows have, with all that have a default; an update says
    itself what it sets, by ``bindparam``. Lists (``IN``) cannot be values.
    """

    def __init__(self, composed: ClauseElement, columns: Iterable[str] | None = None) -> None:
        keys = list(columns) if columns is not None else None
        compiled = composed.compile(dialect=_DIALECT, column_keys=keys)
        assert isinstance(compiled, SQLCompiler), "only statements about rows run often"
        self.sql: Final = compiled.string
        self.names: Final = tuple(compiled.positiontup or ())
        """Of the values, in the order in which the driver wants them."""
        self._fixed: Final = {
            name: bind.value for name, bind in compiled.binds.items() if not bind.required
        }
        assert keys is None or set(keys) == set(self.names), "a default would be left out"
        # What executing it would use; there is no public way to ask for it.
        self._convert: Final[Mapping[str, Any]] = dict(compiled._bind_processors)

    def takes(self, row: tuple[Any, ...]) -> bool:
        """Whether a named tuple has the values in the order in which the driver wants them."""
        return getattr(row, "_fields", None) == self.names

    def values(self, given: Values) -> tuple[Any, ...]:
        """The values in the order and form in which the driver wants them.

        Raises:
            KeyError: one is missing.
        """
        convert, fixed = self._convert, self._fixed
        found = []
        for name in self.names:
            value = given[name] if name in given else fixed[name]
            found.append(convert[name](value) if name in convert else value)
        return tuple(found)


class WideInsert:
    """An insert that takes many rows at a time. With each statement a thread lets go of Python's
    lock, and has to wait for it afterwards if others have much to do: then a thousand statements
    take half a second, and one takes what it costs."""

    _WIDTHS: Final = (256, 32, 4, 1)

    def __init__(self, composed: Insert, columns: Iterable[str]) -> None:
        one = Statement(composed, columns)
        self.names: Final = one.names
        """The columns, in the order of the values of a row."""
        head, row = one.sql.rsplit("VALUES ", 1)
        self._sql: Final = {
            width: f"{head}VALUES {', '.join([row] * width)}" for width in self._WIDTHS
        }

    def portions(self, rows: Sequence[tuple[Any, ...]]) -> Iterator[tuple[str, list[Any]]]:
        """Statements, each with all its values; together they insert the rows, in order."""
        begin = 0
        for width in self._WIDTHS:
            while len(rows) - begin >= width:
                some = rows[begin : begin + width]
                yield self._sql[width], [value for row in some for value in row]
                begin += width
