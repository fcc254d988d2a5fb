"""The results of a run with their kept output: the array of ``-o json`` and ``--status-file``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from chatops.cli.output import pretty
from chatops.cli.running.forms import fields_of
from chatops.cli.running.store import Chain, Store
from chatops.errors import ChatOpsError, SetupError
from chatops.protocol.rest.commands import CommandResult

if TYPE_CHECKING:
    from chatops.client import Client

_NOT_RUN = ("offline", "refused")


class Results:
    """Each with what the hub kept of its output; together they may be larger than memory."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._store = Store()
        self._chains: dict[tuple[str, str], Chain] = {}

    def add(self, result: CommandResult, *, ask: bool = True) -> CommandResult:
        """Keep a result; what it is with its output. Without ``ask`` it is taken as it is."""
        if result.status in _NOT_RUN:
            whole = replace(result, stdout="", stderr="")
        else:
            whole = self._whole(result) if ask else replace(result, truncated=True)
        chain = Chain(self._store)
        chain.add(pretty(fields_of(whole)).encode())
        self._chains[result.server, result.command_id] = chain
        return whole

    def array(self) -> Iterator[bytes]:
        """The JSON array of all, in order of the servers' names."""
        before = b"[\n  "
        for key in sorted(self._chains):
            for part in self._chains[key].parts():
                yield before + part.replace(b"\n", b"\n  ")
                before = b""
            before = b",\n  "
        yield b"\n]" if self._chains else b"[]"

    def close(self) -> None:
        """Let them go."""
        self._store.close()

    def _whole(self, result: CommandResult) -> CommandResult:
        with suppress(ChatOpsError):  # what is known is worth more than an error now
            whole = self._client.commands.output(result.command_id)
            return whole if whole.status == result.status else result
        return result


class StatusFile:
    """The file of ``--status-file``: an array at every moment, empty until there are results."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        if path is not None and not path.is_fifo() and not path.is_char_device():
            self.write([b"[]"])  # a pipe is written once

    def write(self, parts: Iterator[bytes] | list[bytes]) -> None:
        """Replace its content.

        Raises:
            SetupError: it cannot be written.
        """
        if self._path is None:
            return
        try:
            with self._path.open("wb") as file:
                for part in parts:
                    file.write(part)
                file.write(b"\n")
        except OSError as error:
            raise SetupError(f"cannot write {self._path}: {error.strerror}") from error
