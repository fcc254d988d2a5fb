"""Samples in trouble: removed servers, agents that come back soon, gaps, damage, odd numbers."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from chatops.protocol.messages import Metrics, MetricsGap
from chatops.protocol.metrics import Disk, Memory, Sample
from chatops.server.crud.metric_store import Series
from chatops.server.db.levels import LEVELS
from chatops.server.housekeeping import Housekeeping
from chatops.server.services.metrics import closer
from chatops.server.services.metrics.closer import SWEEP
from chatops.server.services.metrics.open_rows import CLOSE_AFTER
from chatops.units import format_time
from tests.integration.hub.test_history import (
    ENOUGH,
    HOUR,
    NOW,
    close_all,
    rows,
)
from tests.support.databases import failing
from tests.support.hub import TestHub, metrics_message, running_hub
from tests.support.measuring import connected, send
from tests.support.waiting import until_async

TABLES = (
    "metrics", "metric_series", "metric_chunks", "metric_levels", "metric_epochs", "metric_latest",
    "metric_closed", "metric_gaps",
)  # fmt: skip


def filled(folder: Path) -> list[str]:
    """The tables of ``metrics.db`` that hold anything."""
    with sqlite3.connect(folder / "metrics.db") as shell:
        return [
            table for table in TABLES
            if shell.execute(f"SELECT count(*) FROM {table}").fetchone() != (0,)
        ]  # fmt: skip


async def clean(hub: TestHub) -> None:
    await Housekeeping(hub.services, hub.hub.fleet).once()


async def waits(hub: TestHub, count: int = 1) -> None:
    """Until samples wait for the writer, which has failed with them once."""

    async def some() -> bool:
        return len(hub.services.metrics.ingest) == count

    await until_async(some, what="samples that wait")


def lost(first: int, last: int) -> MetricsGap:
    return MetricsGap(epoch="spool-1", first=first, last=last, since=NOW - 99, until=NOW - 92)


async def fill(hub: TestHub) -> None:
    """Give web-1 open samples, closed ones and a gap."""
    async with await connected(hub) as agent:
        await send(agent, (metrics_message(seq, NOW - 100 + seq) for seq in range(1, 20)))
        await close_all(hub)
        await send(agent, (metrics_message(seq, NOW - 100 + seq) for seq in range(20, 30)))
        await agent.send(lost(40, 50))
        await agent.expect("metrics_ack")


async def test_all_of_a_removed_server_goes(tmp_path: Path) -> None:
    async with running_hub(tmp_path / "hub") as hub:
        await fill(hub)
        assert filled(tmp_path / "hub") == list(TABLES)
        await hub.ok("DELETE", "/servers/web-1")
        await clean(hub)
        assert filled(tmp_path / "hub") == []


async def test_a_server_removed_just_before_the_hub_died_goes_later(tmp_path: Path) -> None:
    async with running_hub(tmp_path / "hub") as hub:
        await fill(hub)
        await hub.ok("DELETE", "/servers/web-1")
    async with running_hub(tmp_path / "hub") as hub:
        await clean(hub)
        assert filled(tmp_path / "hub") == []


async def test_what_waits_of_a_removed_server_goes(tmp_path: Path) -> None:
    async with running_hub(tmp_path / "hub") as hub:
        other = await connected(hub, "web-2")
        async with await connected(hub) as agent:
            async with failing(hub.hub.databases.metrics):
                await agent.send(metrics_message(1, time.time()))
                await agent.send(metrics_message(2, NOW - 300))
                await other.send(metrics_message(3, time.time()))
                await waits(hub, 3)
                await hub.ok("DELETE", "/servers/web-1")
            await clean(hub)
        assert (await other.expect("metrics_ack"))["seq"] == 3
        await other.close()
        assert len(hub.services.metrics._open) == 1


async def test_who_comes_back_gets_the_ack_of_what_waits(hub: TestHub) -> None:
    key = (await hub.server("web-1"))["key"]["key"]
    async with await hub.agent(key) as old, failing(hub.hub.databases.metrics):
        await old.expect("auth_success")
        await old.send(metrics_message(1, time.time()))
        await waits(hub)
        new = await hub.agent(key)
        await new.expect("auth_success")
        await new.send(metrics_message(1, time.time()))
        await new.send(metrics_message(2, time.time()))
        await waits(hub, 2)
    assert [(await new.expect("metrics_ack"))["seq"] for _ in range(2)] == [1, 2]
    await new.close()


async def test_a_gap_told_twice_while_it_waits_is_one(hub: TestHub) -> None:
    async with await connected(hub) as agent:
        async with failing(hub.hub.databases.metrics):
            await agent.send(metrics_message(3, NOW - 95))
            await agent.send(lost(1, 8))
            await agent.send(lost(1, 9))
            await waits(hub)
        acked = {(await agent.expect("metrics_ack"))["seq"] for _ in range(2)}
        assert acked == {3, 9}
    page = await hub.ok("GET", f"/metrics/web-1/history?metric=cpu&since={format_time(NOW - 200)}")
    assert [gap["samples"] for gap in page["gaps"]] == [8], "what waits is not lost"
    assert len(page["items"]) == 1


async def test_a_gap_without_measure_stops_nobody(hub: TestHub) -> None:
    async with await connected(hub) as hostile, await connected(hub, "web-2") as agent:
        await hostile.send(
            MetricsGap(epoch="e", first=0, last=2**63 - 1, since=-1e308, until=1e308, age=1e308)
        )
        await hostile.expect("metrics_ack")
        await send(agent, [metrics_message(1, time.time())])


async def test_a_damaged_row_of_a_level_stops_nobody(tmp_path: Path) -> None:
    async with running_hub(tmp_path / "hub") as hub, await connected(hub) as agent:
        await send(agent, (metrics_message(seq, NOW - 200 + seq) for seq in range(1, 20)))
        await close_all(hub)
        with sqlite3.connect(tmp_path / "hub" / "metrics.db") as shell:
            shell.execute("UPDATE metric_levels SET cells = '[[1,2'")
        shell.close()
        past = f"metric=cpu&since={format_time(NOW - 8 * HOUR)}&step=1m"
        assert await rows(hub, past) == []
        await send(agent, [metrics_message(30, NOW - 200 + 30)])
        await close_all(hub)
        assert len(await rows(hub, past)) == 1


async def test_names_that_find_room_while_others_are_made_lose_no_sample(
    hub: TestHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = closer.admitted, list[int]()

    def one_more(
        names: Sequence[str], known: Sequence[Series], now: float
    ) -> tuple[list[str], list[str]]:
        calls.append(len(known))
        new, refused = real(names, known, now)
        return new[:1], [*new[1:], *refused]

    monkeypatch.setattr(closer, "admitted", one_more)
    async with await connected(hub) as agent:
        await send(agent, [metrics_message(1, NOW - 60, cpu=5.0)])
    await close_all(hub)
    found = await rows(hub, f"metric=*&since={format_time(NOW - 100)}")
    assert {row["metric"] for row in found} >= {"cpu", "memory", "disk:/"}
    assert calls == list(range(len(calls)))


async def test_numbers_beyond_64_bits_altogether_are_read_back(tmp_path: Path) -> None:
    most, begin = 2**62 - 1, NOW // HOUR * HOUR - 8 * HOUR

    def huge(seq: int, ts: float) -> Metrics:
        disks = [Disk(mount="/a\0b", free=most)]
        data = Sample(memory=Memory(available=most), load=[1e308, -0.0], disks=disks)
        return Metrics(epoch="e", seq=seq, ts=ts, data=data)

    times = [
        begin + 60 * minute + n for minute, count in enumerate((1, 2, 4, 6)) for n in range(count)
    ]
    async with running_hub(tmp_path / "hub") as hub, await connected(hub) as agent:
        await send(agent, (huge(seq, ts) for seq, ts in enumerate(times, 1)))
        await close_all(hub)
        found = await rows(hub, f"metric=*&since={format_time(begin)}&step=1m")
    assert {row["metric"] for row in found} == {
        "memory.available", "load5", "disk.free", "disk.free:/a\0b"
    }  # fmt: skip
    assert all(row["value"] == float(most) for row in found if row["metric"] != "load5")
    with sqlite3.connect(tmp_path / "hub" / "metrics.db") as shell:
        for level in LEVELS:
            values = shell.execute(
                f"SELECT mean, min, max FROM {level.name} WHERE metric = 'memory.available'"
            ).fetchall()
            assert values
            assert all(value == float(most) for row in values for value in row)


@pytest.mark.parametrize("step", ["1.1s", "7.3s", "59.9s", "1500ms"])
async def test_odd_steps_come_to_an_end(hub: TestHub, step: str) -> None:
    begin = NOW - 2 * HOUR
    async with await connected(hub) as agent:
        await send(agent, (metrics_message(seq, begin + 31.7 * seq) for seq in range(1, 200)))
    found = await rows(hub, f"metric=cpu&since={format_time(begin)}&step={step}&limit=50")
    starts = [row["ts"] for row in found]
    assert starts == sorted(set(starts))
    page = await hub.ok("GET", f"/metrics/web-1/history?metric=cpu&step={step}")
    assert page["step"] == {"1.1s": 2, "7.3s": 8, "59.9s": 60, "1500ms": 2}[step]


async def test_old_samples_are_closed_however_busy_the_others_are(hub: TestHub) -> None:
    async with await connected(hub, "quiet") as agent:
        await send(agent, [metrics_message(1, time.time())])
    metrics = hub.services.metrics
    (quiet,) = metrics._open._rows.values()
    quiet.since -= CLOSE_AFTER
    metrics.closer._swept -= SWEEP
    async with await connected(hub, "busy") as agent:
        await send(agent, (metrics_message(seq, time.time()) for seq in range(1, ENOUGH + 1)))

    async def closed() -> bool:
        return quiet not in metrics._open._rows.values()

    await until_async(closed, what="the quiet server's sample closed")
