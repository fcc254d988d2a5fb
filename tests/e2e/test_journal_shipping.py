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

LINES: Final = 8_000
UNIT: Final = "shop.service"
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
    query = f"SELECT {what} FROM log_entries WHERE source = ? ORDER BY id"
    with closing(sqlite3.connect(uri, uri=True)) as database:
        return [str(one) for (one,) in database.execute(query, (source,))]


def count(place: Bench) -> int:
    return int(stored(place, f"unit:{UNIT}", "count(*)")[0])


def test_every_entry_once_while_both_ends_are_killed(hub: Bench, journal: RealJournal) -> None:
    key = hub.add_server("web-1")
    log = ("--log", f"unit:{UNIT}@start")
    agent = hub.start_agent("web-1", key, *log, PATH=journal.path)
    (server,) = hub.programs[:1]
    with journal.start_writer(UNIT, WRITER, str(LINES)) as writer:
        for moment in range(1, 5):
            least = moment * LINES // 5
            until(lambda least=least: count(hub) >= least, within=60, what="entries")
            journal.rotate()
            if moment % 2:
                agent.stop(signal.SIGKILL)
                agent = hub.start_agent("web-1", key, *log, PATH=journal.path)
            else:
                server.stop(signal.SIGKILL)
                server = hub.start_hub(None, "--port", hub.url.rpartition(":")[2])
        assert writer.wait(60) == 0
    until(lambda: count(hub) >= LINES, within=60, what="all entries")
    agent.stop(signal.SIGKILL)
    until(lambda: not journal.readers(), what="the end of what read the journal")
    numbers = [int(text.split()[1]) for text in stored(hub, f"unit:{UNIT}")]
    assert numbers == list(range(LINES))
