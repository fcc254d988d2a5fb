"""Searches in the stored logs, over REST: who finds what."""

from __future__ import annotations

import time
from typing import Any

import pytest

from chatops.protocol.messages import Log, LogLine
from chatops.server.services import log_search
from tests.support.hub import StubAgent, TestHub


async def ship(agent: StubAgent, *lines: tuple[str, str], ago: float = 0.0) -> None:
    """Lines (level, message) of an agent, until the hub has committed them."""
    now = time.time() - ago
    entries = [
        LogLine(ts=now, level=level, message=text, seq=number)
        for number, (level, text) in enumerate(lines, 1)
    ]
    await agent.send(Log(source="/var/log/app.log", epoch=f"e{ago}", entries=entries))
    await agent.expect("log_ack")


async def found(hub: TestHub, query: str, **options: Any) -> list[str]:
    answer = await hub.ok("GET", f"/logs?query={query}", **options)
    return [one["message"] for one in answer["items"]]


async def test_lines_are_found_by_those_who_may_see_them(hub: TestHub) -> None:
    key = (await hub.server("web-1"))["key"]["key"]
    other = (await hub.server("db-1"))["key"]["key"]
    reader = await hub.user("reader", "viewer")
    await hub.ok("PUT", "/servers/web-1/shares", {"user": "reader", "role": "viewer"})
    async with await hub.agent(key) as agent, await hub.agent(other) as secret:
        await ship(agent, ("info", "a needle in the hay"), ("error", "a needle broke"))
        await ship(secret, ("info", "the secret needle"))
    newest_first = ["the secret needle", "a needle broke", "a needle in the hay"]
    assert await found(hub, "needle") == newest_first
    assert await found(hub, "needle", token=reader) == newest_first[1:]
    assert await found(hub, "NEEDLE&level=warning") == ["a needle broke"]
    assert await found(hub, "needle&target=db-1") == ["the secret needle"]
    assert await found(hub, "needle&target=all,!db-1") == newest_first[1:]
    (entry,) = (await hub.ok("GET", "/logs?query=hay"))["items"]
    assert list(entry) == ["server", "ts", "level", "source", "message"]
    assert (entry["server"], entry["source"]) == ("web-1", "/var/log/app.log")
    hidden = await hub.call("GET", "/logs?query=needle&target=db-1", token=reader)
    absent = await hub.call("GET", "/logs?query=needle&target=db-9", token=reader)
    assert (hidden.status, hidden.code) == (absent.status, absent.code) == (404, "not_found")
    everything = await hub.ok("GET", "/logs?target=web-1", token=reader)
    assert {"hub", "/var/log/app.log"} == {one["source"] for one in everything["items"]}


async def test_pages_spans_and_removed_lines(hub: TestHub) -> None:
    key = (await hub.server("web-1"))["key"]["key"]
    async with await hub.agent(key) as agent:
        await ship(agent, *(("info", f"line {number}") for number in range(5)))
        await ship(agent, ("info", "late line"), ago=3600.0)
    first = await hub.ok("GET", "/logs?query=line&limit=4")
    assert len(first["items"]) == 4
    rest = await hub.ok("GET", f"/logs?query=line&limit=4&cursor={first['next']}")
    assert (len(rest["items"]), rest["next"]) == (2, None)
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 600))
    assert "late line" not in await found(hub, f"line&since={since}")
    assert await found(hub, f"line&until={since}") == ["late line"]
    wrong = await hub.call("GET", "/logs?query=line&cursor=bad")
    assert (wrong.status, wrong.code) == (422, "invalid")


async def test_a_smaller_size_makes_room_and_the_newest_lines_stay(hub: TestHub) -> None:
    key = (await hub.server("web-1"))["key"]["key"]
    async with await hub.agent(key) as agent:
        for part in range(56):
            lines = [("info", f"part{part} " + f"word{n} " * 2000) for n in range(15)]
            await ship(agent, *lines, ago=float(part))
    assert len(await found(hub, "part0")) == 15
    await hub.ok("PUT", "/settings/logs_size", {"value": "10MB"})
    upkeep = hub.services.logs.upkeep
    await upkeep.once()
    assert 9_000_000 < upkeep.used <= 10_000_000
    assert await found(hub, "part0") == []
    assert len(await found(hub, "part55")) == 15


async def test_a_search_that_takes_too_long_is_stopped(
    hub: TestHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = (await hub.server("web-1"))["key"]["key"]
    async with await hub.agent(key) as agent:
        lines = [("info", f"common {number}") for number in range(1000)]
        for part in range(5):
            await ship(agent, *lines, ago=float(part))
        monkeypatch.setattr(log_search, "PATIENCE", 0.0)
        answer = await hub.call("GET", "/logs?query=common*&level=critical")
        assert (answer.status, answer.code) == (504, "timed_out")
        assert "rarer word" in answer.body["error"]["hint"]
        monkeypatch.setattr(log_search, "PATIENCE", 5.0)
        assert await found(hub, "common*&level=critical") == []
