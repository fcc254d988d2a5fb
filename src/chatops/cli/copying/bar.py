"""The progress of copies, on the terminal that the talk goes to: how much, how fast, how long."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import NamedTuple

from chatops.cli.context import Cli
from chatops.text import escape


class Bar(NamedTuple):
    """``moved`` is told how many bytes more, ``expect`` how many there are in all; ``say`` prints a
    line beside it. Each may be called in any thread."""

    moved: Callable[[int], None]
    expect: Callable[[int | None], None]
    say: Callable[[str], None]


@contextmanager
def progress_bar(cli: Cli, title: str, total: int | None) -> Generator[Bar, None, None]:
    """A bar while the block lasts, where somebody sees it."""
    if not cli.out.shows_progress or cli.out.quiet:
        yield Bar(lambda count: None, lambda size: None, cli.out.say)
        return
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    progress = Progress(
        TextColumn("{task.description}", markup=False), BarColumn(None), DownloadColumn(),
        TransferSpeedColumn(), TimeRemainingColumn(),
        console=cli.out.talk_console(), transient=True, redirect_stdout=False,
        redirect_stderr=False,
    )  # fmt: skip
    with progress:
        task = progress.add_task(escape(title)[-30:], total=total)
        yield Bar(
            lambda count: progress.advance(task, count),
            lambda size: progress.update(task, total=size),
            lambda text: progress.console.print(text, markup=False, highlight=False),
        )


def size_below(path: bytes) -> int:
    """Bytes of the files in a folder, as far as they can be seen."""
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            try:
                total += os.lstat(b"%b/%b" % (folder, name)).st_size
            except OSError:
                continue
    return total
