"""Files and journals of a target over REST: who may read them, and what is on record."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chatops.protocol.facts import PolicyFacts
from chatops.protocol.frames import FrameReader, StreamFrame
from tests.support.agents import local_agent
from tests.support.hub import TestHub
from tests.support.waiting import until_async


class Read:
    """What came of an answer: the bytes of each stream, and the events around them."""

    def __init__(self, response: Any) -> None:
        self.streams: dict[int, bytes] = {}
        self.events: list[Any] = []
        self._response = response
        self._reader = FrameReader()

    async def read(self, until: bytes | None = None) -> None:
        async for data in self._response.content.iter_any():
            for frame in self._reader.feed(data):
                if isinstance(frame, StreamFrame):
                    self.streams.setdefault(frame.stream, b"")
                    self.streams[frame.stream] += frame.data
                else:
                    self.events.append(msgspec.json.decode(frame))
            if until is not None and until in self.streams.get(1, b""):
                return
        assert until is None, f"{until!r} never came, but {self.events}"


@asynccontextmanager
async def opened(hub: TestHub, query: str, token: str | None = None) -> AsyncIterator[Read]:
    headers = {"Authorization": f"Bearer {token or hub.admin}"}
    async with hub.http.get(f"{hub.url}/api/v1/logs/web-1/{query}", headers=headers) as response:
        assert response.status == 200, await response.text()
        yield Read(response)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    (tmp_path / "logs").mkdir()
    made = tmp_path / "logs" / "app.log"
    made.write_bytes(b"one\ntwo\xff\0\n")
    return made


@pytest.fixture
async def place(hub: TestHub, log: Path) -> AsyncIterator[TestHub]:
    """A hub with web-1, whose agent lets files be read in one folder."""
    made = await hub.server("web-1")
    policy = {"allow": ["files"], "files": {"folders": [str(log.parent)], "units": ["shop.*"]}}
    async with local_agent("", join=made["key"]["join"], policy=policy):
        await hub.wait_status("web-1", "online")
        yield hub


async def test_operators_read_what_the_policy_holds_and_all_of_it_is_on_record(
    place: TestHub, log: Path
) -> None:
    hub = place
    ada, eve = await hub.user("ada", "operator"), await hub.user("eve", "viewer")
    for name, role in (("ada", "operator"), ("eve", "viewer")):
        await hub.ok("PUT", "/servers/web-1/shares", {"user": name, "role": role})
    stranger = await hub.user("bob", "operator")
    async with opened(hub, f"file?path={log}&lines=1", ada) as answer:
        await answer.read()
    assert answer.events == [
        {"event": "start", "server": "web-1", "name": str(log), "data": 1, "marks": 2},
        {"event": "end"},
    ]
    assert answer.streams[1] == b"two\xff\0\n"
    (mark,) = answer.streams[2].splitlines()
    assert set(msgspec.json.decode(mark)) == {"place", "file"}
    outside = await hub.call("GET", "/logs/web-1/file?path=/etc/passwd", token=ada)
    assert (outside.status, outside.code) == (403, "refused")
    assert "files.folders does not hold it" in outside.body["error"]["message"]
    unit = await hub.call("GET", "/logs/web-1/unit?unit=ssh", token=ada)
    assert "files.units does not name ssh.service" in unit.body["error"]["message"]
    missing = await hub.call("GET", f"/logs/web-1/file?path={log}.9", token=ada)
    assert (missing.status, missing.code) == (404, "not_found")
    looking = await hub.call("GET", f"/logs/web-1/file?path={log}", token=eve)
    assert (looking.status, looking.code) == (403, "not_permitted")
    hidden = await hub.call("GET", f"/logs/web-1/file?path={log}", token=stranger)
    assert (hidden.status, hidden.code) == (404, "not_found")
    for query in ("path=", f"path={log}&lines=-1", "", f"path={log}&place={'x' * 4097}"):
        assert (await hub.call("GET", f"/logs/web-1/file?{query}", token=ada)).status == 422
    for query in (f"path=x{log}", f"path={log.parent}", f"path={log}&place=nonsense"):
        assert (await hub.call("GET", f"/logs/web-1/file?{query}", token=ada)).code == "invalid"
    records = (await hub.ok("GET", "/audit?action=logs"))["items"][::-1]
    assert [(one["action"], one["user"], one["outcome"]) for one in records[:5]] == [
        ("logs.file", "ada", "ok"), ("logs.file", "ada", "refused"),
        ("logs.unit", "ada", "refused"), ("logs.file", "ada", "failed"),
        ("logs.file", "eve", "denied"),
    ]  # fmt: skip
    assert {one["target"] for one in records} == {"web-1"}
    assert records[0]["detail"] == {"path": str(log)}
    assert records[1]["detail"]["path"] == "/etc/passwd"
    assert records[4]["detail"] == {"path": str(log)}


async def test_a_followed_file_ends_with_the_rights_to_it(place: TestHub, log: Path) -> None:
    hub = place
    ada = await hub.user("ada", "operator")
    await hub.ok("PUT", "/servers/web-1/shares", {"user": "ada", "role": "operator"})
    async with opened(hub, f"file?path={log}&lines=0&follow=true", ada) as answer:
        with log.open("ab") as file:
            file.write(b"three\n")
        await answer.read(b"three\n")
        await hub.ok("PUT", "/servers/web-1/shares", {"user": "ada", "role": "viewer"})
        await answer.read()
        assert answer.events[-1]["error"]["code"] == "not_found"
        assert answer.streams[1] == b"three\n"
    await until_async(lambda: len(hub.services.feeds) == 0)


async def test_agents_that_may_not_or_cannot_are_not_asked(hub: TestHub) -> None:
    key = (await hub.server("web-1"))["key"]["key"]
    async with await hub.agent(key) as agent:
        await agent.expect("auth_success")
        closed = await hub.call("GET", "/logs/web-1/file?path=/x")
        assert (closed.status, closed.code) == (403, "refused")
        assert "--allow files" in closed.body["error"]["message"]
    async with await hub.agent(key, policy=PolicyFacts(allow=["files"])) as agent:
        await agent.expect("auth_success")
        old = await hub.call("GET", "/logs/web-1/unit?unit=x")
        assert (old.status, old.code) == (409, "conflict")
        assert "too old" in old.body["error"]["message"]
