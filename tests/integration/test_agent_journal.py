"""What an agent ships of a real journal: from where, under which name, and what it says is gone."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from chatops.agent.guard import Guard
from chatops.agent.logs import journal_reader
from chatops.agent.logs.journal_reader import GONE
from chatops.agent.logs.journals import Journals
from chatops.agent.logs.lines import LONGEST
from chatops.agent.logs.wanted import WantedUnits, parse_wanted
from chatops.agent.shipper import Shipper
from chatops.tasks import Tasks
from tests.support.journal import RealJournal, real_journal
from tests.support.shipping import Ships
from tests.support.waiting import until_async

UNIT = "shop.service"


@pytest.fixture(scope="module")
def shared_journal() -> Iterator[RealJournal]:
    with real_journal() as made:
        yield made


@pytest.fixture
def journal(shared_journal: RealJournal, monkeypatch: pytest.MonkeyPatch) -> RealJournal:
    """One with no entries of the test's units, which is read by the journalctl of the PATH."""
    shared_journal.forget()
    monkeypatch.setenv("PATH", shared_journal.path)
    return shared_journal


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_reader, "RETRY", 0.01)
    monkeypatch.setattr(journal_reader, "KEEP", 0.01)


@asynccontextmanager
async def shipping(folder: Path, *given: str | dict[str, object]) -> AsyncIterator[Ships]:
    """An agent's readers, without a hub."""
    wanted = [one for one in parse_wanted(given) if isinstance(one, WantedUnits)]
    guard, shipper = Guard(), Shipper()
    guard.start()
    journals = Journals(wanted, folder, guard, shipper)
    try:
        async with Tasks() as tasks:
            tasks.spawn(journals.run(), name="journal")
            yield Ships(shipper)
    finally:
        journals.close()
        guard.close()


async def test_a_unit_is_begun_at_its_end_and_left_where_the_hub_is(
    journal: RealJournal, tmp_path: Path
) -> None:
    journal.write(b"before", unit=UNIT)
    async with shipping(tmp_path, f"unit:{UNIT}"):
        await until_async(lambda: len(journal.readers()) == 1, what="the reader")
        await until_async(lambda: (tmp_path / "journals.json").exists(), what="the record")
    assert journal.readers() == []
    journal.write(b"between", unit=UNIT)
    journal.write(b"of another", unit="other.service")
    async with shipping(tmp_path, f"unit:{UNIT}") as ships:
        await ships.until("between")
    async with shipping(tmp_path, f"unit:{UNIT}") as ships:
        await ships.until("between")  # not acked: it comes again, with its number
        (line,) = ships.lines
        ships.ack()
        journal.write(b"after", unit=UNIT)
        await ships.until("between", "after")
        assert ships.lines[1].seq > line.seq
        ships.ack()
    async with shipping(tmp_path, f"unit:{UNIT}") as ships:
        journal.write(b"at last", unit=UNIT)
        await ships.until_last("at last")
        assert "between" not in ships.texts


async def test_globs_and_the_whole_journal(journal: RealJournal, tmp_path: Path) -> None:
    async with shipping(tmp_path, "unit:shop*", "unit:*") as ships:
        record = tmp_path / "journals.json"
        await until_async(lambda: record.exists() and b"shop" in record.read_bytes())
        await until_async(lambda: b'"*"' in record.read_bytes(), what="both places")
        journal.write(b"one", unit=UNIT)
        journal.write(b"two", unit="shop-new@1.service")
        journal.write(b"three", SYSLOG_IDENTIFIER="cron", PRIORITY="2")
        await until_async(
            lambda: (
                sorted(of_ours(ships))
                == [
                    ("journal:cron", "critical", "three"),
                    ("unit:shop-new@1.service", "info", "two"),
                    (f"unit:{UNIT}", "info", "one"),
                ]
            ),
            what="each of them, once",
        )


def of_ours(ships: Ships) -> list[tuple[str, str, str]]:
    """What came, without what journald says itself."""
    return [line for line in ships.look() if "journald" not in line[0]]


async def test_any_bytes_are_kept_or_cut_and_entries_joined(
    journal: RealJournal, tmp_path: Path
) -> None:
    hostile = b"\x00\xff\x1b]0;title\x07[bold]x[/bold]\r\nsecond line"
    huge = b"y" * 10_000_000
    secret = b"password=hunter2"
    journal.write(hostile, huge, secret, b"Traceback", b"  at one", b"Done", unit=UNIT)
    table: dict[str, object] = {"unit": UNIT, "start": True, "entry": r"^\S"}
    async with shipping(tmp_path, table) as ships:
        await ships.until(
            hostile.decode("utf-8", "replace"),
            "y" * LONGEST + f" … {len(huge) - LONGEST} more bytes",
            "password=***",
            "Traceback\n  at one",
            "Done",
        )


async def say_what_is_gone(journal: RealJournal, folder: Path, forget: Callable[[], None]) -> None:
    journal.write(b"one", unit=UNIT)
    async with shipping(folder, f"unit:{UNIT}@start") as ships:
        await ships.until("one")
        ships.ack()
        record = folder / "journals.json"
        await until_async(lambda: b'"s=' in record.read_bytes(), what="the place")
    forget()
    journal.write(b"two", b"three", unit=UNIT)
    async with shipping(folder, f"unit:{UNIT}@start") as ships:
        await ships.until(GONE, "two", "three")
        ships.ack()
        journal.rotate()
        journal.write(b"four", unit=UNIT)
        await ships.until(GONE, "two", "three", "four")


async def test_a_place_that_is_gone_is_said_and_the_oldest_comes_next(
    journal: RealJournal, tmp_path: Path
) -> None:
    await say_what_is_gone(journal, tmp_path, journal.forget)


async def test_a_journal_that_begins_anew_is_another_series(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with real_journal() as own:
        monkeypatch.setenv("PATH", own.path)
        await say_what_is_gone(own, tmp_path, own.begin_anew)


async def test_a_reader_that_dies_is_replaced(journal: RealJournal, tmp_path: Path) -> None:
    async with shipping(tmp_path, f"unit:{UNIT}@start") as ships:
        for number in range(3):
            journal.write(b"%d" % number, unit=UNIT)
            await ships.until(*map(str, range(number + 1)))
            (reader,) = await until_async(journal.readers, what="a reader")
            os.kill(reader, signal.SIGKILL)
            await until_async(
                lambda gone=reader: journal.readers() not in ([], [gone]), what="another one"
            )


async def test_without_journalctl_it_is_said_and_tried_again(
    journal: RealJournal, tmp_path: Path, caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    journal.write(b"one", unit=UNIT)
    monkeypatch.setenv("PATH", str(tmp_path))
    async with shipping(tmp_path, f"unit:{UNIT}@start") as ships:
        await until_async(lambda: "there is no journalctl on this host" in caplog.text)
        monkeypatch.setenv("PATH", journal.path)
        await ships.until("one")
    assert caplog.text.count("there is no journalctl on this host") == 1
