"""``chatops ps``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any, Final, Literal

import typer
from msgspec import Struct

from chatops.cli import show
from chatops.cli.args import TARGET
from chatops.cli.context import Cli
from chatops.cli.define import command, group
from chatops.cli.exits import DONE, FAILED
from chatops.cli.view import Column, View
from chatops.errors import ChatOpsError, NotFound
from chatops.protocol.limits import MAX_PROCESSES
from chatops.protocol.rest import ProcessPage, Server, ServerProcess
from chatops.protocol.target import Facts, parse_target
from chatops.text import escape

AT_ONCE: Final = 16
"""Servers that are asked at the same time."""
Sort = Literal["cpu", "memory"]
SORT = Annotated[Sort, typer.Option("--sort", help="what the largest have most of")]
LARGEST = Annotated[
    int,
    typer.Option("--limit", metavar="N", min=0, max=MAX_PROCESSES, help="the N largest; 0 is all"),
]
app = group("What runs on servers now.")


class FleetProcess(Struct, kw_only=True):
    """One process of one of several servers: which one, and the fields of ServerProcess."""

    server: str
    pid: int
    ppid: int | None
    user: str | None
    name: str
    command: str | None
    cpu_percent: float | None
    memory_percent: float | None
    rss: int | None
    started_at: str | None


_COLUMNS: Final = (
    Column("PID", lambda p: str(p.pid), right=True),
    Column("USER", lambda p: p.user),
    Column("CPU", lambda p: show.percent(p.cpu_percent), right=True),
    Column("MEMORY", lambda p: show.percent(p.memory_percent), right=True),
    Column("RSS", lambda p: show.size(p.rss), right=True),
    Column("STARTED", lambda p: show.age(p.started_at), spare=True),
    Column("COMMAND", lambda p: p.command or p.name, cut=True),
)
ONE = View(ServerProcess, lambda process: str(process.pid), _COLUMNS)


SEVERAL = View(
    FleetProcess,
    lambda process: f"{process.server} {process.pid}",
    [Column("SERVER", lambda p: p.server), *_COLUMNS],
)


@command(app, "ps", example="chatops ps web-1 --sort memory")
def ps(cli: Cli, target: TARGET, sort: SORT = "cpu", limit: LARGEST = 20) -> int:
    """The processes that take most now. CPU is per cent of one core since the agent's last look,
    at most half a minute ago. Of several servers the largest of all together, with the server
    first; those that could not be asked are named on stderr, and the exit status is 1 then."""
    wanted = parse_target(target)
    if wanted.one is not None:
        page = cli.client.processes.list(wanted.one, sort=sort, limit=limit)
        cli.out.items(page.items, ONE)
        _say_more(cli, limit, len(page.items), page.total)
        return DONE
    names = sorted(server.name for server in wanted.select(cli.client.servers.list(), _facts))
    if not names:
        raise NotFound(f"no server matches {target[:80]!r}")
    answers = dict(zip(names, _ask(cli, names, sort, limit), strict=True))
    _print(cli, answers, sort, limit)
    return DONE if all(isinstance(one, ProcessPage) for one in answers.values()) else FAILED


def _facts(server: Server) -> Facts:
    return Facts(server.id, server.name, server.tags)


def _ask(
    cli: Cli, names: Sequence[str], sort: Sort, limit: int
) -> Iterator[ProcessPage | ChatOpsError]:
    """What each server answers, or why it did not."""
    from concurrent.futures import ThreadPoolExecutor

    where = cli.connection._replace(token=cli.client.token)

    def one(name: str) -> ProcessPage | ChatOpsError:
        try:
            with cli.client_for(where) as client:
                return client.processes.list(name, sort=sort, limit=limit)
        except ChatOpsError as error:
            return error

    with ThreadPoolExecutor(min(AT_ONCE, len(names))) as pool:
        yield from pool.map(one, names)


def _print(
    cli: Cli, answers: dict[str, ProcessPage | ChatOpsError], sort: Sort, limit: int
) -> None:
    pages = {name: one for name, one in answers.items() if isinstance(one, ProcessPage)}
    rows = [_of(name, process) for name, page in pages.items() for process in page.items]
    rows.sort(key=_ORDER[sort], reverse=True)
    shown = rows[: limit or None]
    cli.out.items(shown, SEVERAL)
    cli.out.flush()
    for name, one in answers.items():
        if isinstance(one, ChatOpsError):
            named = one.message if name in one.message else f"{name}: {one.message}"
            cli.out.say(f"not asked: {escape(named)}")
    _say_more(cli, limit, len(shown), sum(page.total for page in pages.values()))


def _say_more(cli: Cli, limit: int, shown: int, total: int) -> None:
    """With a limit everybody knows that there are more; without one it is said."""
    cli.out.flush()
    if not limit and shown < total:
        cli.out.say(f"only the largest {shown} of {total} processes are shown: more do not fit")


def _of(server: str, process: ServerProcess) -> FleetProcess:
    fields = {name: getattr(process, name) for name in ServerProcess.__struct_fields__}
    return FleetProcess(server=server, **fields)


_ORDER: Final[dict[Sort, Callable[[Any], float]]] = {
    "cpu": lambda process: process.cpu_percent or 0.0,
    "memory": lambda process: process.rss or 0,
}
