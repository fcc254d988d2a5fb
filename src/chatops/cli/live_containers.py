"""The live table of ``docker stats`` on a terminal."""

from __future__ import annotations

import queue
import time
from typing import Final, NoReturn

from rich.console import Console, Group
from rich.text import Text

from chatops.cli.container_board import Board, Found
from chatops.cli.context import Cli
from chatops.cli.live_table import FRAME, screen
from chatops.cli.rich_table import table_of
from chatops.cli.rounds import Rounds
from chatops.cli.view import View
from chatops.protocol.rest import ContainerStats
from chatops.text import counted, shorten

_BESIDE: Final = 2
"""Rows beside those of containers: the head, and a line below."""


def show_for_ever(
    cli: Cli, rounds: Rounds[Found], board: Board, view: View[ContainerStats]
) -> NoReturn:
    """Show what is on the board, and what comes, until Ctrl-C.

    Raises:
        ChatOpsError: the user may not ask any more.
    """
    with screen(cli) as live:
        while True:
            live.update(_frame(live.console, board, view), refresh=True)
            until = time.monotonic() + FRAME
            while (left := until - time.monotonic()) > 0:
                try:
                    board.put(*rounds.next(left))
                except queue.Empty:
                    break


def _frame(console: Console, board: Board, view: View[ContainerStats]) -> Group:
    width, height = console.size
    rows, trouble = board.rows(), board.trouble
    shown = rows[: max(height - _BESIDE, 0)]
    table, left_out = table_of(view.columns, [view.row(one) for one in shown], width)
    hidden = f"and {len(rows) - len(shown)} more" if len(shown) < len(rows) else ""
    no_room = f"no room for {', '.join(left_out)}" if left_out else ""
    parts = ["Ctrl-C ends", hidden or counted(len(rows), "container"), trouble, no_room]
    line = "; ".join(part for part in parts if part)
    return Group(table, Text(shorten(line, width), style="yellow" if trouble else "dim"))
