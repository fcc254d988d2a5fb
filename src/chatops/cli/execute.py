"""What ``chatops exec`` and ``docker exec`` do once their line was read."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chatops.cli.context import Cli
from chatops.cli.exits import several_exit_code
from chatops.cli.reading import pairs, portion, seconds
from chatops.cli.running.following import insist, may_be_taken
from chatops.cli.running.session import Shown, summarising, watch
from chatops.cli.start import CLOSED
from chatops.errors import HubUnreachable, InvalidInput, NotFound, SetupError
from chatops.ids import new_id
from chatops.protocol.limits import MAX_PARALLEL
from chatops.protocol.target import parse_target

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chatops.client.commands import RunOptions
    from chatops.client.run_events import Offsets, RunEvent
    from chatops.client.stdin import Input
    from chatops.client.terminals import Where


_INSTEAD: Final = (
    "`chatops docker exec -i SERVER CONTAINER COMMAND`, without -t, takes a file or a pipe"
)


class Request(NamedTuple):
    """What is to be run, and where."""

    target: str
    command: str | list[str]
    several: bool
    options: RunOptions


def run(
    cli: Cli,
    target: str,
    words: list[str],
    *,
    status_file: Path | None = None,
    stdin: bool = False,
    group: bool = False,
    detach: bool = False,
    dry_run: bool = False,
    tty: bool = False,
    **options: Any,
) -> int:
    """Run a command as the options say (chatops.cli.declared.EXEC; with ``container`` those of
    DOCKER_EXEC); the exit status.

    Raises:
        ChatOpsError: what kept it from being run.
    """
    if tty:
        return _at_terminal(cli, target, words, status_file, options, detach=detach)
    with nullcontext() if detach or dry_run else summarising(cli):
        return _run(
            cli, target, words, status_file, stdin=stdin, group=group, detach=detach,
            dry_run=dry_run, options=options,
        )  # fmt: skip


def _run(
    cli: Cli,
    target: str,
    words: list[str],
    status_file: Path | None,
    *,
    stdin: bool,
    group: bool,
    detach: bool,
    dry_run: bool,
    options: dict[str, Any],
) -> int:
    if options.get("container") is not None:
        _one_server(target)
    several = parse_target(target).one is None
    if several:
        cli.exit_of = several_exit_code
    _check(cli, several=several, stdin=stdin, alone=detach or dry_run)
    if detach and status_file is not None:
        raise InvalidInput(
            "--status-file needs the outcome, and --detach does not wait for it",
            hint="`chatops commands output ID -o json` prints it when it is there",
        )
    request = Request(target, command_of(words), several, _options(options))
    if dry_run:
        return _plan(cli, request)
    try:
        if detach:
            return _detach(cli, request)
        shown = Shown(several=several, group=group, status_file=status_file)
        return _attached(cli, request, shown, feed=stdin)
    except HubUnreachable as error:
        if may_be_taken(error):
            key = request.options["idempotency_key"]
            error.hint = f"--idempotency-key {key} with the same line shows it, and runs it once"
        raise


def _at_terminal(
    cli: Cli,
    target: str,
    words: list[str],
    status_file: Path | None,
    options: dict[str, Any],
    *,
    detach: bool,
) -> int:
    from chatops.cli.terminal.opening import sit_down

    if detach or status_file is not None:
        word = "--detach" if detach else "--status-file"
        raise InvalidInput(f"{word} is not for a terminal", hint="leave it out, or --tty")
    _one_server(target)
    given = _options(options)
    where: Where = {
        "container": given["container"], "user": given["user"], "cwd": given["cwd"],
        "env": dict(given["env"] or {}), "timeout": given["timeout"],
    }  # fmt: skip
    return sit_down(
        cli, target, command_of(words), _INSTEAD, key=options.get("idempotency_key"), where=where
    )


def command_of(words: list[str]) -> str | list[str]:
    """The command: one word is a shell line, several are a vector; a first ``--`` is dropped.

    Raises:
        InvalidInput: nothing is left.
    """
    rest = words[1:] if words[:1] == ["--"] else words
    if not rest or rest == [""]:
        raise InvalidInput("no command was given", hint="write it at the end of the line")
    return rest[0] if len(rest) == 1 else rest


def _one_server(target: str) -> None:
    if parse_target(target).one is None:
        raise InvalidInput(
            "a container is on one server, and this means several",
            hint="give a server's name or id; `chatops servers list` shows them",
        )


def _check(cli: Cli, *, several: bool, stdin: bool, alone: bool) -> None:
    if cli.out.form == "csv":
        raise InvalidInput("exec has no csv form", hint="use -o json or -o ndjson")
    if "stdout" in CLOSED:
        raise SetupError(
            "stdout is closed, and the output would be lost", hint="write >/dev/null to do without"
        )
    if stdin and several:
        raise InvalidInput(
            "--stdin goes to one server, and this TARGET means several",
            hint="give a server's name or id; `chatops servers list` shows them",
        )
    if stdin and alone:
        raise InvalidInput("--stdin needs somebody who stays", hint="leave --stdin out")


def _options(given: dict[str, Any]) -> RunOptions:
    _count(given.get("parallel"), "--parallel", least=1, most=MAX_PARALLEL)
    _count(given.get("expect_count"), "--expect-count", least=0)
    if given.get("idempotency_key") == "":
        raise InvalidInput("--idempotency-key is empty", hint="is the variable for it set?")
    return {
        "timeout": seconds(given.get("timeout"), "--timeout"),
        "cwd": given.get("cwd"),
        "container": given.get("container"),
        "user": given.get("user"),
        "env": pairs(given.get("env"), "--env"),
        "parallel": given.get("parallel"),
        "batch": portion(given.get("batch"), "--batch"),
        "max_failures": portion(given.get("max_failures"), "--max-failures"),
        "expect_count": given.get("expect_count"),
        # Always with one: when the answer is lost the hub can be asked again, and runs it once.
        "idempotency_key": given.get("idempotency_key") or f"exec-{new_id()}",
    }


def _count(value: int | None, option: str, *, least: int, most: int = 10**9) -> None:
    if value is not None and not least <= value <= most:
        raise InvalidInput(
            f"{option}: {value} is {'too small' if value < least else 'too large'}",
            hint=f"write a number from {least} on" + (f" to {most}" if most < 10**9 else ""),
        )


def _plan(cli: Cli, request: Request) -> int:
    from chatops.cli.running.plan import show_plan

    plan = cli.client.commands.plan(request.target, request.command, **request.options)
    if not plan.servers:
        raise NotFound(f"no server matches {request.target[:80]!r}")
    show_plan(cli.out, plan)
    return 0


def _detach(cli: Cli, request: Request) -> int:
    commands = cli.client.commands
    started = insist(
        lambda: commands.detach(request.target, request.command, **request.options), cli.out.say
    )
    if cli.out.form == "table" or cli.out.quiet:
        cli.out.text(started.run_id)
    else:
        cli.out.value(started)
    return 0


def _attached(cli: Cli, request: Request, shown: Shown, *, feed: bool) -> int:
    commands, source = cli.client.commands, _source() if feed else None

    def begin() -> Iterator[RunEvent]:
        where, command, options = request.target, request.command, request.options
        if source is not None:
            return commands.feed(where, command, source, **options)
        return commands.stream(where, command, **options)

    def again(run_id: str, offsets: Offsets) -> Iterator[RunEvent]:
        where = cli.connection._replace(token=cli.client.token)
        client = cli.client_for(where, timeout=10.0)
        return client.commands.attach(run_id, offsets=offsets, stdin=source)

    return watch(cli, begin, again, shown, stdin=source)


def _source() -> Input:
    from chatops.client.stdin import Input

    return Input(sys.stdin.fileno())
