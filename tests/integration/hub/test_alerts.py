"""Alerts in a real hub: from a sample to what people see, and back; storms, silences, restarts."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update
from sqlmodel import col

from chatops.clock import FakeClock
from chatops.protocol.features import PROCESSES
from chatops.protocol.messages import (
    Metrics,
    ProcessesResponse,
    SnapshotResponse,
)
from chatops.protocol.metrics import Process, Processes
from chatops.protocol.parts import Largest, MountUse
from chatops.server.db.models import Alert, AlertThreshold, Server
from chatops.server.db.transactions import Transaction
from chatops.server.services.alerting import machine
from chatops.server.services.alerting.outages import GRACE
from chatops.server.services.alerting.outbox import AlertChange
from tests.support.databases import failing
from tests.support.hub import StubAgent, TestHub, metrics_message, running_hub, sample
from tests.support.waiting import until_async

numbers = count(1)


class Notes:
    """An outbox that remembers."""

    def __init__(self) -> None:
        self.changes: list[AlertChange] = []
        self.woken = 0

    def note(self, tx: Transaction, changes: Sequence[AlertChange]) -> None:
        self.changes += changes

    def wake(self) -> None:
        self.woken += 1

    def told(self) -> list[tuple[str, str | None]]:
        return [(one.event, one.alert.server) for one in self.changes]


async def connected(hub: TestHub, name: str = "web-1", **fields: Any) -> StubAgent:
    key = (await hub.server(name, **fields))["key"]["key"]
    agent = await hub.agent(key)
    await agent.expect("auth_success")
    await hub.services.alerting.look()
    return agent


async def measured(agent: StubAgent, cpu: float, *, ts: float | None = None) -> None:
    """A sample of the agent's, acked: it was judged then."""
    at = time.time() if ts is None else ts
    await agent.send(metrics_message(next(numbers), at, cpu=cpu))
    await agent.expect("metrics_ack")


async def hot(hub: TestHub, **fields: Any) -> Any:
    """The rule cpu > 90, at once."""
    body = {"metric": "cpu", "op": "gt", "value": 90, "for_s": 0, "name": "hot", **fields}
    return await hub.ok("POST", "/alerts/thresholds", body)


async def alerts(hub: TestHub, query: str = "", **options: Any) -> list[dict[str, Any]]:
    await hub.services.alerting.drain()
    found: list[dict[str, Any]] = (await hub.ok("GET", f"/alerts?{query}", **options))["items"]
    return found


async def test_from_a_sample_to_everybody_who_looks(hub: TestHub) -> None:
    await hot(hub)
    async with await connected(hub) as agent, await hub.subscribe("logs/web-1") as logs:
        await logs.expect("auth_success")
        async with await hub.subscribe("metrics/web-1") as metrics:
            await metrics.expect("auth_success")
            await measured(agent, 99.0)
            assert (await metrics.expect("alert"))["data"]["state"] == "firing"
        frame = (await logs.expect("alert"))["data"]
        assert (frame["server"], frame["threshold_name"], frame["value"]) == ("web-1", "hot", 99.0)
        while (entry := (await logs.expect("log"))["data"])["source"] != "alert":
            assert entry["source"] == "hub"  # that the agent came, if that was written late
        assert entry["message"] == "firing: hot: cpu is 99 %, above 90 %"
        (alert,) = await alerts(hub, "state=firing")
        assert alert["id"] == frame["id"]
        assert (await hub.ok("GET", "/servers"))["items"][0]["alerts"] == 1
        assert (await hub.ok("GET", "/status"))["alerts"] == {"firing": 1, "pending": 0}
        await measured(agent, 88.0)
        assert [one["state"] for one in await alerts(hub)] == ["firing"]
        await measured(agent, 10.0)
        assert (await logs.expect("alert"))["data"]["resolved_reason"] == "cleared"
    assert (await hub.ok("GET", "/servers"))["items"][0]["alerts"] == 0


async def test_samples_of_an_outage_fire_nothing(hub: TestHub) -> None:
    await hot(hub)
    async with await connected(hub) as agent:
        await measured(agent, 99.0, ts=time.time() - 60)
        await measured(agent, 10.0)
        await measured(agent, 99.0, ts=time.time() - 45)
    assert await alerts(hub) == []


async def test_it_goes_on_where_a_killed_hub_ended(tmp_path: Path) -> None:
    async with running_hub(tmp_path / "hub") as hub:
        await hot(hub)
        slow = await hot(hub, name="slow", for_s=3600)
        await hot(hub, name="doomed")
        key = (await hub.server("web-1"))["key"]["key"]
        async with await hub.agent(key) as agent:
            await agent.expect("auth_success")
            await hub.services.alerting.look()
            await measured(agent, 99.0)
            await until_async(lambda: alerts(hub, "state=pending"))
        before = {one["threshold_name"]: one for one in await alerts(hub)}
        database = hub.hub.databases.chatops
        async with database.write() as session:  # as if it was killed before it could do more
            await session.execute(
                delete(AlertThreshold).where(col(AlertThreshold.name) == "doomed")
            )
            of_slow = col(Alert.threshold_id) == slow["id"]
            earlier = col(Alert.started_at) - 3600
            await session.execute(update(Alert).where(of_slow).values(started_at=earlier))
    async with running_hub(tmp_path / "hub") as hub:
        found = {one["threshold_name"]: one for one in await alerts(hub)}
        assert found["hot"] == before["hot"]
        assert found["slow"]["state"] == "pending"
        assert found["doomed"]["resolved_reason"] == "rule disabled"
        async with await hub.agent(key) as agent:
            await agent.expect("auth_success")
            await measured(agent, 99.0)
            now = {one["threshold_name"]: one["state"] for one in await alerts(hub)}
    assert now == {"hot": "firing", "slow": "firing", "doomed": "resolved"}


async def test_what_changes_a_rule_ends_its_alerts_and_says_why(hub: TestHub) -> None:
    hub.services.alerting.writer.outbox = notes = Notes()
    async with await connected(hub) as agent, await connected(hub, "db-1"):
        reasons = []
        for change in (
            lambda: hot(hub, value=95),
            lambda: hub.ok("PATCH", "/alerts/thresholds/hot", {"enabled": False}),
            lambda: hub.ok("DELETE", "/alerts/thresholds/hot"),
            lambda: hot(hub, target="db-1"),
        ):
            await hot(hub)
            await hub.ok("PATCH", "/alerts/thresholds/hot", {"enabled": True})
            await measured(agent, 99.0)
            (alert,) = await alerts(hub, "state=firing")
            await change()
            await hub.services.alerting.drain()
            found = await hub.ok("GET", f"/alerts/{alert['id']}")
            reasons.append(found["resolved_reason"])
        assert reasons == ["rule changed", "rule disabled", "rule disabled", "rule changed"]
        await hot(hub, target="web-*")
        await measured(agent, 99.0)
        assert len(await alerts(hub, "state=firing")) == 1
        await hub.ok("DELETE", "/servers/web-1")
    last = notes.changes[-1]
    assert (last.event, last.alert.resolved_reason) == ("resolved", "server removed")
    assert await alerts(hub) == []
    assert notes.woken


async def test_a_target_names_no_server_that_is_gone(hub: TestHub) -> None:
    for name in ("web-1", "web-2"):
        await hub.server(name)
    target = "web-1,web-2,!db-*"
    await hot(hub, target=target)
    await hub.ok("POST", "/silences", {"target": target, "for_s": 60})
    await hub.ok("POST", "/channels", {"name": "c", "url": "https://e.org", "target": target})

    async def shown() -> set[str]:
        lists = [await hub.ok("GET", "/silences"), await hub.ok("GET", "/channels")]
        items = [one for found in lists for one in found["items"]]
        return {one["target"] for one in (*items, await hub.ok("GET", "/alerts/thresholds/hot"))}

    assert await shown() == {target}
    await hub.ok("DELETE", "/servers/web-2")
    assert await shown() == {"web-1,!db-*"}


async def test_a_server_that_is_not_meant_any_more_has_no_alert(hub: TestHub) -> None:
    await hot(hub, target="tag:env=prod")
    async with await connected(hub, tags={"env": "prod"}) as agent:
        await measured(agent, 99.0)
        await hub.ok("PATCH", "/servers/web-1", {"tags": {"env": "test"}})
        await hub.services.alerting.look()
        (alert,) = await alerts(hub)
        assert alert["resolved_reason"] == "rule changed"
        await hub.ok("PATCH", "/servers/web-1", {"tags": {"env": "prod"}})
        await hub.services.alerting.look()
        await measured(agent, 99.0)
    assert [one["state"] for one in await alerts(hub)] == ["firing", "resolved"]


async def test_while_its_server_is_offline_an_alert_is_stale(tmp_path: Path) -> None:
    clock = FakeClock(time.time())
    async with running_hub(tmp_path / "hub", clock=clock) as hub:
        await hot(hub)
        async with await connected(hub) as agent:
            await measured(agent, 99.0, ts=clock.now())
        await hub.wait_status("web-1", "offline")
        clock.advance(11)
        await hub.services.alerting.tick()
        assert [(a["state"], a["stale"]) for a in await alerts(hub)] == [("firing", True)]
        clock.advance(50)
        await hub.services.alerting.tick()
        offline, cpu = await alerts(hub)
        assert (offline["metric"], offline["severity"]) == ("offline", "critical")
        assert (cpu["state"], cpu["stale"]) == ("firing", True)


async def test_a_restart_of_the_hub_fires_nothing_that_was_not_true(tmp_path: Path) -> None:
    clock = FakeClock(time.time() - 7200)
    async with running_hub(tmp_path / "hub", clock=clock) as hub:
        key = (await hub.server("web-1"))["key"]["key"]
        await hub.server("never")
        async with await hub.agent(key) as agent:
            await agent.expect("auth_success")
    clock.advance(3600)
    async with running_hub(tmp_path / "hub", clock=clock) as hub:
        clock.advance(GRACE - 1)
        await hub.services.alerting.tick()
        assert await alerts(hub) == []
        clock.advance(1)
        await hub.services.alerting.tick()
        (alert,) = await alerts(hub)
        assert (alert["server"], alert["state"]) == ("web-1", "firing")
        async with await hub.agent(key) as agent:
            await agent.expect("auth_success")
            await hub.services.alerting.tick()
            assert [one["state"] for one in await alerts(hub)] == ["resolved"]


async def test_many_that_drop_together_are_one_alert(tmp_path: Path) -> None:
    clock = FakeClock(time.time())
    async with running_hub(tmp_path / "hub", clock=clock) as hub:
        hub.services.alerting.writer.outbox = notes = Notes()
        bob = await hub.user("bob", "operator")
        names = [f"s{number}" for number in range(7)]
        keys = {}
        async with AsyncExitStack() as stack:
            for name in names:
                token = bob if name in ("s0", "s6") else "admin"
                keys[name] = (await hub.server(name, token=token))["key"]["key"]
                agent = await stack.enter_async_context(await hub.agent(keys[name]))
                await agent.expect("auth_success")
            await hub.services.alerting.look()
        await until_async(lambda: len(hub.services.agents) == 0)
        fleets = hub.services.subscribers.fleets
        watch = {"type": "watch", "target": "all", "metrics": ["cpu"], "alerts": True}
        async with await hub.subscribe("metrics", bob) as watcher:
            await watcher.send_json(watch)
            await until_async(lambda: any(one.server_ids for one in fleets._all))
            clock.advance(61)
            await hub.services.alerting.tick()
            frames = [(await watcher.expect("alert"))["data"] for _ in range(2)]
            assert sorted(one["servers"][0] for one in frames) == ["s0", "s6"]
            assert {len(one["servers"]) for one in frames} == {1}, "each frame names one"
        (alert,) = await alerts(hub)
        assert (alert["metric"], alert["server"], alert["servers"]) == ("offline", None, names)
        assert alert["message"] == "7 servers dropped together: " + ", ".join(names)
        (seen,) = await alerts(hub, token=bob)
        assert seen["servers"] == ["s0", "s6"]
        assert "s1" not in str(seen)
        refused = await hub.call("POST", f"/alerts/{alert['id']}/ack", {}, token=bob)
        assert refused.status == 404, "it takes the right on all of them"
        assert {one["alerts"] for one in (await hub.ok("GET", "/servers"))["items"]} == {1}
        assert await alerts(hub, "server=s3")
        assert notes.told() == [("firing", None)]
        assert len(notes.changes[0].servers) == 7
        async with AsyncExitStack() as stack:
            for name in names:
                agent = await stack.enter_async_context(await hub.agent(keys[name]))
                await agent.expect("auth_success")
                await hub.services.alerting.tick()
            assert [one["state"] for one in await alerts(hub)] == ["resolved"]
        assert notes.told() == [("firing", None), ("resolved", None)]


async def test_few_that_drop_have_an_alert_each(tmp_path: Path) -> None:
    clock = FakeClock(time.time())
    async with running_hub(tmp_path / "hub", clock=clock) as hub:
        async with AsyncExitStack() as stack:
            for name in ("a", "b", "c", "d"):
                await stack.enter_async_context(await connected(hub, name))
        await until_async(lambda: len(hub.services.agents) == 0)
        clock.advance(61)
        await hub.services.alerting.tick()
        assert sorted(one["server"] for one in await alerts(hub)) == ["a", "b", "c", "d"]


async def test_a_silence_keeps_from_telling_and_not_from_being(tmp_path: Path) -> None:
    clock = FakeClock(time.time())
    async with running_hub(tmp_path / "hub", clock=clock) as hub:
        alerting = hub.services.alerting
        alerting.writer.outbox = notes = Notes()
        await hot(hub)
        await hub.ok("POST", "/silences", {"target": "web-*", "metric": "cpu", "for_s": 60})
        (listed,) = (await hub.ok("GET", "/silences"))["items"]
        assert (listed["target"], listed["metric"], listed["created_by"]) == (
            "web-*", "cpu", "admin",
        )  # fmt: skip
        async with await connected(hub) as agent, await connected(hub, "db-1") as other:
            await measured(agent, 99.0, ts=clock.now())
            await measured(other, 99.0, ts=clock.now())
            assert len(await alerts(hub, "state=firing")) == 2
            assert notes.told() == [("firing", "db-1")]
            (alert,) = await alerts(hub, "server=web-1")
            assert alert["silenced"]
            assert not alerting.may_remind(alert["id"])
            clock.advance(61)
            await alerting.tick()
            (alert,) = await alerts(hub, "server=web-1")
            assert not alert["silenced"]
            assert notes.told() == [("firing", "db-1"), ("firing", "web-1")]
            assert (await hub.ok("GET", "/silences"))["items"] == []
            quiet = await hub.ok("POST", "/silences", {"target": "web-1", "for_s": 60})
            assert not alerting.may_remind(alert["id"])
            await hub.ok("DELETE", f"/silences/{quiet['id']}")
            assert alerting.may_remind(alert["id"])


async def test_people_take_care_of_alerts(hub: TestHub) -> None:
    await hot(hub)
    async with await connected(hub) as agent:
        await measured(agent, 99.0)
        (alert,) = await alerts(hub)
        path = f"/alerts/{alert['id']}"
        acked = await hub.ok("POST", f"{path}/ack", {"comment": "on it"})
        assert (acked["state"], acked["acked_by"]) == ("acknowledged", "admin")
        assert (await hub.call("POST", f"{path}/ack", {})).code == "conflict"
        (listed,) = await alerts(hub, "state=acknowledged")
        assert listed["comment"] == "on it"
        done = await hub.ok("POST", f"{path}/resolve")
        assert (done["state"], done["resolved_reason"]) == ("resolved", "manual")
        await hub.services.alerting.drain()
        kept = await hub.ok("GET", path)
        assert kept == done | {"evidence": kept["evidence"]}, "there is one time of its end"
        assert (await hub.call("POST", f"{path}/resolve")).code == "conflict"
        await measured(agent, 99.0)
        assert await alerts(hub, "state=firing") == []
        soon = "2999-01-01T00:00:00Z"
        assert await alerts(hub, f"since={soon}") == []
        await hot(hub, for_s=3600)
        await measured(agent, 99.0)
        (pending,) = await alerts(hub, "state=pending")
        answer = await hub.call("POST", f"/alerts/{pending['id']}/ack", {})
        assert (answer.status, answer.code) == (409, "conflict")


async def test_evidence_is_kept_bounded_and_without_credentials(hub: TestHub) -> None:
    await hot(hub, metric="disk", value=60)
    async with await connected(hub) as agent:
        taken = sample(1.0)
        one = Process(pid=7, name="db", command="db --x password=hunter2", cpu_percent=90.0)
        taken.processes = Processes(ts=time.time(), by_cpu=[one])
        await agent.send(Metrics(epoch="e", seq=1, ts=time.time(), data=taken))
        asked = await agent.expect("snapshot")
        assert asked["mount"] == ""
        (alert,) = await alerts(hub)
        assert (await hub.ok("GET", f"/alerts/{alert['id']}"))["evidence"] is None
        lines = [f"{n}: password=hunter2 [bold]{'x' * 900}" for n in range(500)]
        use = MountUse(path="/", complete=False, largest=[Largest(path="/var", bytes=7)])
        await agent.send(SnapshotResponse(id=asked["id"], journal=lines, mount=use))

        async def kept() -> Any:
            return (await hub.ok("GET", f"/alerts/{alert['id']}"))["evidence"]

        evidence = await until_async(kept)
        assert evidence["mount"]["largest"] == [{"path": "/var", "bytes": 7}]
        assert evidence["containers"] is None
        assert evidence["processes"]["by_cpu"][0]["pid"] == 7
        assert len(evidence["journal"]) == 50
        assert max(map(len, evidence["journal"])) == 500
        assert "hunter2" not in str(evidence)


async def test_what_cannot_be_written_now_is_written_later(
    hub: TestHub, caplog: pytest.LogCaptureFixture
) -> None:
    await hot(hub)
    async with await connected(hub) as agent:
        async with failing(hub.hub.databases.chatops):
            await measured(agent, 99.0)
            await until_async(lambda: "alerts cannot be stored" in caplog.text)
        await until_async(lambda: alerts(hub, "state=firing"))


async def test_who_inherits_servers_inherits_the_rules_on_them(hub: TestHub) -> None:
    ada, bob = await hub.user("ada", "operator"), await hub.user("bob", "operator")
    async with await connected(hub, token=ada) as agent:
        body = {"metric": "cpu", "op": "gt", "value": 90, "for_s": 0, "name": "hers"}
        await hub.ok("POST", "/alerts/thresholds", body, token=ada)
        await measured(agent, 99.0)
        assert len(await alerts(hub, "state=firing", token=ada)) == 1
        assert await alerts(hub, token=bob) == []
        names = [one["name"] for one in (await hub.ok("GET", "/alerts/thresholds"))["items"]]
        seen = (await hub.ok("GET", "/alerts/thresholds", token=bob))["items"]
        assert "hers" in names
        assert seen == [], "a rule that covers no server of his is not there for him"
        await hub.ok("DELETE", "/users/ada?reassign_to=bob")
        await hub.services.alerting.look()
        assert [one["state"] for one in await alerts(hub, token=bob)] == ["firing"]
        mine = (await hub.ok("GET", "/alerts/thresholds/hers", token=bob))["owner"]
        assert mine == "bob"
        await measured(agent, 1.0)
    assert [one["state"] for one in await alerts(hub, token=bob)] == ["resolved"]


async def test_a_sample_that_cannot_be_judged_stops_no_other(
    hub: TestHub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await hot(hub)
    async with await connected(hub) as agent:
        with monkeypatch.context() as patch:
            patch.setattr(hub.services.alerting.plans, "see", None)
            await measured(agent, 99.0)
        assert "a sample could not be judged" in caplog.text
        await measured(agent, 99.0)
    assert [one["state"] for one in await alerts(hub)] == ["firing"]


async def test_a_good_value_that_waited_beside_a_bad_one_clears_its_alert(hub: TestHub) -> None:
    await hot(hub)
    async with await connected(hub) as agent:
        (session,) = hub.services.agents.sessions()
        now = time.time()
        for ts, cpu in ((now - 1, 99.0), (now, 1.0)):
            hub.services.metrics.submit(session, metrics_message(next(numbers), ts, cpu=cpu))
        assert len(hub.services.metrics.ingest) == 2, "the second came before the first was judged"
        for _ in range(2):
            await agent.expect("metrics_ack")
    (alert,) = await alerts(hub, "state=resolved")
    assert alert["resolved_reason"] == "cleared"


async def test_a_silence_that_ends_while_the_hub_is_down_ends_all_the_same(tmp_path: Path) -> None:
    clock = FakeClock(time.time() - 7200)
    async with running_hub(tmp_path / "hub", clock=clock) as hub:
        await hot(hub)
        await hub.ok("POST", "/silences", {"target": "all", "metric": "cpu", "for_s": 60})
        async with await connected(hub) as agent:
            await measured(agent, 99.0, ts=clock.now())
            assert (await alerts(hub, "state=firing"))[0]["silenced"]
    clock.advance(61)
    async with running_hub(tmp_path / "hub", clock=clock) as hub:
        (alert,) = await alerts(hub, "state=firing")
        assert not alert["silenced"], "whoever was not told of it is told now"


async def test_a_silence_ends_with_the_rights_of_its_maker_and_for_whom_it_does_not_mean(
    hub: TestHub,
) -> None:
    await hot(hub, metric="disk:*", value=60)
    bob = await hub.user("bob", "operator")
    agents = [await connected(hub, "b", token=bob), await connected(hub, "a", tags={"x": "1"})]
    body = {"target": "b", "metric": "disk:*", "for_s": 600}
    await hub.ok("POST", "/silences", body, token=bob)
    await hub.ok("POST", "/silences", body | {"target": "tag:x=1", "metric": "disk"})
    for agent in agents:
        await measured(agent, 1.0)
    assert {one["silenced"] for one in await alerts(hub, "state=firing")} == {True}
    await hub.ok("PATCH", "/users/bob", {"role": "viewer"})
    await hub.ok("PATCH", "/servers/a", {"tags": {"x": "2"}})
    await hub.services.alerting.look()
    assert {one["silenced"] for one in await alerts(hub, "state=firing")} == {False}
    for agent in agents:
        await agent.close()


async def test_a_server_with_as_many_alerts_as_may_be_is_said_and_its_absence_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(machine, "MAX_OPEN", 1)
    clock = FakeClock(time.time())
    async with running_hub(tmp_path / "hub", clock=clock) as hub:
        await hot(hub)
        await hot(hub, name="hotter")
        async with await connected(hub) as agent:
            await measured(agent, 99.0, ts=clock.now())
            clock.advance(5)
            await measured(agent, 99.0, ts=clock.now())
        assert caplog.text.count("the most that may be") == 1
        await hub.services.logs.flush()
        server = hub.services.alerting.fleet.ids()[0]
        entries = await hub.services.logs.recent(server, "web-1", 10)
        assert any("the most that may be" in one.message for one in entries)
        await hub.wait_status("web-1", "offline")
        clock.advance(61)
        await hub.services.alerting.tick()
        assert [one["metric"] for one in await alerts(hub)] == ["offline", "cpu"]


async def test_who_drops_after_a_storm_was_told_is_told_too(tmp_path: Path) -> None:
    clock = FakeClock(time.time())
    async with running_hub(tmp_path / "hub", clock=clock) as hub:
        alerting = hub.services.alerting
        alerting.writer.outbox = notes = Notes()
        agents = [await connected(hub, f"s{n}") for n in range(11)]

        async def drop(ones: list[StubAgent]) -> None:
            before = len(hub.services.agents)
            for one in ones:
                await measured(one, 1.0, ts=clock.now())  # it was heard until now
                await one.close()
            await until_async(lambda: len(hub.services.agents) == before - len(ones))

        async def pass_by(seconds: int) -> None:
            for _ in range(seconds):
                clock.advance(1)
                for session in hub.services.agents.sessions():
                    session.heartbeat.heard(clock.monotonic())  # else the hub ends it, some time
                await alerting.tick()

        await drop(agents[:5])
        await pass_by(40)
        await drop(agents[5:6])  # dropped with them, though it fires later: it joins
        await pass_by(58)
        await drop(agents[6:7])  # each a minute after one of them: no end of that
        await pass_by(61)
        await alerting.drain()
        assert [(one.event, one.alert.server) for one in notes.changes] == [
            ("firing", None), ("firing", "s6"),
        ]  # fmt: skip
        (storm,) = alerting.machine.of(None)
        assert len(storm.members) == 6
        notes.changes.clear()
        await drop(agents[7:11])
        await pass_by(61)
        await alerting.drain()
        told = sorted(str(one.alert.server) for one in notes.changes)
        assert told == ["s10", "s7", "s8", "s9"], "too few of them for a storm of their own"


async def test_a_storm_does_not_wait_for_servers_that_its_rule_is_not_for_any_more(
    tmp_path: Path,
) -> None:
    clock = FakeClock(time.time())
    async with running_hub(tmp_path / "hub", clock=clock) as hub:
        alerting = hub.services.alerting
        away = {"metric": "offline", "op": "gt", "value": 30, "for_s": 0, "name": "away"}
        await hub.ok("DELETE", "/alerts/thresholds/offline")
        tags = {"env": "prod"}
        async with AsyncExitStack() as stack:
            for number in range(5):
                await stack.enter_async_context(await connected(hub, f"s{number}", tags=tags))
            await hub.ok("POST", "/alerts/thresholds", away | {"target": "tag:env=prod"})
        await until_async(lambda: len(hub.services.agents) == 0)
        clock.advance(31)
        await alerting.tick()
        assert [one["server"] for one in await alerts(hub, "state=firing")] == [None]
        for number in range(5):
            await hub.ok("PATCH", f"/servers/s{number}", {"tags": {"env": "test"}})
        await alerting.look()
        await alerting.tick()
        assert [one["state"] for one in await alerts(hub)] == ["resolved"]


async def test_a_storm_ends_with_the_last_of_its_servers_that_is_removed(tmp_path: Path) -> None:
    clock = FakeClock(time.time())
    names = [f"s{number}" for number in range(5)]
    async with running_hub(tmp_path / "hub", clock=clock) as hub:
        alerting = hub.services.alerting
        alerting.writer.outbox = notes = Notes()
        async with AsyncExitStack() as stack:
            for name in names:
                await stack.enter_async_context(await connected(hub, name))
        await until_async(lambda: len(hub.services.agents) == 0)
        clock.advance(61)
        await alerting.tick()
        for name in names:
            assert [one["state"] for one in await alerts(hub)] == ["firing"]
            await hub.ok("DELETE", f"/servers/{name}")

        async def resolved() -> bool:
            return [one["state"] for one in await alerts(hub)] == ["resolved"]

        await until_async(resolved)
        assert notes.told() == [("firing", None), ("resolved", None)], "who heard of it hears that"


async def test_a_storm_whose_last_server_was_removed_when_the_hub_was_killed_ends(
    tmp_path: Path,
) -> None:
    clock = FakeClock(time.time() - 7200)
    async with running_hub(tmp_path / "hub", clock=clock) as hub:
        async with AsyncExitStack() as stack:
            for number in range(5):
                await stack.enter_async_context(await connected(hub, f"s{number}"))
        await until_async(lambda: len(hub.services.agents) == 0)
        clock.advance(61)
        await hub.services.alerting.tick()
        await hub.services.alerting.drain()
        async with hub.hub.databases.chatops.write() as session:  # and then it is killed
            await session.execute(delete(Server))
    async with running_hub(tmp_path / "hub", clock=clock) as hub:
        assert [one["state"] for one in await alerts(hub)] == ["firing"]
        await hub.services.alerting.tick()
        assert [one["state"] for one in await alerts(hub)] == ["resolved"]


async def test_evidence_has_the_processes_of_that_moment_where_the_agent_lists_them(
    hub: TestHub,
) -> None:
    await hot(hub)
    key = (await hub.server("web-1"))["key"]["key"]
    async with await hub.agent(key, features=[PROCESSES]) as agent:
        await agent.expect("auth_success")
        await hub.services.alerting.look()
        await measured(agent, 99.0)
        (alert,) = await alerts(hub)
        for pid, sort in ((7, "cpu"), (8, "memory")):
            asked = await agent.expect("processes")
            assert asked.get("sort", "cpu") == sort
            one = Process(pid=pid, name="db", command="db --password=hunter2", cpu_percent=90.0)
            answer = ProcessesResponse(id=asked["id"], ts=time.time(), processes=[one] * 30)
            await agent.send(answer)
        await agent.send(SnapshotResponse(id=(await agent.expect("snapshot"))["id"]))

        async def kept() -> Any:
            return (await hub.ok("GET", f"/alerts/{alert['id']}"))["evidence"]

        found = (await until_async(kept))["processes"]
        assert [one["pid"] for one in found["by_cpu"]] == [7] * 20
        assert found["by_memory"][0]["pid"] == 8
        assert "hunter2" not in str(found)


async def test_what_was_pending_before_a_long_rest_of_the_hub_begins_anew(tmp_path: Path) -> None:
    clock = FakeClock(time.time() - 7200)
    async with running_hub(tmp_path / "hub", clock=clock) as hub:
        await hot(hub)
        await hot(hub, name="slow", for_s=300)
        key = (await hub.server("web-1"))["key"]["key"]
        async with await hub.agent(key) as agent:
            await agent.expect("auth_success")
            await hub.services.alerting.look()
            await measured(agent, 99.0, ts=clock.now())
            assert len(await alerts(hub)) == 2
    clock.advance(3600)
    async with running_hub(tmp_path / "hub", clock=clock) as hub:
        assert [(a["threshold_name"], a["stale"]) for a in await alerts(hub)] == [("hot", True)]
        async with await hub.agent(key) as agent:
            await agent.expect("auth_success")
            await measured(agent, 99.0, ts=clock.now())
            found = {a["threshold_name"]: (a["state"], a["stale"]) for a in await alerts(hub)}
    assert found == {"hot": ("firing", False), "slow": ("pending", False)}
