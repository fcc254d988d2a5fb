"""Entries of a real journal are in the hub's log once each, in order, whichever end is killed."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Final

import pytest

from tests.support.journal import RealJournal, real_journal
from tests.support.processes import Bench
from tests.support.waiting import until

LINES: Final = 6_000
UNIT: Final = "shop.service"
HOSTILE: Final = b"hostile \x00\x1b]0;title\x07[bold]x[/bold] \xff\xfe \x1b[31mred"
WRITER: Final = """
import socket, sys, time
end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
end.connect(sys.argv[1])
for number in range(int(sys.argv[2])):
    end.send(b"PRIORITY=6\\nMESSAGE=line %06d of a unit, while all are killed\\n" % number)
    if number % 200 == 199:
        time.sleep(0.05)
"""


@pytest.fixture
def journal() -> Iterator[RealJournal]:
    with real_journal() as made:
        yield made


def stored(place: Bench, source: str, what: str = "message") -> list[str]:
    """What the hub has of a source, in the order in which it came."""
    uri = f"file:{place.folder / 'hub' / 'logs.db'}?mode=ro"
    query = f"SELECT {what} FROM log_lines WHERE source = ? ORDER BY id"
    with closing(sqlite3.connect(uri, uri=True)) as database:
        return [str(one) for (one,) in database.execute(query, (source,))]


def count(place: Bench) -> int:
    return int(stored(place, f"unit:{UNIT}", "count(*)")[0])


def test_every_entry_once_while_both_ends_are_killed(hub: Bench, journal: RealJournal) -> None:
    key = hub.add_server("web-1")
    file = hub.folder / "app.log"
    file.touch()
    log = ("--log", f"unit:{UNIT}@start", "--log", str(file))
    agent = hub.start_agent("web-1", key, *log, PATH=journal.path)
    (server,) = hub.programs[:1]
    with journal.start_writer(UNIT, WRITER, str(LINES)) as writer:
        until(lambda: count(hub) >= LINES // 3, within=60, what="entries")
        agent.stop(signal.SIGKILL)
        journal.rotate()
        agent = hub.start_agent("web-1", key, *log, PATH=journal.path)
        until(lambda: count(hub) >= LINES * 2 // 3, within=60, what="entries")
        server.stop(signal.SIGKILL)
        journal.rotate()
        hub.start_hub(None, "--port", hub.url.rpartition(":")[2])
        assert writer.wait(60) == 0
    until(lambda: count(hub) >= LINES, within=60, what="all entries")
    numbers = [int(text.split()[1]) for text in stored(hub, f"unit:{UNIT}")]
    assert numbers == list(range(LINES))
    journal.write(HOSTILE, unit=UNIT)
    file.write_bytes(HOSTILE + b"\n")
    for source in (f"unit:{UNIT}", str(file)):
        until(lambda one=source: "hostile" in "".join(stored(hub, one)[-1:]), what=source)
    shows_escaped(hub)
    agent.stop(signal.SIGKILL)
    until(lambda: not journal.readers(), what="the end of what read the journal")


def shows_escaped(hub: Bench) -> None:
    """What is kept is what was written; what is shown has nothing of it that a terminal obeys."""
    found = hub.run("logs", "search", "hostile", "-o", "json").json()
    assert [one["message"] for one in found] == [HOSTILE.decode("utf-8", "replace")] * 2
    assert {one["source"] for one in found} == {f"unit:{UNIT}", str(hub.folder / "app.log")}
    shown = hub.run("logs", "search", "hostile", FORCE_COLOR="1").out
    assert shown.count(r"\x00\x1b]0;title\x07[bold]x[/bold]") == 2
    assert "\x1b]0" not in shown
