"""The sockets for clients: who may listen, and what happens to one that does not read."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from chatops.client import Client
from chatops.client.session import Session
from chatops.clock import FakeClock
from chatops.protocol.messages import Metrics
from chatops.protocol.metrics import Disk, Sample
from chatops.server.context import Services
from chatops.server.services.access import Principal
from chatops.server.ws import subscriptions
from tests.support.hub import PASSWORD, StubAgent, TestHub, metrics_message, running_hub
from tests.support.waiting import until_async


async def test_a_bad_token_is_told_and_closed(hub: TestHub) -> None:
    await hub.server("web-1")
    async with await hub.subscribe("metrics/web-1", token="nonsense") as watcher:
        code, frames = await watcher.closed()
        assert (code, frames[-1]["code"]) == (4014, "not_signed_in")


async def test_a_server_one_may_not_see_is_not_there(hub: TestHub) -> None:
    ann = await hub.user("ann", "operator")
    await hub.server("secret")
    for name in ("secret", "nothing"):
        async with await hub.subscribe(f"metrics/{name}", token=ann) as watcher:
            code, frames = await watcher.closed()
            assert (code, frames[-1]["code"]) == (4015, "not_found")


async def test_the_first_frame_must_be_auth(hub: TestHub) -> None:
    await hub.server("web-1")
    async with await hub.raw_client("logs/web-1") as socket:
        await socket.send_json({"type": "ping"})
        code, frames = await socket.closed()
        assert (code, frames[-1]["code"]) == (4001, "malformed")


async def test_nonsense_is_answered_and_too_much_of_it_ends(hub: TestHub) -> None:
    await hub.server("web-1")
    async with await hub.subscribe("logs/web-1") as watcher:
        await watcher.expect("auth_success")
        for _ in range(20):
            await watcher.socket.send('{"type": "metrics"')
        code, frames = await watcher.closed()
        assert code == 4001
        assert sum(frame["type"] == "error" for frame in frames) >= 20


async def test_connections_show_up_in_the_log_stream(hub: TestHub) -> None:
    key = (await hub.server("web-1"))["key"]["key"]
    async with await hub.subscribe("logs/web-1") as watcher:
        await watcher.expect("auth_success")
        async with await hub.agent(key) as agent:
            await agent.expect("auth_success")
            entry = (await watcher.expect("log"))["data"]
            assert (entry["server"], entry["source"]) == ("web-1", "hub")
            assert "connected" in entry["message"]
    async with await hub.subscribe("logs/web-1") as late:
        assert "connected" in (await late.expect("log"))["data"]["message"]


async def test_a_disabled_account_loses_its_subscriptions(hub: TestHub) -> None:
    ann = await hub.user("ann", "operator")
    await hub.server("ann-1", token=ann)
    async with await hub.subscribe("metrics/ann-1", token=ann) as watcher:
        await watcher.expect("auth_success")
        await hub.ok("PATCH", "/users/ann", {"disabled": True})
        code, frames = await watcher.closed()
        assert (code, frames[-1]["code"]) == (4014, "not_signed_in")


async def test_a_subscriber_that_does_not_read_delays_nobody_and_is_told(tmp_path: Path) -> None:
    async with running_hub(tmp_path / "hub", subscriber_buffer=64 * 1024) as hub:
        key = (await hub.server("web-1"))["key"]["key"]
        async with await hub.agent(key) as agent, await hub.subscribe("metrics/web-1") as slow:
            await agent.expect("auth_success")  # before it the hub takes 64 KiB at most
            await slow.expect("auth_success")
            transport = slow.socket.transport
            transport.pause_reading()
            for seq in range(1, 1001):
                await send_large(agent, seq)
                if seq % 50 == 0:  # the slow one delays nobody
                    while (await agent.expect("metrics_ack"))["seq"] != seq:
                        pass
            transport.resume_reading()
            while (frame := await slow.next())["type"] != "dropped":
                seq += 1
                await send_large(agent, seq)
            assert frame["data"]["count"] > 0


async def send_large(agent: StubAgent, seq: int) -> None:
    disks = [Disk(mount=f"/mnt/{number:0>100}") for number in range(100)]
    await agent.send(Metrics(epoch="e", seq=seq, ts=time.time(), data=Sample(disks=disks)))


async def test_a_subscriber_that_leaves_is_forgotten(hub: TestHub) -> None:
    await hub.server("web-1")
    async with await hub.subscribe("metrics/web-1") as watcher:
        await watcher.expect("auth_success")
        assert len(hub.services.subscribers) == 1
    await until_async(lambda: len(hub.services.subscribers) == 0, what="the subscriber's end")


async def test_a_new_password_ends_the_accounts_subscriptions(hub: TestHub) -> None:
    await hub.server("web-1")
    async with await hub.subscribe("metrics/web-1") as watcher:
        await watcher.expect("auth_success")
        change = {"current": PASSWORD, "new": "another password"}
        assert (await hub.call("POST", "/auth/password", change)).status == 204
        code, frames = await watcher.closed()
        assert (code, frames[-1]["code"]) == (4014, "not_signed_in")


async def test_a_token_that_expires_ends_its_subscriptions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "TOKEN_CHECK", 0.05)
    clock = FakeClock(time.time() - 7200)  # tokens are from the past, as the future's are refused
    async with running_hub(tmp_path / "hub", clock=clock) as hub:
        await hub.server("web-1")
        async with await hub.subscribe("metrics/web-1") as old:
            await old.expect("auth_success")
            clock.advance(1700)
            fresh = await hub.login()
            async with await hub.subscribe("logs/web-1", fresh) as young:
                await young.expect("auth_success")
                clock.advance(200)
                code, frames = await old.closed()
                assert (code, frames[-1]["code"]) == (4014, "not_signed_in")
                await young.send_json({"type": "ping", "id": 7})
                assert (await young.expect("pong"))["id"] == 7


async def test_who_is_not_looked_after_watches_no_longer(
    hub: TestHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "TOKEN_CHECK", 0.05)
    await hub.server("web-1")

    async def broken(services: Services, token: str) -> Principal:
        raise ZeroDivisionError

    async with await hub.subscribe("metrics/web-1") as watcher:
        await watcher.expect("auth_success")
        monkeypatch.setattr(subscriptions, "verified", broken)
        _, frames = await watcher.closed()
        assert frames[-1]["code"] == "internal"


async def test_a_watch_goes_on_over_the_end_of_its_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice, with the client that `chatops metrics watch` uses: no sample is missed in between."""
    monkeypatch.setattr(subscriptions, "TOKEN_CHECK", 0.05)
    clock = FakeClock(time.time() - 7200)
    async with running_hub(tmp_path / "hub", clock=clock) as hub:
        key = (await hub.server("web-1"))["key"]["key"]
        renewed: list[str] = []
        loop = asyncio.get_running_loop()

        def renew(_: str) -> str:
            renewed.append(asyncio.run_coroutine_threadsafe(hub.login(), loop).result(10))
            return renewed[-1]

        async with await hub.agent(key) as agent:
            await agent.expect("auth_success")
            client = Client(hub.url, hub.admin)
            session: Session = client.metrics._session
            session.renew = renew
            live = client.metrics.watch("web-1")
            for seq in (1, 2, 3):
                await agent.send(metrics_message(seq, clock.now(), cpu=float(seq)))
                await agent.expect("metrics_ack")
                sample = await asyncio.to_thread(next, live)
                while sample.cpu.percent != seq:
                    sample = await asyncio.to_thread(next, live)
                clock.advance(1900)
                hub.services.agents.heard(next(hub.services.agents.sessions()))
                await until_async(lambda: len(hub.services.subscribers) == 0, what="its end")
            assert len(renewed) == 2
            await asyncio.to_thread(live.close)
            client.close()
