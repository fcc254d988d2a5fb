"""The output of several servers on one screen: whole lines, each with the server's name."""

from __future__ import annotations

from typing import Final

from chatops.cli.output import Output as Out
from chatops.cli.prefixes import named_prefix
from chatops.cli.running.store import Chain, Store
from chatops.client.run_events import Output, Start, StreamName
from chatops.protocol.frames import FrameReader, StreamFrame, envelope_binary
from chatops.protocol.rest.commands import CommandResult

_NAMES: Final[tuple[StreamName, ...]] = ("stdout", "stderr")
_RESET: Final = b"\x1b[0m\n"
Key = tuple[str, StreamName]


class LinePrinter:
    """Each line goes to its own stream as soon as it is whole, with ``NAME | `` before it. A
    last line that has no end gets one."""

    def __init__(self, out: Out) -> None:
        self._out = out
        self._store = Store()
        self._begun: dict[Key, Chain] = {}
        self._prefixes: dict[Key, bytes] = {}

    def start(self, start: Start) -> None:
        """Nothing to show."""

    def output(self, output: Output) -> None:
        """The lines that are whole; the rest waits for its end."""
        key = (output.command_id, output.stream)
        whole, newline, rest = output.data.rpartition(b"\n")
        prefix = self._prefix(key, output.server)
        if newline:
            self._line(key, prefix, whole)
        if rest:
            if key not in self._begun:
                self._begun[key] = Chain(self._store)
            self._begun[key].add(rest)

    def end(self, result: CommandResult) -> None:
        """Its last lines."""
        for name in _NAMES:
            key = (result.command_id, name)
            if self._begun.get(key):
                self._line(key, self._prefix(key, result.server), b"")
            self._begun.pop(key, None)
            self._prefixes.pop(key, None)

    def close(self) -> None:
        """Nothing more comes: what has begun is shown as it is."""
        for key in list(self._begun):
            if self._begun[key]:
                self._line(key, self._prefixes[key], b"")
        self._store.close()

    def _line(self, key: Key, prefix: bytes, text: bytes) -> None:
        err = key[1] == "stderr"
        head, styled = prefix, b"\x1b" in text
        if key in self._begun:
            for part in self._begun.pop(key).take():
                self._out.raw(head + part, err=err)
                head, styled = b"", styled or b"\x1b" in part
        # What a target colours and forgets to end must not go on in the next line.
        end = _RESET if styled and self._out.colored(err=err) else b"\n"
        self._out.raw(head + text.replace(b"\n", end + prefix) + end, err=err)

    def _prefix(self, key: Key, server: str) -> bytes:
        if key not in self._prefixes:
            err = key[1] == "stderr"
            self._prefixes[key] = named_prefix(self._out, server, err=err).encode()
        return self._prefixes[key]


class GroupPrinter:
    """The same lines, but those of a server all together when it is done."""

    def __init__(self, out: Out) -> None:
        self._lines = LinePrinter(out)
        self._store = Store()
        self._waiting: dict[str, tuple[str, Chain]] = {}

    def start(self, start: Start) -> None:
        """Nothing to show."""

    def output(self, output: Output) -> None:
        """It waits for the others of its server."""
        if output.command_id not in self._waiting:
            self._waiting[output.command_id] = output.server, Chain(self._store)
        number = _NAMES.index(output.stream)
        frame = envelope_binary(number, output.offset, output.data)
        self._waiting[output.command_id][1].add(frame)

    def end(self, result: CommandResult) -> None:
        """All of its output."""
        self._show(result.command_id)
        self._lines.end(result)

    def close(self) -> None:
        """Nothing more comes: what waits is shown, server by server."""
        for command_id in list(self._waiting):
            self._show(command_id)
        self._lines.close()
        self._store.close()

    def _show(self, command_id: str) -> None:
        server, chain = self._waiting.pop(command_id, ("", None))
        if chain is None:
            return
        reader = FrameReader()
        for part in chain.take():
            for frame in reader.feed(part):
                assert isinstance(frame, StreamFrame)
                name = _NAMES[frame.stream]
                self._lines.output(Output(server, command_id, name, frame.offset, frame.data))
