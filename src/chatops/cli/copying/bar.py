"""The progress of copies, on the terminal that the talk goes to: how much, how fast, how long."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final, NamedTuple

from chatops.cli.context import Cli
from chatops.cli.show import rate
from chatops.text import escape

_TITLE: Final = 20
"""Characters of what is copied: with its figures the bar has room in 80 columns."""


class Bar(NamedTuple):
    """``moved`` is told how many bytes and files more, ``expect`` how many bytes there are in all;
    ``say`` prints a line beside it. Each may be called in any thread."""

    moved: Callable[[int, int], None]
    expect: Callable[[int | None], None]
    say: Callable[[str], None]


@contextmanager
def progress_bar(
    cli: Cli, title: str, total: int | None, *, files: bool
) -> Generator[Bar, None, None]:
    """A bar while the block lasts, where somebody sees it; ``files``: with their number."""
    if not cli.out.shows_progress or cli.out.quiet:
        yield Bar(lambda count, files: None, lambda size: None, cli.out.say)
        return
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        """In the units of everything else that is said; rich knows only those of ten."""

        def render(self, task: Task) -> Text:
            return Text(rate(task.finished_speed or task.speed) or "", "progress.data.speed")

    number = [TextColumn("{task.fields[files]} files", markup=False)] if files else []
    progress = Progress(
        TextColumn("{task.description}", markup=False), BarColumn(None), *number,
        DownloadColumn(binary_units=True), Rate(), TimeRemainingColumn(),
        console=cli.out.talk_console(), transient=True, redirect_stdout=False,
        redirect_stderr=False,
    )  # fmt: skip
    with progress:
        shown = escape(title)
        short = shown if len(shown) <= _TITLE else f"…{shown[1 - _TITLE :]}"
        task = progress.add_task(short, total=total, files=0)
        whole, lock = 0, threading.Lock()

        def moved(count: int, files: int) -> None:
            nonlocal whole
            with lock:
                whole += files
                progress.update(task, advance=count, files=whole)

        yield Bar(
            moved,
            lambda size: progress.update(task, total=size),
            lambda text: progress.console.print(text, markup=False, highlight=False),
        )
