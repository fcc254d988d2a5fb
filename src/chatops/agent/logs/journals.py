"""Ships the journal: its readers, each with what it reads, and the record of all."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from chatops.agent.guard import Guard
from chatops.agent.jobs import Jobs
from chatops.agent.logs.journal_reader import JournalReader, JournalSeen
from chatops.agent.logs.journalctl import NoJournal, complaint
from chatops.agent.logs.record import read_record, write_record
from chatops.agent.logs.source import HeldLines
from chatops.agent.logs.wanted import WantedUnits
from chatops.agent.shipper import Shipper
from chatops.clock import Clock, SystemClock

_PATIENCE: Final = 30.0
_JOB: Final = "journal"
_log = logging.getLogger(__name__)


class Journals:
    """All of the journal that the agent ships."""

    def __init__(
        self,
        wanted: Sequence[WantedUnits],
        folder: Path,
        guard: Guard,
        shipper: Shipper,
        clock: Clock | None = None,
    ) -> None:
        self._path = folder / "journals.json"
        self._jobs = Jobs(_PATIENCE)
        self._turn = asyncio.Lock()
        seen = read_record(self._path, dict[str, JournalSeen]) or {}
        self._readers: dict[str, JournalReader] = {}
        for number, one in enumerate(wanted):
            key = ",".join(one.units)
            if key not in self._readers:
                self._readers[key] = JournalReader(
                    one, wanted[:number], seen.get(key), guard, shipper, self._keep,
                    clock or SystemClock(),
                )  # fmt: skip

    async def run(self) -> None:
        """Read for ever."""
        round_ = await self._jobs.run({_JOB: _look})
        if (why := round_.results.get(_JOB)) is not None:
            _log.warning("the journal may be shipped in part only: %s", why)
        await asyncio.gather(*(reader.run() for reader in self._readers.values()))

    @property
    def sources(self) -> list[HeldLines]:
        """What holds the lines of each reader."""
        return [one.source for one in self._readers.values()]

    def close(self) -> None:
        """The agent ends."""
        self._jobs.close()

    async def _keep(self) -> None:
        """Write down how far all readers came.

        Raises:
            OSError: the disk does not take it, or hangs.
        """
        async with self._turn:
            seen = {key: one.seen for key, one in self._readers.items() if one.seen is not None}
            data = msgspec.json.encode(seen)
            round_ = await self._jobs.run({_JOB: lambda: write_record(self._path, data)})
        if trouble := round_.missing.get(_JOB):
            raise OSError(f"how far it was read cannot be written down: {trouble}")


def _look() -> str | None:
    with suppress(NoJournal):  # each reader will say so
        return complaint()
    return None
