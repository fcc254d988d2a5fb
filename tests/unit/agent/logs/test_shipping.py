"""All logs of an agent: what was left out is said by itself, and is not shipped after all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from chatops.agent.logs import files, shipping
from chatops.agent.logs.rate import BURST
from chatops.agent.logs.shipping import ShippedLogs
from chatops.agent.logs.wanted import parse_wanted
from chatops.agent.shipper import Shipper
from chatops.clock import SystemClock
from chatops.tasks import Tasks
from tests.support.shipping import Ships
from tests.support.waiting import until_async

ALLOWED = int(BURST)


@asynccontextmanager
async def agent(folder: Path, log: Path) -> AsyncIterator[tuple[ShippedLogs, Ships]]:
    shipper = Shipper()
    wanted = parse_wanted([{"file": str(log), "start": True, "rate": 1}])
    logs, ships = ShippedLogs(wanted, folder, shipper, SystemClock()), Ships(shipper)
    try:
        async with Tasks() as tasks:
            logs.start(tasks, cast("Any", None), cast("Any", None), None)
            yield logs, ships
    finally:
        logs.close()


@pytest.mark.parametrize("stopped", [False, True])
async def test_what_was_left_out_is_said_and_is_not_shipped_after_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, stopped: bool
) -> None:
    monkeypatch.setattr(files, "POLL", 0.01)
    monkeypatch.setattr(files, "KEEP", 3600.0)
    monkeypatch.setattr(shipping, "SAY", 3600.0 if stopped else 0.02)
    log = tmp_path / "a.log"
    log.write_text("".join(f"{number}\n" for number in range(ALLOWED + 5)))
    size = log.stat().st_size
    async with agent(tmp_path, log) as (logs, ships):
        await until_async(lambda: len(ships.texts) >= ALLOWED, what="what may go")
        if stopped:
            assert logs.say_left_out()
        await until_async(lambda: len(ships.texts) > ALLOWED, what="the notice")
        assert ships.texts[-1] == "5 lines left out: more than 1 a second"
        assert ships.lines[-1].seq == 2 * size
        ships.ack()
    with log.open("a") as file:
        file.write("another\n")
    async with agent(tmp_path, log) as (_, again):
        await until_async(lambda: again.texts, what="what comes")
        assert again.texts == ["another"]
