"""Lines of a file are in the hub's log once each and in order, whichever end is killed."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from tests.support.processes import Bench, bench
from tests.support.waiting import until

LINES: Final = 50_000
WRITER: Final = """
import os, shutil, sys, time
path, how, lines = sys.argv[1], sys.argv[2], int(sys.argv[3])
def rotate():
    for number in range(3, 0, -1):
        if os.path.exists(f"{path}.{number}"):
            os.rename(f"{path}.{number}", f"{path}.{number + 1}")
    if how == "rename":
        os.rename(path, f"{path}.1")
    else:
        shutil.copy2(path, f"{path}.1")
        os.truncate(path, 0)
file = open(path, "a")
for number in range(lines):
    file.write(f"line {number:06d} of a log that is rotated while all are killed\\n")
    if number % 500 == 499:
        file.flush()
        time.sleep(0.05)
    if number in (lines // 4, lines // 2, lines * 3 // 4):
        file.flush()
        rotate()
        if how == "rename":
            file.close()
            file = open(path, "a")
file.close()
"""
"""Takes 5 s for 50,000 lines, and rotates its log three times."""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Bench]:
    with bench(tmp_path) as made:
        yield made


def stored(place: Bench, source: Path, what: str) -> list[tuple[str | int]]:
    """What the hub has of a source, in the order in which it came."""
    uri = f"file:{place.folder / 'hub' / 'logs.db'}?mode=ro"
    query = f"SELECT {what} FROM log_lines WHERE source = ? ORDER BY id"
    with closing(sqlite3.connect(uri, uri=True)) as database:
        return database.execute(query, (str(source),)).fetchall()


def count(place: Bench, source: Path) -> int:
    return int(stored(place, source, "count(*)")[0][0])


@pytest.mark.parametrize("how", ["rename", pytest.param("truncate", marks=pytest.mark.soak)])
def test_every_line_once_while_both_ends_are_killed(place: Bench, how: str) -> None:
    log = place.folder / "app.log"
    log.write_text("")
    hub = place.start_hub()
    place.login()
    key = place.add_server("web-1")
    agent = place.start_agent("web-1", key, "--log", f"{log}@start")
    words = [sys.executable, "-I", "-c", WRITER, str(log), how, str(LINES)]
    with subprocess.Popen(words) as writer:
        for moment in range(1, 5):
            reached = moment * LINES // 5
            until(lambda least=reached: count(place, log) >= least, within=60, what="lines")
            if moment % 2:
                agent.stop(signal.SIGKILL)
                agent = place.start_agent("web-1", key, "--log", f"{log}@start")
            else:
                hub.stop(signal.SIGKILL)
                hub = place.start_hub(None, "--port", place.url.rpartition(":")[2])
        assert writer.wait(60) == 0
    until(lambda: count(place, log) >= LINES, within=60, what="all lines")
    numbers = [int(str(text).split()[1]) for (text,) in stored(place, log, "message")]
    assert numbers == list(range(LINES))
