"""A real agent's spool that is too small for an outage of a real hub: what was lost is a gap, and
all else is there exactly once."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from chatops.agent.spool import Spool
from tests.support.agents import local_agent
from tests.support.hub import TestHub, running_hub
from tests.support.processes import Bench, bench
from tests.support.waiting import until_async

INTERVAL: Final = 0.1
SPOOL: Final = 40_000
"""Bytes: some twenty samples."""
LOST: Final = 5
"""Samples, at least."""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Bench]:
    with bench(tmp_path) as made:
        yield made


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Agents may measure this often, have so small a spool, and come back at once."""
    for name in ("CAP", "LONG_CAP"):
        monkeypatch.setattr(f"chatops.protocol.session.backoff.{name}", INTERVAL)
    monkeypatch.setattr("chatops.agent.settings.MIN_INTERVAL", INTERVAL)
    monkeypatch.setattr("chatops.agent.settings.LEAST_SPOOL", SPOOL)


async def is_stored(hub: TestHub, spool: Spool) -> bool:
    """Whether the hub has a sample, and all that was taken before."""
    there = (await hub.call("GET", "/metrics/web-1")).status == 200
    return there and len(spool) <= 1


def lost(spool: Spool) -> int:
    """How many samples the agent has to say are lost."""
    return sum(gap.last - gap.first + 1 for gap in spool._store.gaps.of(spool.epoch))


def numbers(folder: Path) -> list[int]:
    """Those of all samples that a hub has stored in its folder, in order."""
    with sqlite3.connect(folder / "metrics.db") as shell:
        rows = shell.execute("SELECT seq FROM metrics ORDER BY seq").fetchall()
    shell.close()
    return [seq for (seq,) in rows]


@pytest.mark.usefixtures("small")
async def test_what_an_outage_cost_is_a_gap_and_the_rest_is_there_once(
    place: Bench, unused_tcp_port: int
) -> None:
    folder, url = place.folder / "hub", f"http://127.0.0.1:{unused_tcp_port}"
    async with running_hub(folder, port=unused_tcp_port) as hub:
        key = (await hub.server("web-1"))["key"]["key"]
    async with local_agent(url, key=key, interval=INTERVAL, spool_size=SPOOL) as local:
        spool = local.agent.spool
        async with running_hub(folder, port=unused_tcp_port) as hub:
            await until_async(lambda: is_stored(hub, spool), what="samples")
        await until_async(lambda: lost(spool) >= LOST, what="what is lost")
        async with running_hub(folder, port=unused_tcp_port) as hub:
            await until_async(lambda: is_stored(hub, spool), what="the rest")
            page = await hub.ok("GET", "/metrics/web-1/history?metric=uptime")
            words = ["metrics", "history", "web-1", "uptime", "--hub", url, "--token", hub.admin]
            shown = await asyncio.to_thread(place.run, *words)
    (gap,) = page["gaps"]
    stored = numbers(folder)
    missing = sorted({*range(1, stored[-1] + 1)} - {*stored})
    assert len(stored) == len({*stored}), "a sample is there twice"
    assert missing == [*range(missing[0], missing[-1] + 1)], "they are lost in one go"
    assert (gap["samples"], gap["reason"]) == (len(missing), "full")
    times, values = zip(*((row["ts"], row["value"]) for row in page["items"]), strict=True)
    assert [*values] == sorted({*values}), "each once, in order"
    # The one at its beginning may be there: the hub stopped between its commit and the ack.
    assert sum(ts <= gap["since"] for ts in times) == missing[0] - 1
    assert not any(gap["since"] < ts < gap["until"] for ts in times)
    assert shown.code == 0
    said = rf"^gap: {len(missing)} samples from .+ are lost: the agent's spool was full$"
    assert re.search(said, shown.err, re.MULTILINE), shown.err
