"""The sockets for clients: who may listen, and what happens to one that does not read."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from tests.support.hub import TestHub, metrics_message, running_hub
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
    socket = await hub.http.ws_connect(f"{hub.url}/api/v1/ws/logs/web-1")
    await socket.send_str('{"type": "ping"}')
    frame = await socket.receive_json(timeout=5)
    assert (frame["type"], frame["code"]) == ("error", "malformed")
    await socket.close()


async def test_nonsense_is_answered_and_too_much_of_it_ends(hub: TestHub) -> None:
    await hub.server("web-1")
    async with await hub.subscribe("logs/web-1") as watcher:
        await watcher.expect("auth_success")
        for _ in range(20):
            await watcher.socket.send_str('{"type": "metrics"')
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
            await slow.expect("auth_success")
            transport = slow.socket._response.connection.transport  # type: ignore[union-attr]
            transport.pause_reading()
            slowest = 0.0
            for seq in range(1, 6001):
                await agent.send(metrics_message(seq, time.time()))
                if seq % 60 == 0:
                    started = time.monotonic()
                    while (await agent.expect("metrics_ack"))["seq"] < seq:
                        pass
                    slowest = max(slowest, time.monotonic() - started)
            assert slowest < 5
            transport.resume_reading()
            await agent.send(metrics_message(9000, time.time()))
            dropped = await asyncio.wait_for(slow.expect("dropped"), 20)
            assert dropped["data"]["count"] > 0


async def test_a_subscriber_that_leaves_is_forgotten(hub: TestHub) -> None:
    await hub.server("web-1")
    async with await hub.subscribe("metrics/web-1") as watcher:
        await watcher.expect("auth_success")
        assert len(hub.services.subscribers) == 1
    await until_async(lambda: len(hub.services.subscribers) == 0, what="the subscriber's end")
