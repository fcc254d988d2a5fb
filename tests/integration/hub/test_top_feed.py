"""What `chatops top` hears from a real hub: list, live values, past, one server; and troubles."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from chatops.cli.top import agenda
from chatops.cli.top.feed import Feed
from chatops.cli.top.state import State
from chatops.client import Client
from chatops.errors import HubUnreachable, NotSignedIn
from chatops.protocol.target import parse_target
from tests.support.hub import TestHub, metrics_message
from tests.support.waiting import until_async


@asynccontextmanager
async def watching(
    hub: TestHub, connect: Callable[[], Client] | None = None
) -> AsyncIterator[State]:
    """A feed that runs, and the state that takes from it."""
    feed = Feed(connect or (lambda: Client(hub.url, hub.admin, timeout=5.0)), parse_target("all"))
    feed.start([])
    try:
        yield State(feed, "all")
    finally:
        await asyncio.to_thread(feed.stop)


async def comes(state: State, condition: Callable[[], object], what: str) -> None:
    """Until it holds, with all that comes meanwhile taken."""

    def look() -> bool:
        state.catch_up()
        return bool(condition())

    await until_async(look, what=what)


async def test_all_about_the_fleet_and_one_server_comes(hub: TestHub) -> None:
    made = await hub.server("web-1")
    async with await hub.agent(made["key"]["key"]) as agent, watching(hub) as state:
        await agent.expect("auth_success")
        fleets = hub.services.subscribers.fleets
        await until_async(lambda: fleets.watches(made["id"]), what="the subscription")
        await comes(state, lambda: state.fleet.rows, "the list")
        await agent.send(metrics_message(1, time.time() - 60, cpu=7.0))
        await agent.send(metrics_message(2, time.time(), cpu=42.0))
        row = state.fleet.rows[made["id"]]
        await comes(state, lambda: row.value("cpu") == 42.0, "a live value")
        assert row.value("memory") == 40.0
        assert state.moment.live
        row.trails["cpu"] = type(row.trails["cpu"])()
        state.want_past([row])
        await comes(state, lambda: 7.0 in row.trails["cpu"].last(state.moment.now, 8), "the past")
        state.open(made["id"])
        detail = state.detail
        assert detail is not None
        await comes(state, lambda: detail.sample and detail.info and detail.history, "its parts")
        assert detail.history["cpu"][-1][1] in (7.0, 42.0)


async def test_an_alert_comes_by_itself_and_is_acknowledged_or_refused(hub: TestHub) -> None:
    rule = {"metric": "cpu", "op": "gt", "value": 90, "for_s": 0, "name": "hot"}
    await hub.ok("POST", "/alerts/thresholds", rule)
    made = await hub.server("web-1")
    ann = await hub.user("ann", "viewer")
    await hub.ok("PUT", "/servers/web-1/shares", {"user": "ann", "role": "viewer"})
    async with await hub.agent(made["key"]["key"]) as agent, watching(hub) as state:
        await agent.expect("auth_success")
        await hub.services.alerting.look()
        fleets = hub.services.subscribers.fleets
        await until_async(lambda: fleets.watches(made["id"]), what="the subscription")
        await comes(state, lambda: state.fleet.rows and state.fleet.alarms.known, "the lists")
        assert state.fleet.alerts == []
        await agent.send(metrics_message(1, time.time(), cpu=99.0))
        await comes(state, lambda: state.fleet.tally.firing, "the alert")
        (alert,) = state.fleet.alerts
        assert state.fleet.rows[made["id"]].alerts == 1
        async with watching(hub, lambda: Client(hub.url, ann, timeout=5.0)) as other:
            await comes(other, lambda: other.fleet.alerts, "what was before it looked")
            other.sight.acknowledge(alert)
            await comes(other, lambda: "not acknowledged" in (other.sight.said or "")[0], "no")
            assert "operator" in (other.sight.said or "")[0]
            state.sight.open(alert)
            await comes(state, lambda: state.sight.full, "the details")
            state.sight.acknowledge(alert)
            for one in (state, other):
                await comes(one, lambda one=one: one.fleet.alerts[0].acked_by, "the change")


async def test_a_server_without_samples_says_so_and_one_that_goes_is_gone(
    hub: TestHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(agenda.EVERY, "servers", 0.05)
    made = await hub.server("web-1")
    async with watching(hub) as state:
        await comes(state, lambda: state.fleet.rows, "the list")
        state.open(made["id"])
        detail = state.detail
        assert detail is not None
        await comes(state, lambda: "not sent metrics" in detail.notes.get("sample", ""), "the note")
        assert state.trouble is None, "that is no trouble of the hub's"
        await hub.ok("DELETE", "/servers/web-1")
        await comes(state, lambda: state.gone, "its end")
        assert state.fleet.rows == {}


async def test_a_session_that_ended_is_told_and_goes_on_after_a_new_sign_in(hub: TestHub) -> None:
    old, fresh = hub.admin, ""
    made = await hub.server("web-1")

    def connect() -> Client:
        return Client(hub.url, old, renew=lambda refused: fresh or None)

    async with watching(hub, connect) as state:
        await until_async(
            lambda: hub.services.subscribers.fleets.watches(made["id"]), what="the subscription"
        )
        body = {"current": "correct horse", "new": "another horse"}
        assert (await hub.call("POST", "/auth/password", body)).status == 204
        state.feed.agenda.hurry("servers", 0.0)
        state.feed.wake()
        await comes(state, lambda: "signed out" in (state.trouble or ""), "the trouble")
        assert not state.moment.live
        fresh = await hub.login(password="another horse")
        state.feed.retry()

        def back() -> bool:
            state.feed.retry()
            return state.trouble is None

        await comes(state, back, "the end of the trouble")


async def test_a_hub_that_is_not_there_is_tried_again_with_longer_and_longer_pauses() -> None:
    feed = Feed(lambda: Client("http://127.0.0.1:1", "t"), parse_target("all"))  # nobody is there
    feed.start([])
    try:
        troubles = feed.link._troubles
        await until_async(
            lambda: {s for s, one in troubles.items() if one.tries > 2} == {"list", "live"},
            what="three tries of each",
        )
        for one in troubles.values():
            assert isinstance(one.error, HubUnreachable)
            assert not isinstance(one.error, NotSignedIn)
    finally:
        await asyncio.to_thread(feed.stop)
