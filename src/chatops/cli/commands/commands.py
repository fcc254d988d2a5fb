"""``chatops commands``: what was run, what came of it, and waiting for it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from typing import Annotated, Final, get_args

import msgspec
import typer

from chatops.cli import show
from chatops.cli.args import LIMIT, SINCE, UNTIL, asked, print_newest
from chatops.cli.context import Cli
from chatops.cli.define import command, group
from chatops.cli.exits import exec_exit_code
from chatops.cli.reading import chosen, seconds, span
from chatops.cli.running.forms import BytesPrinter, fields_of
from chatops.cli.running.outcomes import kept_bytes
from chatops.cli.view import Column, Style, View
from chatops.cli.waiting import Found, Waiter, find_commands
from chatops.client.run_events import Output, StreamName
from chatops.errors import Conflict
from chatops.protocol.rest import COMMAND_FINAL, CommandRecord, CommandResult, CommandStatus
from chatops.text import counted, escape

_STATUSES: Final[tuple[CommandStatus, ...]] = get_args(CommandStatus)
app = group("Commands that were run: list, output, waiting, cancelling.")
ID = Annotated[str, typer.Argument(metavar="ID", help="a command's id, or a run's")]


def _style(record: CommandRecord) -> Style:
    if record.status not in COMMAND_FINAL:
        return "warn"
    return "good" if record.status == "succeeded" else "bad"


def _command(record: CommandRecord) -> str:
    return record.command if isinstance(record.command, str) else shlex.join(record.command)


def _listed(record: CommandRecord) -> str:
    """The command in a list: behind its container, where it has one."""
    where = f"[{record.container}] " if record.container else ""
    return where + _command(record)


def _ended(record: CommandRecord) -> str | None:
    if record.signal:
        return f"signal {record.signal}"
    return None if record.exit_code is None else str(record.exit_code)


def _kept(record: CommandRecord) -> str:
    if record.status in ("offline", "refused"):
        return "there is none"
    return "not all was kept" if record.truncated else "kept whole"


def _took(record: CommandRecord) -> str | None:
    return None if record.duration_ms is None else show.duration(record.duration_ms / 1000)


COMMANDS = View(
    CommandRecord,
    lambda record: record.id,
    [
        Column("TIME", lambda r: show.local(r.created_at)),
        Column("ID", lambda r: r.id),
        Column("SERVER", lambda r: r.server),
        Column("USER", lambda r: r.user, spare=True),
        Column("STATUS", lambda r: r.status, _style),
        Column("EXIT", _ended, right=True, spare=True),
        Column("TOOK", _took, right=True, spare=True),
        Column("COMMAND", _listed),
    ],
)
COMMAND = View(
    CommandRecord,
    COMMANDS.name,
    [
        Column("id", lambda r: r.id),
        Column("run", lambda r: r.run_id),
        Column("server", lambda r: r.server),
        Column("container", lambda r: r.container),
        Column("user", lambda r: r.user),
        Column("command", _command),
        Column("status", lambda r: r.status, _style),
        Column("because", lambda r: r.error),
        Column("exit", _ended),
        Column("created", lambda r: show.local(r.created_at)),
        Column("started", lambda r: show.local(r.started_at)),
        Column("finished", lambda r: show.local(r.finished_at)),
        Column("took", _took),
        Column("output", _kept),
    ],
)
RESULT = View(CommandResult, lambda result: result.command_id, ())


@command(app, "list", example="chatops commands list --server web-1 --since 7d")
def list_commands(
    cli: Cli,
    server: Annotated[
        str | None, typer.Option("--server", metavar="S", help="only those of this server")
    ] = None,
    user: Annotated[str | None, typer.Option("--user", metavar="U", help="by whom")] = None,
    run: Annotated[
        str | None, typer.Option("--run", metavar="RUN", help="only those of this run")
    ] = None,
    status: Annotated[
        str, typer.Option("--status", metavar="STATUS", help="like failed,lost; comma joins")
    ] = "all",
    since: SINCE = None,
    until: UNTIL = None,
    limit: LIMIT = 100,
) -> None:
    """Commands that run or were run, oldest first."""
    begin, end = span(since, until)
    found = cli.client.commands.list(
        server=server, user=user, run=run, statuses=chosen(status, "--status", _STATUSES),
        since=begin, until=end, limit=asked(limit),
    )  # fmt: skip
    print_newest(cli.out, found, COMMANDS, limit)


@command(app, "show", example="chatops commands show 019b76da-a800-7000-8000-000000000001")
def show_command(cli: Cli, command_id: ID) -> None:
    """A command and what became of it, without its output. For a run on several servers, a
    list."""
    found = find_commands(cli, command_id)
    _print(cli, found.records, several=found.several)


@command(app, "output", example="chatops commands output 019b76da-a800-7000-8000-000000000001")
def output(cli: Cli, command_id: ID) -> None:
    """The kept output of a command: its stdout on stdout and its stderr on stderr, unchanged.

    Missing bytes are named on stderr. For a run on several servers each line is prefixed with
    the server's name.
    """
    found = find_commands(cli, command_id)
    results = (cli.client.commands.output(record.id) for record in found.records)
    if cli.out.quiet or cli.out.form == "csv":
        cli.out.items(results, RESULT)
    elif cli.out.form == "ndjson":
        for result in results:
            cli.out.value(fields_of(result))
    elif cli.out.form == "json":
        fields = [fields_of(result) for result in results]
        cli.out.value(fields if found.several else fields[0])
    else:
        _write(cli, results, several=found.several)


@command(app, "cancel", example="chatops commands cancel 019b76da-a800-7000-8000-000000000001")
def cancel(cli: Cli, command_id: ID) -> None:
    """End a command or a run: what waits for its turn never starts, what runs gets TERM in its
    process group, and KILL 5 s later. The answer does not wait for the end.

    `chatops commands wait` waits for it. What is over already exits 6.
    """
    found = find_commands(cli, command_id)
    open_ = [record for record in found.records if record.status not in COMMAND_FINAL]
    try:
        asked_to_end = _cancel(cli, found, open_)
    except Conflict:
        asked_to_end = []
    if not asked_to_end:
        raise Conflict(
            f"{command_id} is over already", hint=f"`chatops commands show {command_id}` shows how"
        )
    _print(cli, asked_to_end, several=found.several)
    cli.out.say(f"asked to end; `chatops commands wait {escape(command_id)}` waits for it")


def _cancel(cli: Cli, found: Found, open_: list[CommandRecord]) -> list[CommandRecord]:
    if not open_:
        return []
    if found.run is None:
        return [cli.client.commands.cancel(open_[0].id)]
    ended = {one.id: one for one in cli.client.runs.cancel(found.run.id).commands}
    return [
        msgspec.structs.replace(record, status=ended[record.id].status)
        for record in open_ if record.id in ended
    ]  # fmt: skip


@command(
    app, "attach", example="chatops commands attach 019b76da-a800-7000-8000-000000000001",
    exit_of=exec_exit_code,
)  # fmt: skip
def attach(
    cli: Cli,
    command_id: ID,
    offset: Annotated[
        str | None,
        typer.Option("--offset", metavar="OUT,ERR", help="begin at these bytes of both streams"),
    ] = None,
) -> int:
    """Show the output of a command or a run from its beginning, as `exec` does, and go on as it
    goes on. Missing bytes are named. The exit status is that of `exec`.

    Ctrl-C ends the watching only; `chatops commands cancel` ends the command.
    """
    from chatops.cli.running.attach import attach_to

    return attach_to(cli, command_id, offset)


@command(
    app, "wait", example="chatops commands wait 019b76da-a800-7000-8000-000000000001 --timeout 5m",
    exit_of=exec_exit_code,
)  # fmt: skip
def wait(
    cli: Cli,
    command_id: ID,
    timeout: Annotated[
        str | None, typer.Option("--timeout", metavar="DURATION", help="wait no longer than this")
    ] = None,
) -> int:
    """Wait until a command is over. The exit status is that of `exec`; 124 also when it is
    not over in time. Ctrl-C ends the waiting only.

    With -o or -q the command is printed when it is over.
    """
    waiter = Waiter(cli, command_id, seconds(timeout, "--timeout"))
    status = waiter.wait()
    if cli.out.form != "table" or cli.out.quiet:
        _print(cli, waiter.found.records, several=waiter.found.several)
    return status


def _print(cli: Cli, records: list[CommandRecord], *, several: bool) -> None:
    """One command as one thing, those of a run on several servers as a list, however many they
    are."""
    if not several and len(records) == 1:
        cli.out.item(records[0], COMMAND)
    else:
        cli.out.items(records, COMMANDS)


def _write(cli: Cli, results: Iterable[CommandResult], *, several: bool) -> None:
    from chatops.cli.running.lines import LinePrinter

    printer = LinePrinter(cli.out) if several else BytesPrinter(cli.out)
    for result in results:
        kept: tuple[tuple[StreamName, bytes], ...] = (
            ("stdout", kept_bytes(result.stdout, result.stdout_b64)),
            ("stderr", kept_bytes(result.stderr, result.stderr_b64)),
        )
        for name, data in kept:
            printer.output(Output(result.server, result.command_id, name, 0, data))
        printer.end(result)
        _say_what_is_missing(cli, result, f"{escape(result.server)}: " if several else "")


def _say_what_is_missing(cli: Cli, result: CommandResult, who: str) -> None:
    dropped = result.dropped_bytes
    if dropped:
        verb = "is" if dropped == 1 else "are"
        cli.out.say(f"{who}{counted(dropped, 'byte')} of the output {verb} missing: not kept")
    if result.status not in COMMAND_FINAL:
        cli.out.say(f"{who}the command is not over: more output may come")
