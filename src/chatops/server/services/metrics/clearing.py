"""Clears closed samples away: from the front of the open raw window, all that lie before the oldest
open one, many at once.

Nothing has to be remembered for it. What is closed does not count whether it is still there or not,
and nothing that is open, or has just been written, lies before the oldest open sample.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Final

from chatops.errors import ChatOpsError
from chatops.server.crud import metrics as crud
from chatops.server.db.engine import Database
from chatops.server.db.transactions import Transaction
from chatops.server.services.metrics.open_rows import OpenRows

EVERY: Final = 5.0
"""Seconds between two rounds."""
HOLD: Final = 0.005
"""Seconds for which a step deletes: the commit included, nobody has the writer for 20 ms."""
BITE: Final = 100
"""Rows between two looks at the clock."""
PAUSE: Final = 0.02
_log = logging.getLogger(__name__)


class Clearing:
    """The only one who deletes closed samples."""

    def __init__(self, database: Database, open_rows: OpenRows) -> None:
        self._database = database
        self._open = open_rows

    async def run(self) -> None:
        """Clear away what is closed, for as long as the hub runs."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.once()
            except ChatOpsError as error:
                _log.error("closed samples cannot be cleared away yet: %s", error.message)

    async def once(self) -> None:
        """One round.

        Raises:
            Busy: the database cannot be written.
        """
        before, more = self._open.front(), True
        while more:
            more = await self._database.transact(lambda tx: _step(tx, before))
            await asyncio.sleep(PAUSE)  # let others have the writer


def _step(tx: Transaction, before: int) -> bool:
    """Whether there may be more to clear away."""
    until = time.monotonic() + HOLD
    while crud.clear(tx, before, BITE):
        if time.monotonic() >= until:
            return True
    return False
