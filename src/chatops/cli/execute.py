"""What ``chatops exec`` does once its line was read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from chatops.cli.context import Cli
from chatops.cli.exits import STOPPED, exec_exit_code
from chatops.cli.output import pretty
from chatops.cli.printers import ArrayPrinter, BytesPrinter, EventPrinter, fields_of
from chatops.cli.reading import pairs, seconds
from chatops.cli.running import Printer, Watcher
from chatops.client.commands import RunEvent
from chatops.errors import ChatOpsError, InvalidInput, SetupError
from chatops.protocol.rest.commands import CommandResult
from chatops.protocol.target import parse_target

if TYPE_CHECKING:
    from pathlib import Path


class Request(NamedTuple):
    """What is to be run, and where."""

    target: str
    command: str | list[str]
    timeout: float | None
    cwd: str | None
    env: dict[str, str]


def run(
    cli: Cli,
    target: str,
    words: list[str],
    *,
    timeout: str | None,
    cwd: str | None,
    env: list[str] | None,
    status_file: Path | None,
    detach: bool,
) -> int:
    """Run a command as the options say (chatops.cli.declared.EXEC); the exit status.

    Raises:
        ChatOpsError: what kept it from being run.
    """
    request = Request(
        one_server(target), command_of(words), seconds(timeout, "--timeout"), cwd,
        pairs(env, "--env"),
    )  # fmt: skip
    if cli.out.form == "csv":
        raise InvalidInput("exec has no csv form", hint="use -o json or -o ndjson")
    if detach:
        return _detach(cli, request)
    return _attached(cli, request, StatusFile(status_file))


def one_server(target: str) -> str:
    """The name or id in a TARGET.

    Raises:
        InvalidInput: it is no TARGET, or means several servers.
    """
    name = parse_target(target).one
    if name is None:
        raise InvalidInput(
            f"{target[:80]!r} means several servers, and exec takes one",
            hint="give a server's name or id; `chatops servers list` shows them",
        )
    return name


def command_of(words: list[str]) -> str | list[str]:
    """The command: one word is a shell line, several are a vector; a first ``--`` is dropped.

    Raises:
        InvalidInput: nothing is left.
    """
    rest = words[1:] if words[:1] == ["--"] else words
    if not rest or rest == [""]:
        raise InvalidInput("no command was given", hint="write it after TARGET")
    return rest[0] if len(rest) == 1 else rest


def _detach(cli: Cli, request: Request) -> int:
    started = cli.client.commands.detach(
        request.target, request.command, timeout=request.timeout, cwd=request.cwd, env=request.env
    )
    if cli.out.form == "table" or cli.out.quiet:
        cli.out.text(started.run_id)
    else:
        cli.out.value(started)
    return 0


def _attached(cli: Cli, request: Request, file: StatusFile) -> int:
    kept = KeptOutput(cli)
    printer = _printer(cli, kept)
    watcher = Watcher(cli, printer)
    watcher.signals()
    status, result = STOPPED, None
    try:
        status, result = watcher.watch(lambda: _stream(cli, request))
    except ChatOpsError as error:
        status = exec_exit_code(error)
        raise
    finally:
        if result is not None:
            file.write([fields_of(kept(result))])
        if isinstance(printer, EventPrinter):
            printer.summary(result, status)
    return status


def _stream(cli: Cli, request: Request) -> Iterator[RunEvent]:
    return cli.client.commands.stream(
        request.target, request.command, timeout=request.timeout, cwd=request.cwd, env=request.env
    )


def _printer(cli: Cli, kept: KeptOutput) -> Printer:
    if cli.out.form == "json":
        return ArrayPrinter(cli.out, kept)
    return EventPrinter(cli.out, kept) if cli.out.form == "ndjson" else BytesPrinter(cli.out)


class KeptOutput:
    """Adds to a result what the hub kept of its output, asked for once."""

    def __init__(self, cli: Cli) -> None:
        self._cli = cli
        self._known: CommandResult | None = None

    def __call__(self, result: CommandResult) -> CommandResult:
        if self._known is None:
            self._known = result
            if result.status not in ("offline", "refused"):
                with suppress(ChatOpsError):  # what is known is worth more than an error now
                    whole = self._cli.client.commands.output(result.command_id)
                    self._known = whole if whole.status == result.status else result
        return self._known


class StatusFile:
    """The file of ``--status-file``: an array at every moment, empty until there is a result."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.write([])

    def write(self, results: list[dict[str, object]]) -> None:
        """Replace its content.

        Raises:
            SetupError: it cannot be written.
        """
        if self._path is None:
            return
        try:
            self._path.write_text(pretty(results) + "\n", encoding="utf-8")
        except OSError as error:
            raise SetupError(f"cannot write {self._path}: {error.strerror}") from error
