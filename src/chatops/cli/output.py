"""The one class that speaks to the terminal: data to stdout, talk to stderr.

Text of others (servers, users, the hub) is never read as markup, and its control
characters are written out. Only ``raw`` passes bytes on as they are.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cached_property
from itertools import chain, islice
from typing import TYPE_CHECKING, Final, TextIO, TypeVar

import msgspec

from chatops.cli.declared import Form
from chatops.cli.streams import silence
from chatops.errors import ChatOpsError, InvalidInput
from chatops.text import escape, shorten

if TYPE_CHECKING:
    from rich.console import Console

    from chatops.cli.view import View

T = TypeVar("T", bound=msgspec.Struct)
# What JSON leaves as it is and a terminal may take as a command.
_ACTIVE: Final = "[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]"


class Output:
    """Prints one command's data in the form that was asked for."""

    def __init__(
        self,
        form: Form = "table",
        *,
        quiet: bool = False,
        no_color: bool = False,
        out: TextIO | None = None,
        err: TextIO | None = None,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self.form = form
        self.quiet = quiet
        self._out = out or sys.stdout
        self._err = err or sys.stderr
        self._no_color = no_color
        self._environ = environ
        self._headed = False
        self._progress = ""
        self._held: list[str] | None = [] if form == "json" else None
        self._told = False

    # -- data -------------------------------------------------------------------------

    def items(self, items: Iterable[T], view: View[T]) -> None:
        """A list: a table, or all items in a machine's form."""
        if self.quiet:
            self._lines(escape(view.name(item)) for item in items)
        elif self.form == "json":
            self._lines([pretty(list(items))])
        elif self.form == "ndjson":
            self._lines(compact(item) for item in items)
        elif self.form == "csv":
            self._csv(items, view)
        else:
            self._table(items, view)

    def item(self, item: T, view: View[T]) -> None:
        """One thing: its fields below one another, or as one object; as csv one row."""
        if self.quiet:
            self._lines([escape(view.name(item))])
        elif self.form == "csv":
            self._csv([item], view)
        elif self.form == "table":
            self._fields(item, view)
        else:
            self.value(item)

    def changed(self, item: T, view: View[T], *talk: str) -> None:
        """What a change made of something: for people in words on stderr, whose foreign parts are
        escaped already, in a machine's form the thing itself too."""
        for line in talk:
            self.say(line)
        if self.form != "table":
            self.item(item, view)

    def made(self, item: T, view: View[T], *talk: str) -> None:
        """The same of something new, of which -q prints what the hub calls it."""
        self.changed(item, view, *talk)
        if self.quiet and self.form == "table":
            self.item(item, view)

    def removed(self, item: T | None, view: View[T], talk: str) -> None:
        """The same of something that is not there any more; None where it was not asked for."""
        self.say(talk)
        if self.form != "table" and item is not None:
            self.item(item, view)

    def live(self, item: T, view: View[T], *, flush: bool = True) -> None:
        """The next one of an endless list, at once (unless not to ``flush``). ``refuse_json`` comes
        before it."""
        if self.quiet:
            self._lines([escape(view.name(item))])
        elif self.form in ("json", "ndjson"):
            self._lines([compact(item)])
        elif self.form == "csv":
            self._csv([item], view, head=not self._headed)
        else:
            self._live_row(item, view)
        self._headed = True
        if flush:
            self.flush()

    def refuse_json(self) -> None:
        """For commands that print without end.

        Raises:
            InvalidInput: json was asked for, whose array would never be closed.
        """
        if self.form == "json":
            raise InvalidInput("what is told as it happens has no json form", hint="use -o ndjson")

    def value(self, value: object) -> None:
        """A value in its JSON form, for data that has no table."""
        self._lines([compact(value) if self.form == "ndjson" else pretty(value)])

    def text(self, text: str) -> None:
        """Lines of data for people; foreign parts of them are escaped already."""
        self._lines([text])

    def raw(self, data: bytes, *, err: bool = False) -> None:
        """Bytes of a remote command, unchanged and at once.

        Raises:
            BrokenPipeError: nobody reads them.
        """
        stream = self._err if err else self._out
        self.progress("")
        stream.flush()
        stream.buffer.write(data)
        stream.buffer.flush()

    def colored(self, *, err: bool = False) -> bool:
        """Whether names in the data, or on stderr, are to be coloured."""
        return self._color(self._err if err else self._out)

    def is_terminal(self) -> bool:
        """Whether the data goes to a terminal."""
        return self._out.isatty()

    @property
    def width(self) -> int | None:
        """Columns of the terminal that the data goes to; None where it goes elsewhere."""
        import shutil

        return shutil.get_terminal_size().columns if self.is_terminal() else None

    def console(self) -> Console:
        """The terminal that the data goes to, for what is drawn on all of it."""
        from chatops.cli.rich_table import console_for

        return console_for(self._out, color=self._color(self._out))

    def talk_console(self) -> Console:
        """The terminal that the talk goes to, for what is drawn there while it is worked."""
        from chatops.cli.rich_table import console_for

        return console_for(self._err, color=self._color(self._err))

    def has_screen(self) -> bool:
        """Whether tables for people go to a terminal that can be drawn on."""
        people = self.form == "table" and not self.quiet
        return people and self.is_terminal() and self._environ.get("TERM") != "dumb"

    def flush(self) -> None:
        """Bring out everything that was printed.

        Raises:
            BrokenPipeError: nobody reads it.
        """
        self._out.flush()

    # -- talk -------------------------------------------------------------------------

    def say(self, text: str, *, now: bool = False) -> None:
        """A line to the user beside the data; foreign parts of it are escaped already. With
        ``-o json`` it comes at the end, unless ``now``, and not beside an error: that stands alone.

        Where stderr cannot be written, nobody is told, and the exit code says it alone.
        """
        if self._held is not None and not now:
            self._held.append(text)
            return
        self.progress("")
        try:
            self._err.write(text + "\n")
            self._err.flush()
        except OSError:
            silence(self._err)

    def say_at_once(self) -> None:
        """Hold nothing that is said any longer: at the end, or in a program that has none."""
        held, self._held = self._held, None
        for text in () if self._told else held or ():
            self.say(text)

    def progress(self, text: str) -> None:
        """Show a line that the next output takes the place of; only at a terminal."""
        if text == self._progress or not self.shows_progress:
            return
        self._progress = text
        room = os.get_terminal_size(self._err.fileno()).columns - 1
        with suppress(OSError):
            self._err.write("\r\x1b[K" + shorten(text, max(room, 0)))
            self._err.flush()

    @cached_property
    def shows_progress(self) -> bool:
        """Whether a line of progress is seen: stderr is a terminal."""
        return self._err.isatty() and self._environ.get("TERM") != "dumb"

    def error(self, error: ChatOpsError) -> None:
        """What went wrong and what can be done, or the JSON object of it. A credential that was
        given in the place of something else is not repeated."""
        from chatops.redaction import strike

        message = strike(error.message)
        if self.form in ("json", "ndjson"):
            body = {"code": error.code, "message": message}
            if error.hint:
                body["hint"] = error.hint
            self.say(compact({"error": body}), now=True)
            self._told = True
            return
        from chatops.cli.plain import paint

        color = self._color(self._err)
        self.say(paint("error:", "bad", color=color) + " " + escape(message))
        if error.hint:
            self.say(paint("hint:", "warn", color=color) + " " + escape(error.hint))

    # -- forms ------------------------------------------------------------------------

    def _table(self, items: Iterable[T], view: View[T]) -> None:
        rows = [view.row(item) for item in items]
        color = self._color(self._out)
        if self.is_terminal():
            from chatops.cli.rich_table import print_table

            left_out = print_table(self._out, view.columns, rows, color=color)
            if left_out:
                self.say(f"no room for {', '.join(left_out)}: a wider terminal or -o json has them")
        else:
            from chatops.cli.plain import plain_lines

            self._lines(plain_lines(view.columns, rows, color=color))

    def _live_row(self, item: T, view: View[T]) -> None:
        from chatops.cli.plain import fitted, plain_lines

        widths = [max(len(column.title), column.width) for column in view.columns]
        color, row = self._color(self._out), view.row(item)
        if self.width is not None:
            row = fitted(row, widths, self.width)
        lines = plain_lines(view.columns, [row], color=color, widths=widths)
        self._lines(lines[1:] if self._headed else lines)

    def _fields(self, item: T, view: View[T]) -> None:
        from chatops.cli.plain import paint

        width = max(len(column.title) for column in view.columns)
        color = self._color(self._out)
        for column, cell in zip(view.columns, view.row(item), strict=True):
            title = paint(f"{column.title:{width}}", "dim", color=color)
            self._lines([f"{title}  {paint(cell.text, cell.style, color=color)}"])

    def _csv(self, items: Iterable[T], view: View[T], *, head: bool = True) -> None:
        import csv

        coming = iter(items)
        first = list(islice(coming, 1))  # what cannot be had has no head, either
        writer = csv.writer(self._out, lineterminator="\n")
        if head:
            writer.writerow(view.fields)
        for item in chain(first, coming):
            fields = msgspec.to_builtins(item)
            writer.writerow(
                [_csv_cell(fields.get(name), words=view.words(name)) for name in view.fields]
            )

    def _lines(self, lines: Iterable[str]) -> None:
        self.progress("")
        for line in lines:
            self._out.write(line + "\n")

    def _color(self, stream: TextIO) -> bool:
        if self._no_color or self._environ.get("NO_COLOR"):
            return False
        if self._environ.get("FORCE_COLOR"):
            return True
        return stream.isatty() and self._environ.get("TERM") != "dumb"


def compact(value: object) -> str:
    """JSON on one line, with no character that a terminal could obey."""
    text = msgspec.json.encode(value).decode()
    return re.sub(_ACTIVE, lambda match: f"\\u{ord(match[0]):04x}", text)


def pretty(value: object) -> str:
    """The same for people, indented."""
    return msgspec.json.format(compact(value), indent=2)


def _csv_cell(value: object, *, words: bool) -> str:
    """Text as it is, ``words`` (tags) as people write them, all else as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return escape(value)
    if words and isinstance(value, dict):
        return escape(" ".join(f"{key}={one}" for key, one in value.items()))
    return compact(value)
