"""History: whatever is closed when, in whatever order it comes, each sample counts once."""

from __future__ import annotations

import math
import random
import sqlite3
import time
from collections import defaultdict
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from chatops.protocol.limits import MAX_SERVER_SERIES
from chatops.protocol.messages import Metrics, MetricsGap
from chatops.protocol.metrics import Cpu, Disk, Sample
from chatops.server.db.levels import LEVELS
from chatops.server.services.metrics.open_rows import CLOSE_AT, SPREAD
from chatops.units import format_time, parse_time
from tests.support.databases import failing
from tests.support.hub import TestHub, metrics_message, running_hub
from tests.support.measuring import connected, send
from tests.support.waiting import until_async

HOUR = 3600.0
NOW = time.time()
ENOUGH = CLOSE_AT + SPREAD


async def close_all(hub: TestHub) -> None:
    """Close every open sample of every server."""
    metrics = hub.services.metrics
    for server_id in [s["id"] for s in (await hub.ok("GET", "/servers"))["items"]]:
        if ids := metrics._open.of(server_id):
            await metrics.closer.close(server_id, ids)
    assert len(metrics._open) == 0


async def rows(hub: TestHub, query: str, server: str = "web-1") -> list[dict[str, Any]]:
    """All rows of a history, page by page."""
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        more = f"&cursor={cursor}" if cursor else ""
        page = await hub.ok("GET", f"/metrics/{server}/history?{query}{more}")
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            return found


def expected(points: dict[int, tuple[float, float]], step: float) -> list[tuple[str, Any]]:
    """What a history of (time, cpu) by number has to be."""
    steps: dict[float, list[float]] = defaultdict(list)
    for ts, cpu in points.values():
        steps[ts // step * step].append(cpu)
    return [
        (format_time(start), (pytest.approx(sum(v) / len(v)), min(v), max(v)))
        for start, v in sorted(steps.items())
    ]


def shown(found: list[dict[str, Any]]) -> list[tuple[str, Any]]:
    return [(row["ts"], (row["value"], row["min"], row["max"])) for row in found]


@pytest.mark.parametrize("seed", range(3))
async def test_every_level_is_what_the_samples_say(tmp_path: Path, seed: int) -> None:
    random_ = random.Random(seed)
    begin = math.floor(NOW - 20 * HOUR)
    times = random_.sample(range(18 * 3600), 600)
    points = {
        seq: (begin + at + 0.5, random_.randrange(0, 10_000) / 100)
        for seq, at in enumerate(times, 1)
    }
    order = random_.sample(sorted(points), len(points))
    async with running_hub(tmp_path / "hub") as hub, await connected(hub) as agent:
        for place in range(0, len(order), 200):
            part = order[place : place + 200]
            await send(agent, (metrics_message(s, points[s][0], cpu=points[s][1]) for s in part))
            if random_.random() < 0.7:
                await close_all(hub)
    async with running_hub(tmp_path / "hub") as hub:
        since = f"metric=cpu&since={format_time(begin)}&limit=97"
        for step in (1, 7, *(level.step for level in LEVELS), 1800, 7200):
            found = await rows(hub, f"{since}&step={step}s")
            assert shown(found) == expected(points, step), step
        raw = await rows(hub, since)
        assert [row["value"] for row in raw] == [cpu for _, cpu in sorted(points.values())]


async def test_an_agent_that_sends_is_closed_by_itself(hub: TestHub) -> None:
    now = time.time()
    async with await connected(hub) as agent:
        await send(agent, (metrics_message(s, now - 1000 + s) for s in range(1, ENOUGH + 1)))
        await send(agent, (metrics_message(s, now - 1000 + s) for s in range(1, ENOUGH + 1)))

    async def closed() -> bool:
        return len(hub.services.metrics._open) < ENOUGH

    await until_async(closed, what="samples closed")
    found = await rows(hub, f"metric=cpu&since={format_time(now - 2000)}&step=1s")
    assert len(found) == ENOUGH


async def test_known_samples_are_known_after_a_restart(tmp_path: Path) -> None:
    messages = [metrics_message(s, NOW - 600 + s, cpu=float(s % 7)) for s in range(1, 41)]
    async with running_hub(tmp_path / "hub") as hub, await connected(hub) as agent:
        await send(agent, messages[:20])
        await close_all(hub)
        await send(agent, messages[20:])
    async with running_hub(tmp_path / "hub") as hub:
        key = (await hub.ok("POST", "/api-keys", {"server": "web-1", "name": "new"}))["key"]
        async with await hub.agent(key) as agent:
            await send(agent, messages)
        found = await rows(hub, f"metric=cpu&since={format_time(NOW - 700)}")
        assert [row["value"] for row in found] == [float(s % 7) for s in range(1, 41)]


async def test_closed_samples_count_once_until_they_are_cleared_away_and_after(
    tmp_path: Path,
) -> None:
    def stored() -> int:
        with sqlite3.connect(tmp_path / "hub" / "metrics.db") as shell:
            (count,) = shell.execute("SELECT count(*) FROM metrics").fetchone()
        return int(count)

    async def check(hub: TestHub) -> None:
        found = await rows(hub, f"metric=cpu&since={format_time(NOW - 700)}")
        assert [row["value"] for row in found] == [float(s) for s in range(1, 41)]

    messages = [metrics_message(s, NOW - 600 + s, cpu=float(s)) for s in range(1, 41)]
    async with running_hub(tmp_path / "hub") as hub, await connected(hub) as agent:
        await send(agent, messages[:20])
        with patch.object(hub.services.metrics._open, "front", return_value=0):
            await close_all(hub)
            await send(agent, messages[20:])
            await check(hub)
            assert stored() == 40
    async with running_hub(tmp_path / "hub") as hub:
        await check(hub)
        await hub.services.metrics.clearing.once()
        assert stored() == 20
        await check(hub)


async def test_a_failed_closing_changes_nothing_and_is_made_up_for(hub: TestHub) -> None:
    messages = [metrics_message(s, NOW - 600 + s) for s in range(1, ENOUGH + 1)]
    async with await connected(hub) as agent:
        await send(agent, messages[:60])
        server_id = (await hub.ok("GET", "/servers/web-1"))["id"]
        metrics = hub.services.metrics
        ids = metrics._open.of(server_id)
        async with failing(hub.hub.databases.metrics):
            with pytest.raises(Exception, match=r"metrics\.db"):
                await metrics.closer.close(server_id, ids)
        assert metrics._open.of(server_id) == ids
        await close_all(hub)
        await send(agent, messages[60:])
    assert len(await rows(hub, f"metric=cpu&since={format_time(NOW - 700)}")) == ENOUGH


async def test_what_an_agent_lost_is_a_gap(hub: TestHub) -> None:
    async with await connected(hub) as agent:
        await send(agent, [metrics_message(s, NOW - 100 + s) for s in (1, 2, 9)])
        lost = MetricsGap(
            epoch="spool-1", first=1, last=8, since=NOW - 99, until=NOW - 92, reason="full"
        )
        for _ in range(2):  # told again, it is no second gap
            await agent.send(lost)
            assert (await agent.expect("metrics_ack"))["seq"] == 8
        await send(agent, [metrics_message(5, NOW - 95)])  # it said that this one is lost
    page = await hub.ok("GET", f"/metrics/web-1/history?metric=cpu&since={format_time(NOW - 200)}")
    assert len(page["items"]) == 3
    assert page["gaps"] == [
        {"server": "web-1", "since": format_time(NOW - 99), "until": format_time(NOW - 92),
         "samples": 6, "reason": "full"}
    ]  # fmt: skip
    await hub.hub.services.logs.flush()
    server = await hub.ok("GET", "/servers/web-1")
    said = await hub.services.logs.recent(server["id"], "web-1", 10)
    assert any("6 samples from" in entry.message for entry in said)


async def test_a_wrong_clock_is_put_right_and_told(hub: TestHub) -> None:
    key = (await hub.server("web-1"))["key"]["key"]
    ahead = 1234.5
    async with await hub.agent(key, time=time.time() + ahead) as agent:
        welcome = await agent.expect("auth_success")
        assert abs(welcome["time"] - time.time()) < 30
        for seq, age in ((1, 90.0), (2, 0.5)):
            message = metrics_message(seq, time.time() + ahead - age, cpu=float(seq))
            message.age = age
            await send(agent, [message])
    found = await rows(hub, f"metric=cpu&metric=clock.skew&since={format_time(time.time() - 200)}")
    ages = [time.time() - parse_time(r["ts"]) for r in found if r["metric"] == "cpu"]
    assert 90 <= ages[0] < 120
    assert 0.5 <= ages[1] < 30
    skews = [row["value"] for row in found if row["metric"] == "clock.skew"]
    assert skews == [pytest.approx(ahead, abs=5)] * 2
    assert (await hub.ok("GET", "/metrics/web-1"))["clock_skew"] == pytest.approx(ahead, abs=5)
    server = await hub.ok("GET", "/servers/web-1")
    assert server["clock_skew_s"] == pytest.approx(ahead, abs=5)
    await hub.hub.services.logs.flush()
    said = [entry.message for entry in await hub.services.logs.recent(server["id"], "web-1", 10)]
    assert any("the host's clock is" in text and "ahead" in text for text in said)


async def test_what_was_long_on_its_way_keeps_its_time(hub: TestHub) -> None:
    """Frames that lay in the buffers of a link that stood still, or of a hub that did."""
    async with await connected(hub) as agent:
        began = time.time() - 50
        for seq, since in ((1, 50), (2, 20), (3, 40)):
            message = metrics_message(seq, began + since, cpu=float(seq))
            message.age, message.sent = 0.001, 7000.0 + since
            await send(agent, [message])
    found = await rows(hub, f"metric=cpu&metric=clock.skew&since={format_time(began)}")
    seconds = [parse_time(row["ts"]) - began for row in found if row["metric"] == "cpu"]
    assert seconds == pytest.approx([20, 40, 50], abs=0.01)
    skews = [row["value"] for row in found if row["metric"] == "clock.skew"]
    assert skews == pytest.approx([0, 0, 0], abs=2)


@pytest.mark.parametrize("ts", [0.0, 1.0, 4_070_908_800.0, -5.0, 1e300, -1e300])
async def test_times_from_nowhere_do_no_harm(hub: TestHub, ts: float) -> None:
    async with await connected(hub) as agent:
        await send(agent, [metrics_message(1, ts), metrics_message(2, time.time())])
    await close_all(hub)
    found = await rows(hub, "metric=cpu&since=1970-01-01&step=1h")
    assert len(found) == 1, "one that is too old is left out, one ahead is from now"


async def test_many_names_are_bounded_and_it_is_said(hub: TestHub) -> None:
    def mounts(seq: int, first: int) -> Metrics:
        disks = [Disk(mount=f"/m{n}\n\x1b[31m", percent=5.0) for n in range(first, first + 700)]
        data = Sample(cpu=Cpu(percent=1.0), disks=disks)
        return Metrics(epoch="e", seq=seq, ts=time.time(), data=data)

    async with await connected(hub) as agent:
        for seq in (1, 2):
            await send(agent, [mounts(seq, seq * 1000)])
            await close_all(hub)
        await send(agent, [metrics_message(3, time.time(), cpu=77.0)])
        await close_all(hub)
    every = await hub.ok("GET", "/metrics/web-1/history?metric=*&step=1h&limit=50000")
    names = {row["metric"] for row in every["items"]}
    assert len(names) == MAX_SERVER_SERIES
    cpu = await rows(hub, "metric=cpu")
    assert max(row["max"] for row in cpu) == 77.0, "what was there before goes on"
    await hub.hub.services.logs.flush()
    server = await hub.ok("GET", "/servers/web-1")
    said = [entry.message for entry in await hub.services.logs.recent(server["id"], "web-1", 10)]
    assert any("no room for" in text for text in said)
    assert not any("\x1b" in text for text in said)


async def test_several_servers_in_one_answer(hub: TestHub) -> None:
    for name, cpu in (("web-1", 1.0), ("web-2", 2.0), ("db-1", 3.0)):
        async with await connected(hub, name) as agent:
            await send(agent, [metrics_message(s, NOW - 100 + s, cpu=cpu) for s in range(1, 11)])
    path = f"/metrics/history?target=web-*&metric=cpu&since={format_time(NOW - 200)}"
    whole = await hub.ok("GET", path)
    assert [(row["server"], row["value"]) for row in whole["items"]] == [
        ("web-1", 1.0), ("web-2", 2.0)
    ] * 10  # fmt: skip
    found, cursor = [], ""
    while cursor is not None:
        page = await hub.ok("GET", f"{path}&limit=3" + (f"&cursor={cursor}" if cursor else ""))
        found += page["items"]
        cursor = page["next"]
    assert found == whole["items"]
    assert (await hub.call("GET", "/metrics/history?target=nobody-*")).status == 404
    assert (await hub.call("GET", "/metrics/history")).status == 422


async def test_the_views_say_the_same_in_a_plain_shell(tmp_path: Path) -> None:
    async with running_hub(tmp_path / "hub") as hub, await connected(hub) as agent:
        points = [(1, 10.0), (2, 20.0), (3, 60.0)]
        await send(agent, [metrics_message(s, NOW - 7200 + s, cpu=cpu) for s, cpu in points])
        await close_all(hub)
        await send(agent, [metrics_message(4, NOW - 60, cpu=5.0)])
        wanted = await rows(hub, f"metric=cpu&since={format_time(NOW - 9000)}&until="
                                 f"{format_time(NOW - 100)}&step=1m")  # fmt: skip
    with sqlite3.connect(tmp_path / "hub" / "metrics.db") as shell:
        cpu = "WHERE metric = 'cpu' AND unit = '%' ORDER BY ts"
        minutes = shell.execute(f"SELECT ts, mean, min, max, n FROM minutes {cpu}").fetchall()
        assert [row[:4] for row in minutes] == [
            (row["ts"], row["value"], row["min"], row["max"]) for row in wanted
        ]
        assert sum(row[4] for row in minutes) == 3
        for name in ("ten_minutes", "hours"):
            assert shell.execute(f"SELECT sum(n) FROM {name} {cpu}").fetchall() == [(3,)]
        raw = shell.execute("SELECT metric, value FROM raw WHERE metric LIKE 'disk%'").fetchall()
        assert ("disk:/", 70.0) in raw
        assert shell.execute(f"SELECT value FROM raw {cpu}").fetchall() == [(5.0,)]


async def test_what_is_too_old_goes_level_by_level(tmp_path: Path) -> None:
    async with (
        running_hub(
            tmp_path / "hub", raw_retention=HOUR, minutes_retention=3 * HOUR,
            ten_minutes_retention=12 * HOUR,
        ) as hub,
        await connected(hub) as agent,
    ):  # fmt: skip
        ages = [30 * HOUR, 20 * HOUR, 6 * HOUR, 2 * HOUR, 60.0]
        await send(agent, [metrics_message(n, NOW - age) for n, age in enumerate(ages, 1)])
        await close_all(hub)
        metrics = hub.services.metrics
        while await metrics.retention.too_old(metrics.kept, time.time(), 500) == 500:
            pass
        with sqlite3.connect(tmp_path / "hub" / "metrics.db") as shell:
            (chunks,) = shell.execute("SELECT sum(samples) FROM metric_chunks").fetchone()
            counts = [
                shell.execute(f"SELECT sum(n) FROM {level.name} WHERE metric = 'cpu'").fetchone()[0]
                for level in LEVELS
            ]
        # rows of a level go when all of them is too old: an hour, a day, a week at once
        assert chunks == 1
        assert counts[0] <= 3
        assert counts[2] == 5
        assert counts[0] <= counts[1] <= counts[2]
        found = await rows(hub, f"metric=cpu&since={format_time(NOW - 40 * HOUR)}&step=1m")
        assert len(found) == 5, "an hour's mean is better than nothing"


async def test_all_pages_have_the_step_of_the_first(hub: TestHub) -> None:
    begin = NOW // HOUR * HOUR - 30 * HOUR  # of which minutes are kept, and raw samples not
    async with await connected(hub) as agent:
        times = (begin + 60 * n for n in range(0, 30 * 60, 10))
        await send(agent, (metrics_message(seq, ts) for seq, ts in enumerate(times, 1)))
    path = f"/metrics/web-1/history?metric=cpu&since={format_time(begin)}&limit=50"
    steps, starts, cursor = [], [], ""
    while cursor is not None:
        page = await hub.ok("GET", path + (f"&cursor={cursor}" if cursor else ""))
        steps.append(page["step"])
        starts += [row["ts"] for row in page["items"]]
        cursor = page["next"]
    assert steps == [60.0] * 4
    assert starts == [format_time(begin + 600 * n) for n in range(180)]
