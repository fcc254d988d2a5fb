"""The forms in which ``exec`` shows a run: the bytes themselves, an array, or events."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from chatops.cli.output import Output as Out
from chatops.client.commands import Output, Start
from chatops.protocol.rest.commands import CommandResult

Whole = Callable[[CommandResult], CommandResult]
"""Adds the kept output to a result."""


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


class ArrayPrinter:
    """One JSON array of results, at the end."""

    def __init__(self, out: Out, whole: Whole) -> None:
        self._out = out
        self._whole = whole

    def start(self, start: Start) -> None:
        """Nothing to show."""

    def output(self, output: Output) -> None:
        """It comes with the result."""

    def end(self, result: CommandResult) -> None:
        """The array."""
        self._out.value([fields_of(self._whole(result))])
        self._out.flush()


class EventPrinter:
    """One JSON object an event, as it happens; the last one is ``summary``."""

    def __init__(self, out: Out, whole: Whole) -> None:
        self._out = out
        self._whole = whole

    def start(self, start: Start) -> None:
        """The event ``start``."""
        self.event("start", start._asdict())

    def output(self, output: Output) -> None:
        """The event ``stdout`` or ``stderr``; bytes that are not UTF-8 go as base64."""
        place = {"server": output.server, "offset": output.offset}
        try:
            self.event(output.stream, {**place, "data": output.data.decode()})
        except UnicodeDecodeError:
            import base64

            data = base64.b64encode(output.data).decode()
            self.event(output.stream, {**place, "data_b64": data})

    def end(self, result: CommandResult) -> None:
        """The event ``end``."""
        self.event("end", fields_of(self._whole(result)))

    def summary(self, result: CommandResult | None, status: int) -> None:
        """The event ``summary``: how many succeeded, and the exit status."""
        good = result is not None and result.status == "succeeded"
        counts = {"servers": int(result is not None), "succeeded": int(good)}
        self.event("summary", {**counts, "exit_code": status})

    def event(self, name: str, fields: dict[str, object]) -> None:
        """Print one event."""
        self._out.value({"v": 1, "event": name, **fields})
        self._out.flush()


def fields_of(result: CommandResult) -> dict[str, object]:
    """A result's JSON fields; the base64 ones stand only where they are needed."""
    fields: dict[str, object] = msgspec.to_builtins(result)
    for name in ("stdout_b64", "stderr_b64"):
        if fields[name] is None:
            del fields[name]
    return fields
