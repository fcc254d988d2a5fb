"""What ``chatops commands attach`` does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chatops.cli.context import Cli
from chatops.cli.exits import several_exit_code
from chatops.cli.running.session import Shown, summarising, watch
from chatops.cli.waiting import Found, find_commands
from chatops.errors import InvalidInput

if TYPE_CHECKING:
    from chatops.client.run_events import Offsets, RunEvent


def attach_to(cli: Cli, name: str, offset: str | None) -> int:
    """Show a command or run from its beginning, or from ``offset`` on; the exit status.

    Raises:
        ChatOpsError: what keeps it from being shown.
    """
    with summarising(cli):
        return _attach_to(cli, name, offset)


def _attach_to(cli: Cli, name: str, offset: str | None) -> int:
    if cli.out.form == "csv":
        raise InvalidInput("attach has no csv form", hint="use -o json or -o ndjson")
    given = None if offset is None else parse_offset(offset)
    found = find_commands(cli, name)
    if found.several:
        cli.exit_of = several_exit_code
    offsets = _offsets(found, given)

    def begin() -> Iterator[RunEvent]:
        return cli.client.commands.attach(name, offsets=offsets)

    def again(_: str, done: Offsets) -> Iterator[RunEvent]:
        where = cli.connection._replace(token=cli.client.token)
        return cli.client_for(where, timeout=10.0).commands.attach(name, offsets=done)

    shown = Shown(several=found.several, offsets=offsets, detaches=True)
    return watch(cli, begin, again, shown)


def parse_offset(text: str) -> tuple[int, int]:
    """``OUT,ERR``.

    Raises:
        InvalidInput: it is written otherwise.
    """
    out, comma, err = text.partition(",")
    if not (comma and all(one.isascii() and one.isdigit() and len(one) < 19 for one in (out, err))):
        raise InvalidInput(
            f"--offset: {text[:40]!r} is not two numbers of bytes",
            hint="write it like 1024,0: so many of stdout, so many of stderr",
        )
    return int(out), int(err)


def _offsets(found: Found, given: tuple[int, int] | None) -> Offsets:
    if given is None:
        return {}
    if len(found.records) != 1:
        raise InvalidInput(
            "--offset goes with one command, and this run has several",
            hint="`chatops commands list --run RUN` shows their ids",
        )
    return {found.records[0].id: given}
