"""Requests for the list of processes: each of them is answered."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from chatops.agent.collectors.processes import Look, ProcessCollector
from chatops.agent.process_list import WAITING, ProcessList
from chatops.protocol.limits import MAX_AGENT_FRAME
from chatops.protocol.messages import ProcessesRequest, ProcessSort
from chatops.protocol.metrics import Process


class Fixed(ProcessCollector):
    """One that finds what it was given."""

    def __init__(self, found: list[Process]) -> None:
        super().__init__()
        self._found = found

    def largest(self, sort: ProcessSort, limit: int) -> tuple[Look, list[Process]]:
        return Look(0.0, 0.0, [], {}), self._found


async def answer(collector: ProcessCollector) -> dict[str, Any]:
    """What a list answers that is asked once."""
    listing, awake = ProcessList(collector), asyncio.Event()
    listing.connected(awake.set)
    assert listing.ask(ProcessesRequest(id="1")) is None
    await asyncio.wait_for(awake.wait(), 10)
    frame = listing.next_frame()
    assert frame is not None
    assert listing.next_frame() is None
    await listing.close()
    found: dict[str, Any] = json.loads(frame)
    assert found["id"] == "1"
    assert len(frame.encode()) <= MAX_AGENT_FRAME
    return found


async def test_what_cannot_be_written_is_an_answer_too() -> None:
    found = await answer(Fixed([Process(1, name="\udce9")]))
    assert "UnicodeEncodeError" in found["error"]


async def test_a_proc_that_is_not_there_is_an_answer_too(tmp_path: Path) -> None:
    found = await answer(ProcessCollector(proc=str(tmp_path / "none")))
    assert found["error"] == "No such file or directory"


async def test_of_too_many_the_first_are_sent() -> None:
    found = await answer(Fixed([Process(pid, command="c" * 1000) for pid in range(3000)]))
    pids = [one["pid"] for one in found["processes"]]
    assert pids == list(range(len(pids)))
    assert 500 < len(pids) < 3000


async def test_no_more_than_a_few_wait() -> None:
    listing = ProcessList(Fixed([]))
    listing.connected(lambda: None)
    refused = [listing.ask(ProcessesRequest(id=str(at))) for at in range(WAITING + 1)]
    assert refused[:-1] == [None] * WAITING
    assert refused[-1] is not None
    await listing.close()
