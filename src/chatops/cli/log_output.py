"""How lines of a log are shown: as they are, made safe, or as objects."""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from typing import Final, Protocol

from msgspec import Struct

from chatops.cli.log_following import LogFollower
from chatops.cli.log_lines import Segment, order
from chatops.cli.output import Output, compact
from chatops.cli.view import Column, View
from chatops.text import counted, escape_lines
from chatops.units import format_time

LONGEST_MESSAGE: Final = 1024 * 1024
"""Bytes of a line that an object holds; the rest of it is left out."""


class LogLine(Struct, kw_only=True):
    """A line that a container wrote to its ``stream`` at ``ts``."""

    server: str
    container: str
    stream: str
    ts: str
    message: str


LINES: Final = View(
    LogLine,
    lambda line: line.message,
    [
        Column("TIME", lambda line: line.ts),
        Column("STREAM", lambda line: line.stream),
        Column("MESSAGE", lambda line: line.message),
    ],
)


class Printer(Protocol):
    """Shows what comes of a log."""

    def show(self, stream: str, segments: Iterable[Segment]) -> None:
        """Show lines, or parts of them."""
        ...

    def close(self) -> None:
        """Nothing more comes."""
        ...


class RawPrinter:
    """The bytes as they are; with ``stamps`` their times before them."""

    def __init__(self, out: Output, *, stamps: bool) -> None:
        self._out = out
        self._stamps = stamps

    def show(self, stream: str, segments: Iterable[Segment]) -> None:
        """Show lines, or parts of them."""
        if self._stamps:
            parts = [b"%b %b" % (stamp, data) if first else data for stamp, first, data in segments]
        else:
            parts = [one.data for one in segments]
        self._data(stream, b"".join(parts))

    def _data(self, stream: str, data: bytes) -> None:
        if data:
            self._out.raw(data, err=stream == "stderr")

    def close(self) -> None:
        """Nothing more comes."""


class TextPrinter(RawPrinter):
    """The same as text that no terminal obeys: control characters but tab are written out, so is
    what is no UTF-8; a carriage return before a newline is left out."""

    def __init__(self, out: Output, *, stamps: bool) -> None:
        super().__init__(out, stamps=stamps)
        make = codecs.getincrementaldecoder("utf-8")
        self._decoders = {name: make("backslashreplace") for name in ("stdout", "stderr")}
        self._held = dict.fromkeys(self._decoders, "")

    def _data(self, stream: str, data: bytes) -> None:
        text = self._held[stream] + self._decoders[stream].decode(data)
        self._held[stream] = "\r" if text.endswith("\r") else ""
        self._text(stream, text.removesuffix("\r"))

    def close(self) -> None:
        """Show what waited for its other half."""
        for stream, decoder in self._decoders.items():
            self._text(stream, self._held[stream] + decoder.decode(b"", final=True))
            self._held[stream] = ""

    def _text(self, stream: str, text: str) -> None:
        super()._data(stream, escape_lines(text).encode())


class ObjectPrinter:
    """An object for each line, in any machine's form; in json all of them are an array."""

    def __init__(self, out: Output, log: LogFollower) -> None:
        self._out = out
        self._log = log
        self._begun: dict[str, tuple[bytes, bytearray]] = {}
        self._count = 0
        self._cut = 0

    def show(self, stream: str, segments: Iterable[Segment]) -> None:
        """Show lines that are whole; of others keep what there is."""
        for one in segments:
            if one.first and one.data.endswith(b"\n"):
                self._line(stream, one.stamp, one.data)
            else:
                self._part(stream, one)
        self._out.flush()

    def close(self) -> None:
        """Show last lines without an end, and close the array."""
        for stream in list(self._begun):
            self._line(stream, *self._begun.pop(stream))
        if self._log.server and self._out.form == "json" and not self._out.quiet:
            self._out.text("]" if self._count else "[]")
        if self._cut:
            self._out.say(f"{counted(self._cut, 'line')} of more than 1 MiB cut")

    def _part(self, stream: str, one: Segment) -> None:
        if one.first and stream in self._begun:
            self._line(stream, *self._begun.pop(stream))
        stamp, held = self._begun.setdefault(stream, (one.stamp, bytearray()))
        held += one.data[: LONGEST_MESSAGE + 2 - len(held)]
        if one.data.endswith(b"\n"):
            del self._begun[stream]
            self._line(stream, stamp, held)

    def _line(self, stream: str, stamp: bytes, data: bytes | bytearray) -> None:
        message = bytes(data.removesuffix(b"\n").removesuffix(b"\r"))
        self._cut += len(message) > LONGEST_MESSAGE
        seconds, nanos = order(stamp)
        line = LogLine(
            server=self._log.server, container=self._log.container, stream=stream,
            ts=format_time(seconds + nanos / 1e9),
            message=message[:LONGEST_MESSAGE].decode("utf-8", "backslashreplace"),
        )  # fmt: skip
        if self._out.form == "json" and not self._out.quiet:
            self._out.text(("," if self._count else "[") + compact(line))
        else:
            self._out.live(line, LINES, flush=False)
        self._count += 1
