"""Statements that run often, compiled once: SQL and the order of its values.

SQLAlchemy composes them, so that they follow the tables' definitions and another database
can be spoken to; at run time nothing of it is left but the conversion of values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import ClauseElement
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
        self._names: Final = tuple(compiled.positiontup or ())
        self._fixed: Final = {
            name: bind.value for name, bind in compiled.binds.items() if not bind.required
        }
        assert keys is None or set(keys) == set(self._names), "a default would be left out"
        # What executing it would use; there is no public way to ask for it.
        self._convert: Final[Mapping[str, Any]] = dict(compiled._bind_processors)

    def takes(self, row: tuple[Any, ...]) -> bool:
        """Whether a named tuple has the values in the order in which the driver wants them."""
        return getattr(row, "_fields", None) == self._names

    def values(self, given: Values) -> tuple[Any, ...]:
        """The values in the order and form in which the driver wants them.

        Raises:
            KeyError: one is missing.
        """
        convert, fixed = self._convert, self._fixed
        found = []
        for name in self._names:
            value = given[name] if name in given else fixed[name]
            found.append(convert[name](value) if name in convert else value)
        return tuple(found)
