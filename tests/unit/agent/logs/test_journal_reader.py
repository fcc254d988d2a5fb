"""What a reader of the journal does with entries, whatever journals they are of."""

from __future__ import annotations

from typing import cast

from chatops.agent.guard import Guard
from chatops.agent.logs.journal_entries import JournalEntry
from chatops.agent.logs.journal_reader import JournalReader, JournalSeen
from chatops.agent.logs.lines import Line
from chatops.agent.logs.wanted import WantedUnits
from chatops.agent.shipper import Shipper
from chatops.clock import FakeClock
from tests.support.shipping import Ships


def entry(series: int, number: int) -> JournalEntry:
    text = f"{series}.{number}"
    return JournalEntry(
        cursor=text, series=f"{series:x}", number=number, ts=1.0, unit="a.service",
        source="unit:a.service", level="info", line=Line(text.encode(), number),
    )  # fmt: skip


async def test_entries_of_more_journals_than_are_remembered_are_all_shipped() -> None:
    ships, kept = Ships(Shipper()), 0

    async def keep() -> None:
        nonlocal kept
        kept += 1

    reader = JournalReader(
        WantedUnits(units=("*",)), [], JournalSeen(), cast("Guard", None), ships.shipper, keep,
        FakeClock(),
    )  # fmt: skip
    entries = [entry(series, number) for number in (1, 2) for series in range(20)]
    await reader._hand_over(entries)
    for _ in entries:
        ships.look()
        ships.ack()
    assert ships.texts == [one.line.text for one in entries]
    assert kept >= 20, "a name is kept before anything is sent under it"
