"""/ws/metrics: some values of many servers over one socket, as far as the caller may see them."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from chatops.clock import FakeClock
from chatops.errors import Busy
from chatops.protocol.messages import Metrics
from chatops.protocol.metrics import Cpu, Network, Sample
from chatops.protocol.target import Target
from chatops.server.services.access import Principal
from chatops.server.ws import looking
from tests.support.hub import StubAgent, TestHub, metrics_message, running_hub
from tests.support.waiting import until_async

METRICS = ["cpu", "memory", "net.rx"]


@asynccontextmanager
async def watching(
    hub: TestHub,
    target: str = "all",
    metrics: list[str] = METRICS,
    token: str | None = "admin",
    **more: bool,
) -> AsyncIterator[StubAgent]:
    async with await hub.subscribe("metrics", token) as watcher:
        await watcher.expect("auth_success")
        await watcher.send_json({"type": "watch", "target": target, "metrics": metrics, **more})
        yield watcher


@asynccontextmanager
async def agent_of(hub: TestHub, name: str, **fields: Any) -> AsyncIterator[StubAgent]:
    made = await hub.server(name, **fields)
    async with await hub.agent(made["key"]["key"]) as agent:
        await agent.expect("auth_success")
        yield agent


async def follows(hub: TestHub, *names: str) -> None:
    """Until the only watcher follows just these servers."""
    ids = {(await hub.ok("GET", f"/servers/{name}"))["id"] for name in names}
    fleets = hub.services.subscribers.fleets
    await until_async(
        lambda: {s for one in fleets._all for s in one.server_ids} == ids, what=f"{names} watched"
    )


async def test_values_of_all_servers_come_over_one_socket(hub: TestHub) -> None:
    async with agent_of(hub, "web-1") as web, agent_of(hub, "db-1") as db, watching(hub) as watcher:
        await follows(hub, "web-1", "db-1")
        await web.send(metrics_message(1, time.time(), cpu=11.0))
        first = (await watcher.expect("values"))["data"]
        data = Sample(cpu=Cpu(percent=3.0), network=[Network("lo", 9.0), Network("eth0", 5.0)])
        await db.send(Metrics(epoch="e", seq=1, ts=time.time(), data=data))
        second = (await watcher.expect("values"))["data"]
    assert (first["server"], first["values"]) == ("web-1", {"cpu": 11.0, "memory": 40.0})
    assert (second["server"], second["values"]) == ("db-1", {"cpu": 3.0, "net.rx": 5.0})


async def test_alerts_come_to_those_who_asked_for_them_and_may_see_the_server(hub: TestHub) -> None:
    rule = {"metric": "cpu", "op": "gt", "value": 90, "for_s": 0, "name": "hot"}
    await hub.ok("POST", "/alerts/thresholds", rule)
    ann = await hub.user("ann", "viewer")
    async with agent_of(hub, "web-1") as web, agent_of(hub, "secret") as secret:
        await hub.services.alerting.look()
        await hub.ok("PUT", "/servers/web-1/shares", {"user": "ann", "role": "viewer"})
        async with watching(hub, token=ann, alerts=True) as watcher:
            await follows(hub, "web-1")
            async with watching(hub, "web-1") as other:
                for agent in (secret, web):
                    await agent.send(metrics_message(1, time.time(), cpu=99.0))
                    await agent.expect("metrics_ack")
                alert = (await watcher.expect("alert"))["data"]
                assert (alert["server"], alert["state"], alert["value"]) == (
                    "web-1",
                    "firing",
                    99.0,
                )
                await hub.ok("POST", f"/alerts/{alert['id']}/ack", {})
                assert (await watcher.expect("alert"))["data"]["acked_by"] == "admin"
                await hub.ok("DELETE", "/servers/web-1/shares/ann")
                await hub.ok("POST", f"/alerts/{alert['id']}/resolve")
                for one in (watcher, other):
                    await one.send_json({"type": "ping", "id": 1})
                frames = [await watcher.next(), *[await other.next() for _ in range(2)]]
    assert [frame["type"] for frame in frames] == ["pong", "values", "pong"]


async def test_who_comes_and_goes_is_watched_by_the_target(
    hub: TestHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "FLEET_LOOK", 0.05)
    async with agent_of(hub, "web-1", tags={"env": "prod"}), watching(hub, "tag:env=prod"):
        await follows(hub, "web-1")
        async with agent_of(hub, "db-1", tags={"env": "prod"}):
            await follows(hub, "web-1", "db-1")
            await hub.ok("PATCH", "/servers/web-1", {"tags": {"env": "test"}})
            await follows(hub, "db-1")
            await hub.ok("DELETE", "/servers/db-1")
            await follows(hub)


async def test_nobody_watches_what_is_not_for_him(hub: TestHub) -> None:
    """A share that is taken away ends the watching of that server at once, and of no other."""
    ann = await hub.user("ann", "viewer")
    for name in ("web-1", "web-2", "secret"):
        await hub.server(name)
    for name in ("web-1", "web-2"):
        await hub.ok("PUT", f"/servers/{name}/shares", {"user": "ann", "role": "viewer"})
    async with watching(hub, token=ann) as watcher:
        await follows(hub, "web-1", "web-2")
        await hub.ok("DELETE", "/servers/web-1/shares/ann")
        await follows(hub, "web-2")
        await hub.ok("PATCH", "/users/ann", {"disabled": True})
        code, frames = await watcher.closed()
        assert (code, frames[-1]["code"]) == (4014, "not_signed_in")
    await until_async(lambda: len(hub.services.subscribers) == 0, what="the watcher's end")


@pytest.mark.parametrize(
    ("target", "metrics"),
    [("all", ["nonsense"]), ("all", []), ("all", ["cpu"] * 21), ("", ["cpu"])],
)
async def test_a_watch_for_what_there_is_not_is_refused(
    hub: TestHub, target: str, metrics: list[str]
) -> None:
    async with watching(hub, target, metrics) as watcher:
        assert (await watcher.expect("error"))["code"] == "invalid"
        await watcher.send_json({"type": "ping", "id": 1})
        assert (await watcher.expect("pong"))["id"] == 1


async def test_a_fleets_watcher_ends_with_its_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "FLEET_LOOK", 0.05)
    clock = FakeClock(time.time() - 7200)
    async with running_hub(tmp_path / "hub", clock=clock) as hub, watching(hub) as watcher:
        clock.advance(1900)
        code, frames = await watcher.closed()
        assert (code, frames[-1]["code"]) == (4014, "not_signed_in")


async def test_a_busy_hub_looks_again(hub: TestHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "FLEET_LOOK", 0.05)
    await hub.server("web-1")
    look, failures = hub.services.metrics.watched, [Busy("no reader was free")]

    async def busy(principal: Principal, target: Target) -> frozenset[str]:
        if failures:
            raise failures.pop()
        return await look(principal, target)

    monkeypatch.setattr(hub.services.metrics, "watched", busy)
    async with watching(hub):
        await follows(hub, "web-1")
    assert not failures


async def test_who_is_not_looked_after_watches_no_longer(
    hub: TestHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(principal: Principal, target: Target) -> frozenset[str]:
        raise ZeroDivisionError

    monkeypatch.setattr(hub.services.metrics, "watched", broken)
    async with watching(hub) as watcher:
        _, frames = await watcher.closed()
        assert frames[-1]["code"] == "internal"


async def test_a_socket_says_what_time_it_is_at_the_hub(tmp_path: Path) -> None:
    async with running_hub(tmp_path / "hub", clock=FakeClock(0.0)) as hub:
        await hub.server("web-1")
        for path in ("metrics", "metrics/web-1"):
            async with await hub.subscribe(path) as watcher:
                greeting = await watcher.next()
                assert greeting.get("time", greeting.get("code")) == "1970-01-01T00:00:00.000Z"
