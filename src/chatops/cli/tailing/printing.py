"""How lines are shown: as text that no terminal obeys, as they are, or as objects."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

from chatops.cli import show
from chatops.cli.log_styles import LEVEL_STYLES
from chatops.cli.output import Output, compact
from chatops.cli.plain import paint
from chatops.cli.prefixes import named_prefix
from chatops.cli.tailing.lines import Line, TailLine, shown, text_of
from chatops.cli.view import Column, View
from chatops.text import escape, escape_lines

_WIDEST_LEVEL: Final = 8
_INDENT: Final = "    "
VIEW: Final = View(
    TailLine,
    lambda line: line.message,
    [
        Column("TIME", lambda line: show.local(line.ts)),
        Column("SERVER", lambda line: line.server),
        Column("LEVEL", lambda line: line.level),
        Column("SOURCE", lambda line: line.source),
        Column("MESSAGE", lambda line: line.message),
    ],
)


class Face(NamedTuple):
    """What stands before a message: its server's name (``named``: of several), and with
    ``described`` its time, level and source."""

    named: bool
    described: bool


class Printer(Protocol):
    """Shows lines."""

    def show(self, lines: Sequence[Line]) -> None:
        """Show some, at once."""
        ...

    def close(self, *, whole: bool) -> None:
        """Nothing more comes. ``whole``: because that was all, and not for an error."""
        ...


def printer(out: Output, face: Face, *, raw: bool) -> Printer:
    """What shows lines in the form that was asked for."""
    if out.form != "table" or out.quiet:
        return ObjectPrinter(out)
    return RawPrinter(out, face) if raw else TextPrinter(out, face)


class RawPrinter:
    """Messages, byte for byte, and nothing else; among those of other servers parts of a line are
    lines, so that none ends within another."""

    def __init__(self, out: Output, face: Face) -> None:
        self._out = out
        self._apart = face.named

    def show(self, lines: Sequence[Line]) -> None:
        """Show some, at once."""
        self._out.raw(b"".join(one.message + b"\n" * (one.ended or self._apart) for one in lines))

    def close(self, *, whole: bool) -> None:
        """Nothing more comes."""


class TextPrinter:
    """A line each. Control characters are written out; on a terminal the lines of an entry that
    has several stand below one another, indented, so that none looks like an entry of its own.
    Parts of a long line of one server are shown side by side, among those of others as lines."""

    def __init__(self, out: Output, face: Face) -> None:
        self._out = out
        self._face = face
        self._color = out.colored()
        self._below = out.is_terminal()
        self._inside = False
        self._prefix = functools.cache(functools.partial(named_prefix, out))

    def show(self, lines: Sequence[Line]) -> None:
        """Show some, at once."""
        self._out.raw("".join(map(self._text, lines)).encode())

    def close(self, *, whole: bool) -> None:
        """Nothing more comes."""
        if self._inside:
            self._out.raw(b"\n")

    def _text(self, line: Line) -> str:
        head = "" if self._inside else self._head(line)
        whole = line.ended or self._face.named
        self._inside = not whole
        return head + self._message(line) + "\n" * whole

    def _head(self, line: Line) -> str:
        name = self._prefix(line.server) if self._face.named else ""
        if not self._face.described:
            return name
        level = f"{escape(line.level or '-'):{_WIDEST_LEVEL}}"
        style = LEVEL_STYLES.get(line.level or "")
        time = _local(line.ts) if line.ts is not None else "-"
        return (
            f"{name}{time} {paint(level, style, color=self._color)} {escape(line.source or '-')} "
        )

    def _message(self, line: Line) -> str:
        text = text_of(line)
        if text.isascii() and text.isprintable():
            return text
        text = escape_lines(text)
        name = self._prefix(line.server) if self._face.named else ""
        return text.replace("\n", f"\n{name}{_INDENT}" if self._below else "\\n")


class ObjectPrinter:
    """An object for each line, in any machine's form; in json all of them are an array."""

    def __init__(self, out: Output) -> None:
        self._out = out
        self._array = out.form == "json" and not out.quiet
        self._begun = False

    def show(self, lines: Sequence[Line]) -> None:
        """Show some, at once."""
        for line in lines:
            if self._array:
                self._out.text(("," if self._begun else "[") + compact(shown(line)))
            else:
                self._out.live(shown(line), VIEW, flush=False)
            self._begun = True
        self._out.flush()

    def close(self, *, whole: bool) -> None:
        """Close the array; if nothing came but an error, there is none."""
        if self._array and (whole or self._begun):
            self._out.text("]" if self._begun else "[]")


@functools.lru_cache(maxsize=4096)
def _of_second(second: str) -> str:
    return escape(show.local(f"{second}Z") or "-")


def _local(stamp: str) -> str:
    """A time in this machine's zone; most lines share their second with others."""
    return _of_second(stamp[:19]) if stamp.endswith("Z") else escape(show.local(stamp) or stamp)
