"""Samples: acked after the commit, kept once, shown, streamed, and read back as history."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import pytest

from chatops.protocol.limits import MAX_LABEL, MAX_SERIES, MAX_UNACKED
from chatops.protocol.messages import Metrics, Ping
from chatops.protocol.metrics import AgentCost, Disk, Process, Processes, Sample
from chatops.server.crud import metrics as crud
from chatops.server.db.transactions import in_session
from chatops.server.housekeeping import Housekeeping
from chatops.units import format_time
from tests.support.databases import failing
from tests.support.hub import TestHub, metrics_message, running_hub, sample
from tests.support.measuring import connected, send
from tests.support.waiting import until_async

THEN = time.time() // 3600 * 3600 - 7200
"""A whole hour, some time ago."""


async def test_no_sample_yet_says_so(hub: TestHub) -> None:
    await hub.server("web-1")
    answer = await hub.call("GET", "/metrics/web-1")
    assert (answer.status, answer.code) == (404, "no_sample")


async def test_the_latest_sample_is_shown_with_every_field(hub: TestHub) -> None:
    async with await connected(hub) as agent:
        await send(agent, [metrics_message(1, THEN + 0.25, cpu=33.0)])
    shown = await hub.ok("GET", "/metrics/web-1")
    assert shown["server"] == "web-1"
    assert shown["ts"] == format_time(THEN + 0.25)
    assert shown["cpu"]["percent"] == 33.0
    assert shown["cpu"]["iowait"] is None
    assert set(shown) >= {
        "cpu", "load", "memory", "swap", "disks", "disk_io", "network", "temperatures",
        "uptime_s", "process_count", "containers",
    }  # fmt: skip
    listed = (await hub.ok("GET", "/servers"))["items"][0]
    assert (listed["cpu_percent"], listed["memory_percent"], listed["disk_percent"]) == (33, 40, 70)


async def test_processes_are_shown_with_later_samples_too(hub: TestHub) -> None:
    now = time.time()
    full, plain = sample(), sample(cpu=2.0)
    full.processes = Processes(
        ts=1.0, by_cpu=[Process(pid=7, name="a\nb", cpu_percent=5.0, started_at=THEN)]
    )
    full.agent = AgentCost(rss=1, collectors={"cpu": 0.25})
    plain.agent = AgentCost(rss=2)
    async with await connected(hub) as agent:
        await send(
            agent,
            [
                Metrics(epoch="e", seq=1, ts=now - 10, data=full),
                Metrics(epoch="e", seq=2, ts=now, data=plain),
            ],
        )
    shown = await hub.ok("GET", "/metrics/web-1")
    assert shown["cpu"]["percent"] == 2.0
    assert shown["processes"]["ts"] == format_time(now - 10)
    assert shown["processes"]["by_memory"] == []
    assert shown["processes"]["by_cpu"] == [
        {"pid": 7, "ppid": None, "user": None, "name": "a\nb", "command": None,
         "cpu_percent": 5.0, "memory_percent": None, "rss": None, "started_at": format_time(THEN)}
    ]  # fmt: skip
    assert shown["agent"]["rss"] == 2
    assert shown["agent"]["collectors"] == {"cpu": 0.25}


async def test_offline_has_a_history(hub: TestHub) -> None:
    ask = "/metrics/web-1/history?metric=offline&metric=cpu&step=1s"
    async with await connected(hub) as agent:
        await send(agent, [metrics_message(1, time.time(), cpu=5.0)])
        online = (await hub.ok("GET", ask))["items"]
        assert {one["metric"] for one in online} == {"offline", "cpu"}
        assert {one["value"] for one in online} == {0.0, 5.0}
    await hub.wait_status("web-1", "offline")

    async def rises() -> bool:
        items = (await hub.ok("GET", ask))["items"]
        return max(one["max"] for one in items if one["metric"] == "offline") > 0

    await until_async(rises, what="the seconds since the agent left")


async def test_a_rename_shows_in_the_next_sample(hub: TestHub) -> None:
    async with await connected(hub) as agent, await hub.subscribe("metrics/web-1") as watcher:
        await watcher.expect("auth_success")
        await hub.ok("PATCH", "/servers/web-1", {"name": "web-2"})
        await send(agent, [metrics_message(1, time.time())])
        assert (await watcher.expect("metrics"))["data"]["server"] == "web-2"
    assert (await hub.ok("GET", "/metrics/web-2"))["server"] == "web-2"


async def test_a_sample_that_comes_twice_is_kept_once(hub: TestHub) -> None:
    async with await connected(hub) as agent:
        now = time.time()
        await send(agent, [metrics_message(1, now - 2), metrics_message(2, now - 1)])
        await send(agent, [metrics_message(1, now - 2), metrics_message(2, now - 1)])
        await send(agent, [metrics_message(1, now - 3, epoch="another")])
    rows = (await hub.ok("GET", "/metrics/web-1/history?metric=cpu"))["items"]
    assert len(rows) == 3


async def test_an_older_sample_is_history_but_not_the_latest(hub: TestHub) -> None:
    async with await connected(hub) as agent:
        now = time.time()
        await send(
            agent, [metrics_message(2, now, cpu=50.0), metrics_message(1, now - 60, cpu=1.0)]
        )
    assert (await hub.ok("GET", "/metrics/web-1"))["cpu"]["percent"] == 50.0
    rows = (await hub.ok("GET", "/metrics/web-1/history?metric=cpu"))["items"]
    assert [row["value"] for row in rows] == [1.0, 50.0]


async def test_history_by_steps_has_mean_min_max_and_no_row_for_a_gap(hub: TestHub) -> None:
    begin = THEN
    async with await connected(hub) as agent:
        points = [(0, 10.0), (20, 20.0), (40, 60.0), (180, 5.0)]
        await send(
            agent,
            (metrics_message(i, begin + at, cpu=cpu) for i, (at, cpu) in enumerate(points, 1)),
        )
    query = f"metric=cpu&since={format_time(begin - 300)}&step=1m"
    page = await hub.ok("GET", f"/metrics/web-1/history?{query}")
    assert [(r["ts"], r["value"], r["min"], r["max"]) for r in page["items"]] == [
        (format_time(begin), 30.0, 10.0, 60.0),
        (format_time(begin + 180), 5.0, 5.0, 5.0),
    ]
    assert (page["step"], page["gaps"]) == (60, [])


async def test_history_pages_give_every_row_once(hub: TestHub) -> None:
    async with await connected(hub) as agent:
        now = time.time()
        await send(agent, (metrics_message(i, now - 60 + i, cpu=float(i)) for i in range(1, 31)))
    values: list[float] = []
    cursor: str | None = ""
    while cursor is not None:
        path = f"/metrics/web-1/history?metric=cpu&metric=load1&limit=7&cursor={cursor}"
        page = await hub.ok("GET", path.removesuffix("&cursor="))
        values += [row["value"] for row in page["items"] if row["metric"] == "cpu"]
        cursor = page["next"]
    assert values == [float(i) for i in range(1, 31)]


async def test_wrong_questions_about_history_are_refused(hub: TestHub) -> None:
    await hub.server("web-1")
    for query in (
        "metric=nonsense", "metric=cpu:0", "metric=disk:", "since=yesterday", "step=-1s",
        "step=0", "limit=0", "cursor=x", "cursor=1", "cursor=1/0.5", "cursor=nan/0",
        "metric=cpu&what=1",
    ):  # fmt: skip
        answer = await hub.call("GET", f"/metrics/web-1/history?{query}")
        assert answer.status == 422, query
        assert answer.code == "invalid"


async def test_subscribers_get_the_latest_and_then_each_committed_sample(hub: TestHub) -> None:
    async with await connected(hub) as agent:
        await send(agent, [metrics_message(1, time.time(), cpu=1.0)])
        async with await hub.subscribe("metrics/web-1") as watcher:
            success = await watcher.expect("auth_success")
            assert success["user"] == "admin"
            assert (await watcher.expect("metrics"))["data"]["cpu"]["percent"] == 1.0
            await send(agent, [metrics_message(2, time.time(), cpu=2.0)])
            event = await watcher.expect("metrics")
            assert (event["data"]["server"], event["data"]["cpu"]["percent"]) == ("web-1", 2.0)


async def test_a_server_with_monstrous_samples_is_bounded(hub: TestHub) -> None:
    async with await connected(hub) as agent:
        disks = [Disk(mount=f"/{i}/" + "x" * 400) for i in range(MAX_SERIES + 50)]
        await send(
            agent, [Metrics(epoch="e", seq=1, ts=time.time(), data=Sample(disks=disks[:1500]))]
        )
        await send(agent, [metrics_message(2, time.time())])
    shown = await hub.ok("GET", "/metrics/web-1/history?metric=disk&limit=5")
    assert len(shown["items"]) == 1
    assert all(
        len(one["mount"]) <= MAX_LABEL for one in (await hub.ok("GET", "/metrics/web-1"))["disks"]
    )


async def test_what_was_acked_is_there_after_a_restart(tmp_path: Path) -> None:
    async with running_hub(tmp_path / "hub") as hub, await connected(hub) as agent:
        await send(agent, (metrics_message(i, time.time() - 30 + i) for i in range(1, 11)))
    async with running_hub(tmp_path / "hub") as hub:
        assert (await hub.ok("GET", "/metrics/web-1"))["cpu"]["percent"] == 12.5
        rows = (await hub.ok("GET", "/metrics/web-1/history?metric=cpu"))["items"]
        assert len(rows) == 10


async def test_a_clock_that_runs_ahead_does_not_hide_what_comes_after(hub: TestHub) -> None:
    key = (await hub.server("web-1"))["key"]["key"]
    async with await hub.agent(key) as agent:
        await agent.expect("auth_success")
        await agent.send(metrics_message(1, time.time() + 10 * 365 * 86_400, cpu=1.0))
        await agent.expect("metrics_ack")
        await agent.send(metrics_message(2, time.time(), cpu=2.0))
        await agent.expect("metrics_ack")
    assert (await hub.ok("GET", "/metrics/web-1"))["cpu"]["percent"] == 2.0
    rows = (await hub.ok("GET", "/metrics/web-1/history?metric=cpu"))["items"]
    values = [row[end] for row in rows for end in ("min", "max")]  # maybe of one millisecond
    assert (min(values), max(values)) == (1.0, 2.0)


async def test_one_agent_cannot_fill_the_queue_of_all(
    hub: TestHub, caplog: pytest.LogCaptureFixture
) -> None:
    one, other = [(await hub.server(name))["key"]["key"] for name in ("web-1", "web-2")]
    metrics = hub.services.metrics
    async with await hub.agent(one) as flood, await hub.agent(other) as calm:
        await flood.expect("auth_success")
        await calm.expect("auth_success")
        async with failing(hub.hub.databases.metrics):
            for seq in range(1, 3 * MAX_UNACKED):
                await flood.send(metrics_message(seq, time.time()))
            await calm.send(metrics_message(1, time.time()))
            await flood.send(Ping(id=1))
            await flood.expect("pong")
            await calm.send(Ping(id=1))
            await calm.expect("pong")
            (session,) = [s for s in hub.services.agents.sessions() if s.server_name == "web-1"]
            assert not metrics.submit(session, metrics_message(999, time.time()))
        await calm.expect("metrics_ack")
        acked = [(await flood.expect("metrics_ack"))["seq"] for _ in range(MAX_UNACKED)]
        assert acked == list(range(1, MAX_UNACKED + 1))
        await flood.send(metrics_message(999, time.time()))
        assert (await flood.expect("metrics_ack"))["seq"] == 999
    assert "no room for " in caplog.text


async def test_the_epoch_is_a_time_like_any_other(hub: TestHub) -> None:
    async with await connected(hub) as agent:
        await send(agent, [metrics_message(1, time.time())])
    path = "/metrics/web-1/history?metric=cpu&since=1969-01-01&until=1970-01-01T00:00:00Z"
    assert (await hub.ok("GET", path))["items"] == []


async def test_a_long_history_is_whole(hub: TestHub) -> None:
    server = (await hub.server("web-1"))["id"]
    seconds, begin = 60_000, THEN - 60_000
    blob = msgspec.json.encode(sample())
    async with hub.hub.databases.metrics.write() as session:
        rows: list[crud.NewSample] = [
            crud.NewSample(begin + seq, server, "e", seq, begin, None, blob)
            for seq in range(seconds)
        ]  # fmt: skip
        await in_session(session, lambda tx: crud.insert_many(tx, rows))
    await hub.services.metrics.load()
    path = f"/metrics/web-1/history?metric=cpu&since={format_time(begin)}&step=8h"
    page = await hub.ok("GET", path)
    steps = {(begin + second) // 28_800 for second in range(seconds)}
    assert (len(page["items"]), page["next"]) == (len(steps), None)
    page = await hub.ok("GET", path.replace("8h", "10s"))
    assert (len(page["items"]), page["next"]) == (seconds // 10, None)


async def test_a_removed_servers_rows_go_from_all_files(hub: TestHub) -> None:
    async with await connected(hub) as agent:
        await send(agent, [metrics_message(1, time.time())])
        await hub.call("DELETE", "/servers/web-1")
    await hub.hub.services.logs.flush()
    await Housekeeping(hub.services, hub.hub.fleet).once()
    for database, table in (
        (hub.hub.databases.metrics, "metrics"),
        (hub.hub.databases.logs, "log_entries"),
        (hub.hub.databases.chatops, "api_keys"),
    ):
        async with database.read() as session:
            connection = await session.connection()
            found = await connection.exec_driver_sql(f"SELECT count(*) FROM {table}")
            assert found.scalar_one() == 0, table
