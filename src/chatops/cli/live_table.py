"""The live table of ``metrics watch`` on a terminal: it takes the screen, and gives it back."""

from __future__ import annotations

import queue
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Final, NoReturn

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from chatops.cli.context import Cli, Connection
from chatops.cli.exits import TERMINATED
from chatops.cli.fleet import COLUMNS, METRICS, TABLE, Fleet
from chatops.cli.rich_table import table_of
from chatops.cli.watching import LiveFeed, News, follow_values, meant
from chatops.errors import ChatOpsError, NotFound
from chatops.protocol.rest import Server
from chatops.protocol.target import Facts, Target, parse_target
from chatops.text import counted, shorten

FRAME: Final = 0.5
"""Seconds between frames: what comes in between is in the next one."""
ASK_AGAIN: Final = 5.0
"""Seconds after which the hub is asked again which servers there are."""
_AWAY: Final = "the connection to the hub is lost; trying again"
_BESIDE: Final = 2
"""Rows beside those of servers: the head, and a line below."""


def watch_table(cli: Cli, text: str) -> NoReturn:
    """Show the servers of a TARGET, whichever these are, until Ctrl-C.

    Raises:
        NotFound: it means none, or none any more.
        ChatOpsError: the hub does not let them be followed any longer.
    """
    target = parse_target(text)
    fleet, news = Fleet(meant(cli, text)), News(lambda _: None)
    feed = follow_values(cli, target, METRICS, news)
    learned: queue.SimpleQueue[list[Server]] = queue.SimpleQueue()
    where = cli.connection._replace(token=cli.client.token)
    threading.Thread(target=_ask, args=(cli, where, target, learned), daemon=True).start()
    with screen(cli) as live:
        while True:
            _take(feed, fleet, until=time.monotonic() + FRAME)
            with suppress(queue.Empty):
                fleet.learn(learned.get_nowait())
            if not len(fleet):
                raise NotFound(f"no server matches {text[:80]!r} any more")
            live.update(_frame(live.console, fleet, _AWAY if news.away else ""), refresh=True)


def _take(feed: LiveFeed, fleet: Fleet, until: float) -> None:
    """Take what comes until the next frame is due."""
    while (left := until - time.monotonic()) > 0:
        try:
            item = feed.get(timeout=left)
        except queue.Empty:
            return
        if isinstance(item, BaseException):
            raise item
        fleet.put(item, time.time())


def _ask(
    cli: Cli, where: Connection, target: Target, learned: queue.SimpleQueue[list[Server]]
) -> None:
    """Ask again and again which servers there are, and how they are; while the hub is away, the
    table says so."""
    with cli.client_for(where) as client:
        while True:
            time.sleep(ASK_AGAIN)
            with suppress(ChatOpsError):
                found = client.servers.list()
                learned.put([s for s in found if target.covers(Facts(s.id, s.name, s.tags))])


def _frame(console: Console, fleet: Fleet, note: str) -> Group:
    width, height = console.size
    shown, others = fleet.shown(height - _BESIDE, time.time())
    rows = [TABLE.row(one) for one in shown]  # type: ignore[arg-type]
    table, left_out = table_of(COLUMNS, rows, width)
    no_room = f"no room for {', '.join(left_out)}" if left_out else ""
    parts = [note, others or counted(len(fleet), "server"), "Ctrl-C ends", no_room]
    line = "; ".join(part for part in parts if part)
    return Group(table, Text(shorten(line, width), style="yellow" if note else "dim"))


@contextmanager
def screen(cli: Cli) -> Iterator[Live]:
    """The whole screen, until the end however it comes."""

    def end(number: int, frame: FrameType | None) -> NoReturn:
        raise SystemExit(TERMINATED)

    before = signal.signal(signal.SIGTERM, end)
    try:
        with Live(
            console=cli.out.console(), screen=True, auto_refresh=False, redirect_stdout=False,
            redirect_stderr=False,
        ) as live:  # fmt: skip
            yield live
    finally:
        signal.signal(signal.SIGTERM, before)
