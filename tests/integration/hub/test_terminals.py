"""Terminals over the hub's socket: who gets one, what is passed on, recorded and told; a stub agent
and a client that are played by hand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from chatops.errors import Busy
from chatops.protocol.client_messages import ClientAuth, OpenTerminal
from chatops.protocol.closing import MALFORMED, NOT_FOUND, NOT_PERMITTED
from chatops.protocol.facts import PolicyFacts
from chatops.protocol.features import CONTAINER_COMMANDS, TERMINALS
from chatops.protocol.frames import StreamFrame
from chatops.protocol.messages import Ping, Resize, StreamClose, StreamCredit
from chatops.server.crud import recordings
from chatops.server.housekeeping import Housekeeping
from tests.support.fleet import CommandAgent, attach
from tests.support.hub import StubAgent, TestHub
from tests.support.waiting import until_async

OPEN = OpenTerminal(rows=30, cols=90, term="xterm-256color")
ALLOWED = PolicyFacts(allow=["shell"])
DOCKER = PolicyFacts(allow=["docker"])
INSIDE = OpenTerminal(rows=30, cols=90, command="sh", container="app")


@asynccontextmanager
async def agent_of(
    hub: TestHub, *features: str, policy: PolicyFacts = ALLOWED
) -> AsyncIterator[CommandAgent]:
    """A new server ``web-1`` and its agent."""
    key = (await hub.server("web-1"))["key"]["key"]
    async with await hub.agent(key, features=list(features), policy=policy) as agent:
        await agent.expect("auth_success")
        yield CommandAgent(agent)


@asynccontextmanager
async def visitor(
    hub: TestHub, asked: OpenTerminal = OPEN, *, token: str | None = None
) -> AsyncIterator[StubAgent]:
    """A client that is let in and asks for a terminal on ``web-1``."""
    async with await hub.connect("/ws/terminal/web-1") as client:
        await client.send(ClientAuth(token=token or hub.admin))
        await client.expect("auth_success")
        await client.send(asked)
        yield client


async def event(client: StubAgent, name: str) -> Any:
    """The next command event of that name."""
    while True:
        data = (await client.expect("command_event"))["data"]
        if data["event"] == name:
            return data


async def printed(client: StubAgent) -> StreamFrame:
    """The next output; other frames are passed over."""
    while not isinstance(frame := await client.next(), StreamFrame):
        assert frame is not None
    return frame


def folder(hub: TestHub) -> Path:
    return hub.services.settings.folder / "recordings"


async def test_the_whole_of_a_terminal_is_passed_on_recorded_and_audited(hub: TestHub) -> None:
    async with agent_of(hub, TERMINALS) as one, visitor(hub) as client:
        await one.started()
        assert one.command["terminal"] == {
            "rows": 30, "cols": 90, "term": "xterm-256color", "login": True,
        }  # fmt: skip
        stdin = one.stream("stdin")
        await one.agent.send(StreamCredit(stream=stdin, credit=1000))
        await one.agent.send_stream(one.stream("stdout"), 0, b"$ \xff")
        assert (await printed(client)).data == b"$ \xff"
        await client.send_stream(0, 0, b"secret\r")
        while not isinstance(frame := await one.agent.next(), StreamFrame):
            assert frame is not None
        assert (frame.stream, frame.data) == (stdin, b"secret\r")
        await client.send(Resize(rows=40, cols=120))
        size = await one.agent.expect("resize")
        assert (size["id"], size["rows"], size["cols"]) == (one.command["id"], 40, 120)
        await client.send(StreamClose(stream=0, offset=7))
        closed = await one.agent.expect("stream_close")
        assert (closed["offset"], closed.get("reason", "eof")) == (7, "eof")
        await one.finished("cancelled", exit_code=None, signal=1, reason="hung_up",
                           stdout_bytes=3, duration_ms=90_000)  # fmt: skip
        result = (await event(client, "end"))["result"]
    assert (result["status"], result["signal"]) == ("cancelled", 1)
    (listed,) = (await hub.ok("GET", "/recordings"))["items"]
    assert listed["id"] == result["command_id"]
    assert (listed["server"], listed["user"], listed["command"]) == (
        "web-1",
        "admin",
        "login shell",
    )
    assert listed["duration_s"] == 90.0
    cast = (await hub.call("GET", f"/recordings/{listed['id']}/cast")).body
    assert len(cast) == listed["size"]
    head, *events = [json.loads(line) for line in cast.decode().splitlines()]
    assert (head["version"], head["width"], head["height"]) == (2, 90, 30)
    assert [one[1:] for one in events] == [["@", "3"], ["o", "$ \ufffd"], ["r", "120x40"]]
    assert "secret" not in cast.decode()
    assert oct(folder(hub).stat().st_mode)[-3:] == "700"
    audit = (await hub.ok("GET", "/audit?action=terminals."))["items"]
    assert [(one["action"], one["target"], one["outcome"]) for one in audit] == [
        ("terminals.close", "web-1", "cancelled"), ("terminals.open", "web-1", "queued"),
    ]  # fmt: skip


async def test_one_in_a_container_goes_where_and_as_whom_it_was_asked(hub: TestHub) -> None:
    asked = OpenTerminal(
        rows=30, cols=90, command=["sh"], container="app", user="bin", cwd="/tmp", env={"A": "b"},
        timeout=60.0,
    )  # fmt: skip
    async with (
        agent_of(hub, TERMINALS, CONTAINER_COMMANDS, policy=DOCKER) as one,
        visitor(hub, asked) as client,
    ):
        await one.started()
        said = [one.command[key] for key in ("container", "user", "cwd", "env", "timeout")]
        assert said == ["app", "bin", "/tmp", {"A": "b"}, 60.0]
        await one.finished()
        result = (await event(client, "end"))["result"]
    (listed,) = (await hub.ok("GET", "/recordings"))["items"]
    assert (listed["id"], listed["container"]) == (result["command_id"], "app")
    cast = (await hub.call("GET", f"/recordings/{listed['id']}/cast")).body
    head = json.loads(cast.decode().splitlines()[0])
    assert (head["title"], head["chatops"]["container"]) == ("admin on web-1 [app]: sh", "app")
    audit = (await hub.ok("GET", "/audit?action=terminals.open"))["items"][0]
    assert (audit["detail"]["container"], audit["detail"]["user"]) == ("app", "bin")


async def test_who_was_cut_off_comes_back_and_nobody_else_does(hub: TestHub) -> None:
    await hub.user("other", "admin")
    async with agent_of(hub, TERMINALS) as one:
        async with visitor(hub) as client:
            await one.started()
            await one.agent.send_stream(one.stream("stdout"), 0, b"hello world")
            await printed(client)
        assert (await one.agent.expect("stream_close"))["reason"] == "detached"
        back = OpenTerminal(rows=24, cols=80, command_id=one.command["id"], offset=6)
        async with visitor(hub, back, token=await hub.login("other")) as client:
            code, _ = await client.closed()
            assert code == NOT_FOUND.code
        async with visitor(hub, back) as client:
            rest = await printed(client)
            assert (rest.offset, rest.data) == (6, b"world")
            size = await one.agent.expect("resize")
            assert (size["rows"], size["redraw"]) == (24, True)
            assert (await one.agent.expect("stream_open"))["name"] == "stdin"


async def test_who_follows_somebody_elses_terminal_types_nothing_there(hub: TestHub) -> None:
    await hub.user("other", "admin")
    token = await hub.login("other")
    async with agent_of(hub, TERMINALS) as one, visitor(hub) as client:
        await one.started()
        await one.agent.send(StreamCredit(stream=one.stream("stdin"), credit=1000))
        await client.expect("stream_credit")
        await one.agent.send_stream(one.stream("stdout"), 0, b"$ ")
        watcher = await attach(hub, one.command["id"], token)
        assert (await printed(watcher.socket)).data == b"$ ", "what is printed may be seen"
        typist = await attach(hub, one.command["id"], token, stdin=True)
        assert (await typist.socket.closed())[0] == NOT_PERMITTED.code
        await client.send_stream(0, 0, b"ls\r")
        while not isinstance(frame := await one.agent.next(), StreamFrame):
            assert frame["type"] != "stream_open", "nobody takes it from who opened it"
        assert frame.data == b"ls\r"
    (denied,) = (await hub.ok("GET", "/audit?action=commands.attach"))["items"]
    assert (denied["user"], denied["outcome"], denied["target"]) == ("other", "denied", "web-1")


async def test_asked_again_with_the_same_key_it_is_the_same_terminal(hub: TestHub) -> None:
    asked = OpenTerminal(rows=24, cols=80, command="reboot", key="k")
    async with agent_of(hub, TERMINALS) as one:
        async with visitor(hub, asked) as client:
            await one.started()
            first = await event(client, "start")
        async with visitor(hub, asked) as client:
            assert (await event(client, "start"))["command_id"] == first["command_id"]
    assert len((await hub.ok("GET", "/commands"))["items"]) == 1


@pytest.mark.parametrize(
    ("features", "policy", "asked", "why"),
    [
        ([], ALLOWED, OPEN, "too old to open terminals"),
        ([TERMINALS], PolicyFacts(allow=["exec"]), OPEN, "--allow shell"),
        ([CONTAINER_COMMANDS], DOCKER, INSIDE, "too old to open terminals"),
        ([TERMINALS, CONTAINER_COMMANDS], ALLOWED, INSIDE, "--allow docker"),
    ],
)
async def test_an_agent_that_opens_none_is_not_asked_and_nothing_is_recorded(
    hub: TestHub, features: list[str], policy: PolicyFacts, asked: OpenTerminal, why: str
) -> None:
    async with agent_of(hub, *features, policy=policy), visitor(hub, asked) as client:
        result = (await event(client, "end"))["result"]
        assert (result["status"], why in result["error"]) == ("refused", True)
    assert (await hub.ok("GET", "/recordings"))["items"] == []
    assert list(folder(hub).iterdir()) == []
    newest = (await hub.ok("GET", "/audit?action=terminals.open"))["items"][0]
    assert (newest["outcome"], why in newest["detail"]["error"]) == ("refused", True)


async def test_what_cannot_be_recorded_is_not_opened(hub: TestHub) -> None:
    folder(hub).rmdir()
    async with agent_of(hub, TERMINALS), visitor(hub) as client:
        result = (await event(client, "end"))["result"]
        assert result["status"] == "refused"
        assert result["error"] == "the terminal cannot be recorded: No such file or directory"
    assert (await hub.ok("GET", "/recordings"))["items"] == []
    folder(hub).mkdir(mode=0o700)


async def test_where_a_recording_cannot_be_written_down_now_nothing_is_opened_or_left_waiting(
    hub: TestHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> None:
        raise Busy("the disk is full")

    monkeypatch.setattr(recordings, "create", busy)
    async with agent_of(hub, TERMINALS), visitor(hub) as client:
        result = (await event(client, "end"))["result"]
        assert result["status"] == "refused"
        assert result["error"] == "the terminal cannot be recorded: the disk is full"
    (listed,) = (await hub.ok("GET", "/commands"))["items"]
    assert listed["status"] == "refused"


async def test_a_recording_that_is_full_ends_its_terminal(hub: TestHub) -> None:
    await hub.ok("PUT", "/settings/recording_limit", {"value": "64KiB"})
    async with agent_of(hub, TERMINALS) as one, visitor(hub) as client:
        await one.started()
        await one.agent.send_stream(one.stream("stdout"), 0, b"x" * 60_000)
        await one.agent.send_stream(one.stream("stdout"), 60_000, b"x" * 5500)
        assert (await one.agent.expect("command_cancel"))["id"] == one.command["id"]
        await one.finished("cancelled", exit_code=None, signal=1, stdout_bytes=65_500)
        result = (await event(client, "end"))["result"]
        assert "could not be recorded any more" in result["error"]


async def test_a_right_that_is_taken_back_ends_it(hub: TestHub) -> None:
    await hub.user("ada", "operator")
    async with agent_of(hub, TERMINALS) as one:
        await hub.ok("PUT", "/servers/web-1/shares", {"user": "ada", "role": "operator"})
        async with visitor(hub, token=await hub.login("ada")) as client:
            await one.started()
            await hub.ok("DELETE", "/servers/web-1/shares/ada")
            await one.agent.expect("command_cancel")
            code, _ = await client.closed()
            assert code == NOT_FOUND.code


async def test_one_that_is_about_to_be_opened_is_not_by_a_right_that_was_taken_back(
    hub: TestHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    recordings = hub.services.recordings
    begin, begun, go_on = recordings.begin, asyncio.Event(), asyncio.Event()

    async def slowly(*args: Any) -> None:
        await begin(*args)
        begun.set()
        await go_on.wait()

    monkeypatch.setattr(recordings, "begin", slowly)
    await hub.user("ada", "operator")
    async with agent_of(hub, TERMINALS) as one:
        await hub.ok("PUT", "/servers/web-1/shares", {"user": "ada", "role": "operator"})
        async with visitor(hub, token=await hub.login("ada")) as client:
            await begun.wait()
            await hub.ok("DELETE", "/servers/web-1/shares/ada")
            assert (await client.closed())[0] == NOT_FOUND.code
        go_on.set()

        async def over() -> bool:
            (listed,) = (await hub.ok("GET", "/commands"))["items"]
            return bool(listed["status"] == "cancelled")

        await until_async(over, what="its end")
        await one.agent.send(Ping(id=1))
        while (said := await one.agent.next())["type"] != "pong":
            assert said["type"] != "command", "it was opened"


async def test_a_recording_goes_with_its_time_and_with_its_server(hub: TestHub) -> None:
    async with agent_of(hub, TERMINALS) as one, visitor(hub) as client:
        await one.play("succeeded", b"out")
        await event(client, "end")
    assert len(list(folder(hub).iterdir())) == 1
    await hub.services.recordings.purge(0.0, 10)
    await hub.services.recordings.sweep()
    assert len(list(folder(hub).iterdir())) == 1
    await hub.ok("DELETE", "/servers/web-1")
    await hub.services.recordings.sweep()
    assert list(folder(hub).iterdir()) == []


async def test_a_folder_that_cannot_be_swept_ends_no_housekeeping(hub: TestHub) -> None:
    stray = folder(hub) / "stray.cast"
    stray.mkdir()
    keeping = Housekeeping(hub.services, hub.hub.fleet)
    await keeping.once()
    stray.rmdir()
    folder(hub).rmdir()
    hub.services.servers.removed.add("gone")
    await keeping.once()
    assert not hub.services.servers.removed, "what comes after it is done, too"
    folder(hub).mkdir(mode=0o700)


@pytest.mark.parametrize(
    "asked",
    [
        {"rows": 0, "cols": 80},
        {"rows": 24, "cols": 80, "term": "a b"},
        {"rows": 24, "cols": 80, "container": "app"},
        {"rows": 24, "cols": 80, "command": "id", "user": "bin"},
    ],
)
async def test_what_is_no_terminal_is_refused(hub: TestHub, asked: dict[str, Any]) -> None:
    async with agent_of(hub, TERMINALS), await hub.connect("/ws/terminal/web-1") as client:
        await client.send(ClientAuth(token=hub.admin))
        await client.expect("auth_success")
        await client.send_json({"type": "terminal", **asked})
        code, _ = await client.closed()
        assert code == MALFORMED.code
