"""Lines from agents to the hub's log: over real sockets, into a real file, through outages."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from chatops.agent import link, shipper
from chatops.agent.event_journal import EventJournal, Key, Note
from chatops.protocol.codec import encode
from chatops.protocol.limits import MAX_LOG_LINES, MAX_SERVER_LOGS
from chatops.protocol.messages import Log, Metrics
from chatops.protocol.metrics import Container, Sample
from chatops.protocol.parts import LogLine
from chatops.protocol.session.backoff import Backoff
from chatops.tasks import Tasks
from tests.integration.hub.test_docker import watched
from tests.support.agents import data_folder, local_agent
from tests.support.engine import RealEngine
from tests.support.hub import StubAgent, TestHub, metrics_message, running_hub
from tests.support.relay import relay
from tests.support.waiting import until_async


def log(*numbers: int, after: int = 0, epoch: str = "e", source: str = "container:app") -> Log:
    lines = [LogLine(ts=float(n), message=f"line {n}", seq=n) for n in numbers]
    return Log(source=source, entries=lines, epoch=epoch, after=after)


async def stored(hub: TestHub, server: str = "web-1", source: str = "container:app") -> list[str]:
    """What the hub has of a source, in order of time."""
    server_id = (await hub.ok("GET", f"/servers/{server}"))["id"]
    entries = await hub.services.logs.recent(server_id, server, 100_000)
    return [one.message for one in entries if one.source == source]


async def connected(hub: TestHub, name: str = "web-1", key: str = "") -> StubAgent:
    agent = await hub.agent(key or (await hub.server(name))["key"]["key"])
    await agent.expect("auth_success")
    return agent


async def test_lines_are_stored_acked_passed_on_and_counted(hub: TestHub) -> None:
    async with await connected(hub) as agent, await hub.subscribe("logs/web-1") as watcher:
        await watcher.expect("auth_success")
        await agent.send(log(1, 2))
        assert await agent.expect("log_ack") == {"type": "log_ack", "epoch": "e", "seq": 2}
        while (entry := (await watcher.expect("log"))["data"])["source"] == "hub":
            pass
        assert entry == {
            "server": "web-1", "ts": "1970-01-01T00:00:01.000Z", "level": "info",
            "source": "container:app", "message": "line 1",
        }  # fmt: skip
        for again in (log(1, 2), log(2, 3), log(9, after=8)):
            await agent.send(again)
        assert (await agent.expect("log_ack"))["seq"] in (2, 3)
        await until_async(lambda: hub.services.logs.shipping.counts["out_of_turn"])
        assert await stored(hub) == ["line 1", "line 2", "line 3"]
    figures = (await hub.call("GET", "/metrics", prefix="")).body
    assert b'chatops_log_lines_total{outcome="stored"} 3.0' in figures
    assert b'chatops_log_lines_total{outcome="duplicate"} 3.0' in figures


async def test_a_hub_that_dies_between_commit_and_ack_has_nothing_twice(tmp_path: Path) -> None:
    """Killed at that very moment; what another one finds in the folder is the same."""
    async with running_hub(tmp_path / "hub") as hub:
        key = (await hub.server("web-1"))["key"]["key"]
        shipping = hub.services.logs.shipping
        async with await connected(hub, key=key) as agent:
            (session,) = hub.services.agents._sessions.values()
            acks: list[Any] = []
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(type(session), "post", lambda _, message: acks.append(message))
                await agent.send(log(1, 2, 3))
                await until_async(lambda: acks)
        assert shipping.counts["stored"] == 3
    async with running_hub(tmp_path / "hub") as hub, await connected(hub, key=key) as agent:
        await agent.send(log(1, 2, 3, 4))
        assert (await agent.expect("log_ack"))["seq"] == 4
        assert await stored(hub) == ["line 1", "line 2", "line 3", "line 4"]


async def test_an_agent_that_lies_and_floods_delays_nobody(hub: TestHub) -> None:
    async with await connected(hub, "liar") as liar, await connected(hub, "web-1") as honest:
        stop = asyncio.Event()

        async def flood() -> None:
            number = 0
            while not stop.is_set():
                number += 1
                await liar.send(log(1, epoch=f"made up {number}", source=f"source {number}"))
                await liar.send(log(*range(1, MAX_LOG_LINES + 1), epoch="e", source="x" * 9999))
                huge = LogLine(ts=-1e300, level="\x1b[31m", message="\x00" * 100_000, seq=2**63 - 1)
                await liar.send(Log(source="", entries=[huge], epoch="huge", after=2**63 - 1))

        took = []
        async with Tasks() as tasks:
            flooding = tasks.spawn(flood(), name="flood")
            for number in range(1, 21):
                began = time.monotonic()
                await honest.send(metrics_message(number, time.time()))
                await honest.expect("metrics_ack")
                await honest.send(log(number, after=number - 1))
                await honest.expect("log_ack")
                took.append(time.monotonic() - began)
                assert hub.services.logs.shipping.size <= 2 * MAX_SERVER_LOGS
            stop.set()
            await flooding
        assert sorted(took)[10] < 2.0
        assert await stored(hub) == [f"line {n}" for n in range(1, 21)]
        too_many = encode(log(*range(MAX_LOG_LINES + 1)))
        await liar.socket.send(too_many)
        while (await liar.expect("error"))["code"] != "invalid_message":
            pass


async def test_a_thousand_events_of_an_outage_come_once_in_order(
    hub: TestHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of an agent that had no hub; the connection breaks again and again while it catches up."""
    monkeypatch.setattr(shipper, "MAX_LOG_LINES", 10)
    monkeypatch.setattr(link, "Backoff", lambda: Backoff(lambda: 0.0))
    made = await hub.server("web-1")
    folder = data_folder()
    folder.mkdir(parents=True, mode=0o700)
    journal = EventJournal(folder / "events")
    keys = [Key(n, "c", "start") for n in range(1000)]
    journal.add(
        [Note("container:app", LogLine(ts=float(n), message=f"event {n}"), keys[n])
         for n in range(1000)]
    )  # fmt: skip
    journal.close()
    counts = hub.services.logs.shipping.counts
    table = {"docker": {"host": f"unix://{folder}/no-engine"}}
    async with relay(int(hub.url.rpartition(":")[2])) as between:
        key = made["key"]["key"]
        async with local_agent(between.url, allow=("docker",), key=key, policy=table) as local:
            for part in range(1, 4):
                await until_async(lambda part=part: counts["stored"] >= 200 * part)  # type: ignore[misc]
                between.cut()
            news = local.agent._news
            assert news is not None
            await until_async(lambda: not len(news._journal), what="the last ack")
            assert counts["stored"] == 1000
    assert await stored(hub) == [f"event {n}" for n in range(1000)]


async def rule(hub: TestHub, **fields: Any) -> None:
    body = {"metric": "container.state:*", "op": "gt", "value": 0, "name": "down", **fields}
    await hub.ok("POST", "/alerts/thresholds", body)


async def states(hub: TestHub, name: str = "down") -> list[str]:
    found = (await hub.ok("GET", "/alerts"))["items"]
    return [one["state"] for one in found if one["threshold_name"] == name]


async def act(engine: RealEngine, action: str, name: str) -> None:
    with engine.client() as client:
        await asyncio.to_thread(getattr(client, action), name)


async def test_a_killed_container_is_logged_and_fires_until_it_runs_again(
    hub: TestHub, engine: RealEngine
) -> None:
    engine.run("app")
    await rule(hub, for_s=1)
    async with watched(hub, engine):
        await until_async(lambda: sampled(hub, 0.0))
        await act(engine, "kill", "app")

        async def firing() -> bool:
            return await states(hub) == ["firing"]

        await until_async(firing)
        await act(engine, "start", "app")

        async def resolved() -> bool:
            return await states(hub) == ["resolved"]

        await until_async(resolved)

        async def both() -> bool:
            return await stored(hub) == [
                "container app died with exit code 137 (SIGKILL)", "container app started"
            ]  # fmt: skip

        await until_async(both)


async def sampled(hub: TestHub, state: float) -> bool:
    answer = await hub.call("GET", "/metrics/web-1")
    found = answer.body["containers"] if answer.status == 200 else []
    return [float(one["state"] != "running") for one in found] == [state]


async def test_a_container_that_is_restarted_shows_it_in_a_sample_and_fires_at_once_only(
    hub: TestHub, engine: RealEngine
) -> None:
    """A rule without a time fires; one with a time sees one bad sample and then good ones."""
    engine.run("app")
    await rule(hub, for_s=0)
    async with watched(hub, engine):
        await until_async(lambda: sampled(hub, 0.0))
        await act(engine, "restart", "app")

        async def over() -> bool:
            return await states(hub) == ["resolved"]

        await until_async(over)


async def test_a_health_check_that_flaps_faster_than_for_fires_nothing(hub: TestHub) -> None:
    """Each bad sample begins a time that the next good one ends; without FOR each is an alert."""
    await rule(hub, for_s=30)
    await rule(hub, for_s=0, name="at-once")
    async with await connected(hub) as agent:
        await hub.services.alerting.look()

        async def measure(number: int, health: str) -> None:
            one = Container(id="c", name="app", state="running", health=health)
            sample = Sample(container_count=1, containers=[one])
            await agent.send(Metrics(epoch="e", seq=number, ts=time.time(), data=sample))
            await agent.expect("metrics_ack")

        for number in range(1, 7):
            await measure(number, "healthy" if number % 2 else "unhealthy")
        await hub.services.alerting.drain()
        assert "firing" not in await states(hub)
        assert sorted(await states(hub, "at-once")) == ["firing", "resolved", "resolved"]
