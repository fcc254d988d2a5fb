"""Logs of containers over REST: a real hub, a real agent, a real engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import psutil
import pytest

from chatops.agent import container_actions, engine_stream
from chatops.agent import feeds as agent_feeds
from chatops.protocol.frames import FrameReader, StreamFrame
from chatops.protocol.limits import STREAM_CREDIT, MiB
from chatops.server.api import run_stream
from chatops.server.services import feeds
from tests.integration.hub.test_docker import LIST, sample_after, watched
from tests.support.engine import RealEngine
from tests.support.hub import TestHub, running_hub
from tests.support.relay import unix_relay
from tests.support.waiting import until_async

FAST = ("/bin/yes", "a line of a container that prints as fast as it can")
NAMES = {1: "stdout", 2: "stderr"}


class Log:
    """What came of a log: bytes in order, and the events around them."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.said: list[tuple[str, bytes]] = []
        self.events: list[Any] = []
        self._response = response
        self._reader = FrameReader()

    async def read(self, until: bytes | None = None) -> None:
        """Read on: to the end, or until some bytes came."""
        async with asyncio.timeout(60):
            async for data in self._response.content.iter_any():
                for frame in self._reader.feed(data):
                    self._take(frame)
                if until is not None and until in self.all:
                    return
        assert until is None, f"{until!r} never came, but {self.events} and {self.all[-200:]!r}"

    def _take(self, frame: bytes | StreamFrame) -> None:
        if isinstance(frame, StreamFrame):
            self.said.append((NAMES[frame.stream], frame.data))
        else:
            self.events.append(msgspec.json.decode(frame))

    @property
    def all(self) -> bytes:
        return b"".join(data for _, data in self.said)

    def of(self, name: str) -> bytes:
        return b"".join(data for one, data in self.said if one == name)

    @property
    def error(self) -> tuple[str, str]:
        detail = self.events[-1]["error"]
        return detail["code"], detail["message"]


@asynccontextmanager
async def opened(
    hub: TestHub, name: str, query: str = "", token: str | None = None
) -> AsyncIterator[Log]:
    """The log of a container, whose answer has begun."""
    headers = {"Authorization": f"Bearer {token or hub.admin}"}
    url = f"{hub.url}/api/v1{LIST}/{name}/logs?{query}"
    async with hub.http.get(url, headers=headers) as response:
        assert response.status == 200, await response.text()
        yield Log(response)


async def whole(hub: TestHub, name: str, query: str = "", token: str | None = None) -> Log:
    async with opened(hub, name, query, token) as log:
        await log.read()
    return log


async def test_what_a_container_wrote_is_told_byte_for_byte(
    hub: TestHub, engine: RealEngine
) -> None:
    odd = "echo one; echo two >&2; printf '\\377\\000\\033[31m\\r\\n'; printf end"
    engine.run("app", "/bin/sh", "-c", odd, log={"Type": "local"})  # which keeps all bytes
    key = engine.run("long", "/bin/sh", "-c", "head -c 10000000 /dev/zero; echo; echo end")
    spoken = "echo out; echo err >&2; head -c 40000 /dev/zero; echo"
    engine.run("tty", "/bin/sh", "-c", spoken, tty=True)
    await until_async(lambda: all(map(engine.ended, ("app", "long", "tty"))))
    async with watched(hub, engine) as reader:
        log = await whole(hub, "app", token=reader)
        assert log.events[0] == {
            "event": "start", "server": "web-1", "container": "app", "stdout": 1, "stderr": 2
        }  # fmt: skip
        assert log.events[1:] == [{"event": "end"}]
        assert log.of("stderr") == b"two\n"
        assert log.of("stdout") == b"one\n\xff\0\x1b[31m\r\nend"
        for query in ("", "timestamps=true"):
            long = (await whole(hub, "long", query)).all
            assert long.count(b"\0") == 10_000_000
            assert [len(line) for line in long.split(b"\n")] == (
                [10_000_031, 34, 0] if query else [10_000_000, 3, 0]
            )
        stamped = await whole(hub, key, "timestamps=true&tail=1")
        stamp, _, line = stamped.all.partition(b" ")
        assert (len(stamp), stamp[-1:], line) == (30, b"Z", b"end\n")
        assert (await whole(hub, "app", "since=2100-01-01T00:00:00Z")).all == b""
        terminal = await whole(hub, "tty")
        assert terminal.events[0]["tty"] is True
        assert terminal.of("stdout") == b"out\r\nerr\r\n" + b"\0" * 40_000 + b"\r\n"
        stamps = (await whole(hub, "tty", "timestamps=true")).all.split(b"\r\n")
        assert [len(line) for line in stamps] == [34, 34, 40_031, 0]
        gone = await hub.call("GET", f"{LIST}/gone/logs")
        assert (gone.status, gone.code) == (404, "not_found")
        assert (await hub.call("GET", f"{LIST}/app/logs?tail=-1")).status == 422
        stranger = await hub.user("stranger", "operator")
        hidden = await hub.call("GET", f"{LIST}/app/logs", token=stranger)
        assert (hidden.status, hidden.code) == (404, "not_found")
    records = (await hub.ok("GET", "/audit?action=docker.logs"))["items"]
    assert [(one["user"], one["target"], one["outcome"]) for one in records[-2:]] == [
        ("admin", "web-1", "ok"), ("reader", "web-1", "ok"),
    ]  # fmt: skip
    assert records[-1]["detail"] == {"container": "app"}


async def test_a_log_is_followed_until_the_container_is_over(
    hub: TestHub, engine: RealEngine
) -> None:
    for name in ("stops", "goes"):
        engine.run(
            name, "/bin/sh", "-c", "echo up; while ! test -e /go; do sleep 0.1; done; echo d"
        )
    async with watched(hub, engine):
        async with opened(hub, "stops", "follow=true") as log:
            await log.read(b"up\n")
            engine.execute("stops", "/bin/touch", "/go")
            await log.read()
            assert (log.all, log.events[-1]) == (b"up\nd\n", {"event": "end"})
        async with opened(hub, "goes", "follow=true") as log:
            await log.read(b"up\n")
            with engine.client() as client:
                client.remove_container("goes", force=True)
            await log.read()
            assert log.events[-1] == {"event": "end"}
        await until_async(lambda: len(hub.services.feeds) == 0)


async def test_a_follower_that_sleeps_slows_only_itself_and_counts_as_gone_in_the_end(
    hub: TestHub, engine: RealEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.run("fast", "/bin/yes", "a line of a container that prints as fast as it can")
    async with watched(hub, engine):
        async with opened(hub, "fast", "follow=true") as log:
            await log.read(b"fast")
            (feed,) = hub.services.feeds._feeds
            stdout = feed._streams[0]
            # Nobody reads: the sockets fill, then the hub, then the agent, which reads no more.

            async def stands_still() -> bool:
                """Whether nothing comes from one sample to the next."""
                before, last = stdout._received, await sample_after(hub, "") or ""
                await until_async(lambda: sample_after(hub, last))
                return stdout._granted == stdout._received == before

            await until_async(stands_still, within=60)
            memory = psutil.Process().memory_info
            before, received = memory().rss, stdout._received
            assert await stands_still()
            assert [one["name"] for one in (await hub.ok("GET", LIST))["items"]] == ["fast"]
            assert stdout._received == received
            assert sum(len(data) for _, data in feed._queue) <= STREAM_CREDIT
            assert len(feed._queue) < 100
            assert memory().rss - before < 8 * MiB
        await until_async(lambda: len(hub.services.feeds) == 0)
        monkeypatch.setattr(run_stream, "WATCHER_STALL", 0.2)
        async with opened(hub, "fast", "follow=true"):
            await until_async(lambda: len(hub.services.feeds) == 0, within=60)


async def test_rights_that_end_end_the_log(hub: TestHub, engine: RealEngine) -> None:
    engine.run("app", "/bin/sh", "-c", "echo up; sleep 1000")
    async with watched(hub, engine) as reader, opened(hub, "app", "follow=true", reader) as log:
        await log.read(b"up\n")
        await hub.ok("DELETE", "/servers/web-1/shares/reader")
        await log.read()
        assert log.error[0] == "not_found"
        await until_async(lambda: len(hub.services.feeds) == 0)


async def test_a_log_says_that_its_agent_or_its_hub_is_gone(
    hub: TestHub, engine: RealEngine
) -> None:
    engine.run("app", "/bin/sh", "-c", "echo up; sleep 1000")
    async with AsyncExitStack() as stack:
        async with watched(hub, engine):
            stopped = await stack.enter_async_context(opened(hub, "app", "follow=true"))
            await stopped.read(b"up\n")
            hub.services.feeds.stop()
            await stopped.read()
            assert stopped.error == ("busy", "the hub is shutting down")
            log = await stack.enter_async_context(opened(hub, "app", "follow=true"))
            await log.read(b"up\n")
        await log.read()
        assert log.error == ("offline", "web-1 went offline: its agent's connection was lost")


async def test_a_log_says_that_its_engine_hangs_or_is_gone(
    hub: TestHub, engine: RealEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_stream, "QUIET", 0.5)
    monkeypatch.setattr(container_actions, "PATIENCE", 3.0)
    engine.run("app", "/bin/sh", "-c", "echo up; sleep 1000")
    async with AsyncExitStack() as stack:
        # An engine that was killed would leave its containers to nobody, so its socket goes.
        socket = engine.host.removeprefix("unix://")
        relay = await stack.enter_async_context(AsyncExitStack())
        _, path = await relay.enter_async_context(unix_relay(socket, tmp_path))
        await stack.enter_async_context(watched(hub, engine, host=f"unix://{path}"))
        hung = await stack.enter_async_context(opened(hub, "app", "follow=true"))
        await hung.read(b"up\n")
        with engine.hung():
            await hung.read()
        assert hung.error[0] == "timed_out"
        gone = await stack.enter_async_context(opened(hub, "app", "follow=true"))
        await gone.read(b"up\n")
        await relay.aclose()
        await gone.read()
        assert gone.error[0] == "conflict"
        assert "no container engine listens at" in gone.error[1]


async def test_policy_and_the_number_of_feeds_are_kept(
    tmp_path: Path, engine: RealEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "MAX_USER_FEEDS", 2)
    monkeypatch.setattr(agent_feeds.Feeds.__init__, "__defaults__", (1,))
    for name in ("app", "hidden"):
        engine.run(name, "/bin/sh", "-c", "echo up; sleep 1000")
    async with running_hub(tmp_path / "hub") as hub:
        async with watched(hub, engine, containers=["a.*"]):
            assert (await hub.call("GET", f"{LIST}/hidden/logs")).status == 404
            async with opened(hub, "app", "follow=true") as log:
                await log.read(b"up\n")
                busy = await hub.call("GET", f"{LIST}/app/logs")
                assert (busy.status, busy.code) == (503, "busy")
                assert "1 feeds at a time" in busy.body["error"]["message"]
                hub.services.feeds._places.take((await hub.ok("GET", "/auth/me"))["id"])
                many = await hub.call("GET", f"{LIST}/app/logs")
                assert (many.status, many.code) == (429, "too_many_requests")
        async with await hub.agent((await hub.server("old"))["key"]["key"]) as agent:
            await agent.expect("auth_success")
            old = await hub.call("GET", "/docker/old/containers/app/logs")
            assert (old.status, old.code) == (409, "conflict")
            assert "too old" in old.body["error"]["message"]
