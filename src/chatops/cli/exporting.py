"""Exports: any number of rows, written as they come, none of them held."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO, TypeVar

import msgspec

from chatops.cli.declared import Form
from chatops.cli.output import Output, compact
from chatops.cli.view import View

T = TypeVar("T", bound=msgspec.Struct)


def write_rows(out: TextIO, rows: Iterable[T], view: View[T], form: Form) -> None:
    """All rows as csv, as one array (``json``), or else an object a line."""
    if form == "csv":
        Output("csv", out=out).items(rows, view)
    elif form == "json":
        _write_array(out, rows)
    else:
        for row in rows:
            out.write(compact(row) + "\n")


def _write_array(out: TextIO, rows: Iterable[T]) -> None:
    out.write("[")
    for number, row in enumerate(rows):
        out.write((",\n" if number else "\n") + compact(row))
    out.write("\n]\n")
