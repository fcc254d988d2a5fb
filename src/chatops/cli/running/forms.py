"""The forms in which ``exec`` shows one server's output, and a run to machines."""

from __future__ import annotations

from typing import Protocol

import msgspec

from chatops.cli.output import Output as Out
from chatops.client.run_events import Output, Start, StreamName
from chatops.protocol.rest.commands import CommandResult


class Printer(Protocol):
    """Shows a run in one form."""

    def start(self, start: Start) -> None:
        """A server's command was sent."""

    def output(self, output: Output) -> None:
        """Bytes came."""

    def end(self, result: CommandResult) -> None:
        """It is over on a server."""

    def close(self) -> None:
        """Nothing more comes."""


class BytesPrinter:
    """stdout and stderr are the remote bytes."""

    def __init__(self, out: Out) -> None:
        self._out = out

    def start(self, start: Start) -> None:
        """Nothing to show."""

    def output(self, output: Output) -> None:
        """The bytes, unchanged."""
        self._out.raw(output.data, err=output.stream == "stderr")

    def end(self, result: CommandResult) -> None:
        """Nothing to show."""

    def close(self) -> None:
        """Nothing to show."""


class SilentPrinter:
    """Everything comes at the end, with the results."""

    def start(self, start: Start) -> None:
        """Nothing to show."""

    def output(self, output: Output) -> None:
        """Nothing to show."""

    def end(self, result: CommandResult) -> None:
        """Nothing to show."""

    def close(self) -> None:
        """Nothing to show."""


class EventPrinter:
    """One JSON object an event, as it happens. Bytes that are not UTF-8 go as base64; a
    character whose rest is still to come waits for it."""

    def __init__(self, out: Out) -> None:
        self._out = out
        self._held: dict[tuple[str, StreamName], Output] = {}

    def start(self, start: Start) -> None:
        """The event ``start``."""
        self.event("start", start._asdict())

    def output(self, output: Output) -> None:
        """The event ``stdout`` or ``stderr``."""
        key = (output.command_id, output.stream)
        held = self._held.pop(key, None)
        if held is not None and held.offset + len(held.data) == output.offset:
            output = output._replace(offset=held.offset, data=held.data + output.data)
        elif held is not None:
            self._bytes(held)
        cut = len(output.data) - unfinished(output.data)
        if cut < len(output.data):
            self._held[key] = output._replace(
                offset=output.offset + cut, data=output.data[cut:]
            )  # fmt: skip
        if cut:
            self._bytes(output._replace(data=output.data[:cut]))

    def end(self, result: CommandResult) -> None:
        """The event ``end``."""
        for key in [key for key in self._held if key[0] == result.command_id]:
            self._bytes(self._held.pop(key))
        self.event("end", fields_of(result))

    def close(self) -> None:
        """What was held back."""
        for key in list(self._held):
            self._bytes(self._held.pop(key))

    def event(self, name: str, fields: dict[str, object]) -> None:
        """Print one event."""
        self._out.value({"v": 1, "event": name, **fields})
        self._out.flush()

    def _bytes(self, output: Output) -> None:
        place = {"server": output.server, "offset": output.offset}
        try:
            self.event(output.stream, {**place, "data": output.data.decode()})
        except UnicodeDecodeError:
            import base64

            data = base64.b64encode(output.data).decode()
            self.event(output.stream, {**place, "data_b64": data})


def unfinished(data: bytes) -> int:
    """How many bytes at the end begin a character of UTF-8 that is not complete: 0 to 3."""
    for back in range(1, min(3, len(data)) + 1):
        byte = data[-back]
        if byte >= 0xC0:
            length = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return back if byte < 0xF8 and back < length else 0
        if byte < 0x80:
            return 0
    return 0


def fields_of(result: CommandResult) -> dict[str, object]:
    """A result's JSON fields; the base64 ones stand only where they are needed."""
    fields: dict[str, object] = msgspec.to_builtins(result)
    for name in ("stdout_b64", "stderr_b64"):
        if fields[name] is None:
            del fields[name]
    return fields
