"""/ws/logs and /ws/logs/{server}: stored lines and those that come, each once, as rights allow."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from chatops.protocol.messages import Log, LogLine
from chatops.server.crud.log_entries import delete_before
from chatops.server.services import log_reading, log_stream
from chatops.server.ws import looking
from chatops.tasks import Tasks
from tests.support.hub import StubAgent, TestHub, running_hub
from tests.support.waiting import until_async


@asynccontextmanager
async def agent_of(hub: TestHub, name: str, **fields: Any) -> AsyncIterator[StubAgent]:
    made = await hub.server(name, **fields)
    async with await hub.agent(made["key"]["key"]) as agent:
        await agent.expect("auth_success")
        yield agent


async def ship(agent: StubAgent, *lines: str, level: str = "info", first: int = 1) -> None:
    """Lines of an agent, until the hub has committed them."""
    entries = [
        LogLine(ts=time.time(), level=level, message=text, seq=number)
        for number, text in enumerate(lines, first)
    ]
    epoch = f"{level} {first}"
    await agent.send(Log(source="app.log", epoch=epoch, entries=entries))
    await agent.expect("log_ack")


@asynccontextmanager
async def tailing(
    hub: TestHub, target: str, token: str | None = "admin", **more: Any
) -> AsyncIterator[StubAgent]:
    async with await hub.subscribe("logs", token) as reader:
        await reader.expect("auth_success")
        await reader.send_json({"type": "tail", "target": target, **more})
        yield reader


async def page(reader: StubAgent) -> Any:
    return (await reader.expect("logs"))["data"]


async def read(reader: StubAgent, last: str, *, source: str = "app.log") -> tuple[list[str], int]:
    """Messages until one, and the place behind the page that it came with."""
    found: list[str] = []
    while True:
        data = await page(reader)
        assert "left_out" not in data
        found += [one["message"] for one in data["entries"] if one["source"] == source]
        if last in found:
            return found, data["after"]


async def test_history_and_what_comes_have_no_seam_and_a_place_to_go_on_from(hub: TestHub) -> None:
    """While two servers write, a reader comes and goes: it has each of their lines once."""
    counts = {"web-1": 0, "web-2": 0}
    stop = asyncio.Event()

    async def write(name: str, agent: StubAgent) -> None:
        while not stop.is_set():
            begin = counts[name]
            texts = [f"{name} {number}" for number in range(begin, begin + 20)]
            await ship(agent, *texts, first=begin + 1)
            counts[name] = begin + 20

    found: list[str] = []
    async with agent_of(hub, "web-1") as one, agent_of(hub, "web-2") as two, Tasks() as tasks:
        writers = [tasks.spawn(write("web-1", one), name="w1"),
                   tasks.spawn(write("web-2", two), name="w2")]  # fmt: skip
        await until_async(lambda: min(counts.values()) >= 100)
        after: int | None = None
        for _ in range(6):
            async with tailing(hub, "web-*", lines=1_000_000, after=after) as reader:
                for _ in range(3):
                    data = await page(reader)
                    after = data["after"]
                    found += [one["message"] for one in data["entries"] if one["source"] != "hub"]
        stop.set()
        await asyncio.gather(*writers)
        async with tailing(hub, "web-*", after=after) as reader:
            wanted = {f"{name} {count - 1}" for name, count in counts.items()}
            while not wanted <= set(found):
                found += [one["message"] for one in (await page(reader))["entries"]]
    for name, count in counts.items():
        assert [one for one in found if one.startswith(name)] == [
            f"{name} {number}" for number in range(count)
        ]


async def test_the_last_lines_of_a_level_and_a_pattern(hub: TestHub) -> None:
    async with agent_of(hub, "web-1") as web, agent_of(hub, "db-1") as db:
        await ship(web, *(f"request {number} refused" for number in range(30)), level="error")
        await ship(db, "request 30 refused", level="critical")
        await ship(web, "request 31 refused", "request 32 done")
        wanted = {"lines": 3, "level": "warning", "grep": "request [0-9]+ refused", "follow": False}
        async with tailing(hub, "all", **wanted) as reader:
            code, frames = await reader.closed()
        async with tailing(hub, "all", **wanted | {"lines": 0, "follow": True}) as reader:
            assert (await page(reader))["entries"] == []
            await ship(web, "request 33 refused", "request 34 done", level="error", first=50)
            assert (await read(reader, "request 33 refused"))[0] == ["request 33 refused"]
    entries = [
        one for frame in frames if frame["type"] == "logs" for one in frame["data"]["entries"]
    ]
    assert [(one["server"], one["message"]) for one in entries] == [
        ("web-1", "request 28 refused"),
        ("web-1", "request 29 refused"),
        ("db-1", "request 30 refused"),
    ]
    assert list(entries[0]) == ["server", "ts", "level", "source", "message"]
    assert (code, frames[-1]["code"]) == (1000, "done")


async def test_nobody_reads_what_is_not_for_him(hub: TestHub) -> None:
    """A share that is taken away ends the stream of that server at once, and of no other."""
    ann = await hub.user("ann", "viewer")
    async with (
        agent_of(hub, "web-1") as web,
        agent_of(hub, "web-2") as other,
        agent_of(hub, "secret") as secret,
    ):
        for name in ("web-1", "web-2"):
            await hub.ok("PUT", f"/servers/{name}/shares", {"user": "ann", "role": "viewer"})
        await ship(secret, "a secret")
        async with tailing(hub, "all", ann) as reader, tailing(hub, "web-1", ann) as single:
            await ship(web, "for ann")
            assert (await read(reader, "for ann"))[0] == ["for ann"]
            await hub.ok("DELETE", "/servers/web-1/shares/ann")
            await ship(web, "not for ann", first=10)
            await ship(other, "for ann again")
            assert (await read(reader, "for ann again"))[0] == ["for ann again"]
            code, frames = await single.closed()
            assert (code, frames[-1]["code"]) == (4015, "not_found")
            assert "not for ann" not in str(frames)
            await hub.ok("PATCH", "/users/ann", {"disabled": True})
            assert (await reader.closed())[0] == 4014
    await until_async(lambda: len(hub.services.subscribers) == 0, what="the readers' end")


@pytest.mark.parametrize("target", ["secret", "no-such", "s*", "web-1,secret"])
async def test_what_one_may_not_see_is_not_there(hub: TestHub, target: str) -> None:
    ann = await hub.user("ann", "viewer")
    await hub.server("secret")
    await hub.server("web-1")
    await hub.ok("PUT", "/servers/web-1/shares", {"user": "ann", "role": "viewer"})
    async with tailing(hub, target, ann) as reader:
        code, frames = await reader.closed()
    assert (code, frames[-1]["code"]) == (4015, "not_found")


async def test_a_server_that_comes_is_read_and_one_that_goes_is_not(
    hub: TestHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "FLEET_LOOK", 0.05)
    async with (
        agent_of(hub, "web-1", tags={"env": "prod"}),
        tailing(hub, "tag:env=prod") as reader,
        tailing(hub, "web-1") as single,
    ):
        await page(single)
        async with agent_of(hub, "web-2", tags={"env": "prod"}) as late:
            await ship(late, "I am new")  # maybe before it was looked again which servers there are
            found, _ = await read(reader, "I am new")
            await ship(late, "I was new", first=10)
            found += (await read(reader, "I was new"))[0]
        assert found == ["I am new", "I was new"]
        await hub.ok("DELETE", "/servers/web-1")
        assert (await single.closed())[0] == 4015
        await hub.ok("DELETE", "/servers/web-2")
        while not (await page(reader)).get("none"):
            pass


async def test_a_reader_that_does_not_read_delays_nobody_and_misses_nothing(tmp_path: Path) -> None:
    async with (
        running_hub(tmp_path / "hub", subscriber_buffer=64 * 1024) as hub,
        agent_of(hub, "web-1") as agent,
        tailing(hub, "all") as slow,
    ):
        await page(slow)
        (tail,) = hub.services.subscribers.tails._all
        slow.socket.transport.pause_reading()
        texts = [f"{number} ".ljust(8000, "x") for number in range(3000)]
        for begin in range(0, 3000, 5):
            await ship(agent, *texts[begin : begin + 5], first=begin + 1)
        assert tail.connection._bytes < 1024 * 1024  # type: ignore[attr-defined]
        slow.socket.transport.resume_reading()
        assert (await read(slow, texts[-1]))[0] == texts


async def test_who_is_too_far_behind_is_told_what_was_left_out(
    hub: TestHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_reading, "BEHIND", 10)
    async with agent_of(hub, "web-1") as agent, agent_of(hub, "db-1") as other:
        await hub.services.logs.flush()  # that they have come
        async with tailing(hub, "web-1") as reader:
            after = (await page(reader))["after"]
        await ship(agent, *(f"line {number}" for number in range(40)))
        await ship(other, "between")
        await ship(agent, "the last", first=100)
        async with tailing(hub, "web-1", after=after) as reader:
            data = await page(reader)
        async with await hub.subscribe(f"logs/web-1?after={after}") as single:
            assert (await single.expect("dropped"))["data"] == {"count": 32}
            assert (await single.expect("log"))["data"]["message"] == "line 32"
    assert data["left_out"] == 32
    assert [one["message"] for one in data["entries"]] == [
        *(f"line {number}" for number in range(32, 40)), "the last",
    ]  # fmt: skip


async def test_what_is_not_kept_any_more_is_told(hub: TestHub) -> None:
    async with agent_of(hub, "web-1") as agent:
        await ship(agent, *(f"line {number}" for number in range(10)))
        async with tailing(hub, "web-1", after=999) as reader:
            assert "earlier state" in (await page(reader))["gap"]
        async with await hub.subscribe("logs/web-1?after=999") as single:
            dropped = (await single.expect("dropped"))["data"]
        logs = hub.services.logs._database
        assert await logs.transact(lambda tx: delete_before(tx, 6, 9)) == 5
        async with tailing(hub, "web-1", after=2) as reader:
            data = await page(reader)
    assert (dropped["count"], "earlier state" in dropped["gap"]) == (0, True)
    assert "so old" in data["gap"]
    assert len(data["entries"]) >= 5


async def test_looking_back_has_an_end_that_is_told(
    hub: TestHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_reading, "STEP", 0.0)
    monkeypatch.setattr(log_stream, "PATIENCE", 0.0)
    async with agent_of(hub, "web-1") as agent:
        await ship(agent, "a needle", "hay", "hay", "hay")
        async with tailing(hub, "web-1", grep="needle") as reader:
            assert (await page(reader)).get("since") is not None
        monkeypatch.setattr(log_stream, "PATIENCE", 60.0)
        async with tailing(hub, "web-1", grep="needle") as reader:
            await read(reader, "a needle")


async def test_one_server_by_its_path(hub: TestHub) -> None:
    async with agent_of(hub, "web-1") as agent:
        await ship(agent, "one", "two", "three", level="error")
        async with await hub.subscribe("logs/web-1?n=2&level=error") as reader:
            assert (await reader.expect("auth_success"))["server_id"] is not None
            first = await reader.expect("log")
            assert (await reader.expect("log"))["data"]["message"] == "three"
            await ship(agent, "not so bad")
            await ship(agent, "four", level="error", first=20)
            assert (await reader.expect("log"))["data"]["message"] == "four"
        assert first["data"]["message"] == "two"
        async with await hub.subscribe(f"logs/web-1?after={first['id']}") as reader:
            assert (await reader.expect("log"))["data"]["message"] == "three"
        for query in ("n=-1", "level=loud", "x=1", "grep=("):
            async with await hub.subscribe(f"logs/web-1?{query}") as reader:
                assert (await reader.closed())[0] == 4001


async def test_a_page_of_many_frames_is_sent_whole(hub: TestHub) -> None:
    """Six times as long as its text, as what is no text is written out: more than may wait."""
    texts = [f"{number} ".ljust(1000, "\x1b") for number in range(100)]
    async with agent_of(hub, "web-1") as agent:
        await ship(agent, *texts)
        await hub.services.logs.flush()
        async with await hub.subscribe("logs/web-1?level=info&grep=%1b") as reader:
            found = [(await reader.expect("log"))["data"]["message"] for _ in texts]
    assert found == texts


@pytest.mark.parametrize(
    "wrong",
    [{"target": ""}, {"target": "all", "grep": "(?=x)"}, {"target": "all", "grep": "x" * 1001}],
)
async def test_what_there_is_not_is_refused(hub: TestHub, wrong: dict[str, Any]) -> None:
    await hub.server("web-1")
    async with tailing(hub, **wrong) as reader:
        assert (await reader.expect("error"))["code"] == "invalid"
        for _ in range(2):
            await reader.send_json({"type": "tail", "target": "web-1"})
        assert (await reader.expect("error"))["message"] == "a socket has one tail"
