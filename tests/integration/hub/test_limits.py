"""What strangers can take of the hub is bounded, and leaves room for everybody else."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest

from chatops.protocol.facts import ExecFacts, PolicyFacts
from chatops.protocol.limits import MAX_AGENT_FRAME, MAX_FIRST_BYTES
from chatops.server import http, listener
from chatops.server.ws import sockets
from chatops.tasks import Tasks
from tests.support.fleet import attach, fleet
from tests.support.hub import TestHub, metrics_message, running_hub
from tests.support.strangers import UPGRADE, Stranger, connect, strangers
from tests.support.waiting import until_async

A, B, C = "127.0.0.11", "127.0.0.12", "127.0.0.13"
FEW = {"stranger_limit": 8, "address_stranger_limit": 4}


async def test_one_address_cannot_keep_others_out(tmp_path: Path) -> None:
    """A takes more than its share; B and C get in all the same, and so does A's one good request
    once the silent ones are stale."""
    async with (
        running_hub(tmp_path / "hub", **FEW) as hub,
        strangers(hub.url, *[A] * 12) as silent,
    ):
        refused = await asyncio.gather(*(one.heard() for one in silent[4:]))
        assert {answer.split(b" ")[1] for answer in refused} == {b"429"}
        async with strangers(hub.url, B, C) as others:
            assert [await one.ask("/health") for one in others] == [200, 200]

        async def let_in() -> bool:
            async with strangers(hub.url, A) as (one,):
                one.say("GET /api/v1/health HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n")
                return (await one.heard()).startswith(b"HTTP/1.1 200 ")

        assert await until_async(let_in)


async def test_who_is_refused_is_told_when_to_come_again(tmp_path: Path) -> None:
    async with running_hub(tmp_path / "hub", **FEW) as hub, strangers(hub.url, *[A] * 5) as made:
        answer = await made[-1].heard()
    assert answer.startswith(b"HTTP/1.1 429 ")
    assert b"\r\nRetry-After: 2\r\n" in answer
    assert b'"code":"too_many_requests"' in answer


async def test_many_addresses_share_what_there_is(tmp_path: Path) -> None:
    """Two addresses fill all places; a third takes the place of who has waited longest."""
    async with (
        running_hub(tmp_path / "hub", **FEW) as hub,
        strangers(hub.url, *[A] * 4, *[B] * 4) as made,
        strangers(hub.url, C) as (newcomer,),
    ):
        assert await newcomer.ask("/health") == 200
        await until_async(lambda: any(one.cut() for one in made), what="room for the newcomer")
        assert [one.cut() for one in made].count(True) == 1


async def test_who_has_signed_in_keeps_its_place(tmp_path: Path) -> None:
    async with (
        running_hub(tmp_path / "hub", **FEW) as hub,
        strangers(hub.url, A, A) as (known, unknown),
    ):
        assert await known.ask("/servers", hub.admin) == 200
        assert await unknown.ask("/health") == 200
        async with strangers(hub.url, *[B] * 4, *[C] * 4, "127.0.0.14", "127.0.0.15") as _:
            assert await known.ask("/servers", hub.admin) == 200


async def test_all_connections_are_bounded(tmp_path: Path) -> None:
    """16 in all: the test's own, and 15 that are signed in; the next one is answered 503."""
    async with running_hub(tmp_path / "hub", connection_limit=16) as hub:
        async with AsyncExitStack() as stack:
            for number in range(1, 16):
                (one,) = await stack.enter_async_context(strangers(hub.url, f"127.0.1.{number}"))
                assert await one.ask("/servers", hub.admin) == 200
            async with strangers(hub.url, A) as (late,):
                answer = await late.heard()
            assert answer.startswith(b"HTTP/1.1 503 ")
            assert b"\r\nRetry-After: 1\r\n" in answer
            assert await one.ask("/servers", hub.admin) == 200
        async with strangers(hub.url, A) as (late,):
            assert await late.ask("/health") == 200


async def test_one_addresses_connections_are_bounded(tmp_path: Path) -> None:
    async with (
        running_hub(tmp_path / "hub", address_connection_limit=8) as hub,
        strangers(hub.url, *[A] * 8) as known,
    ):
        for one in known:
            assert await one.ask("/servers", hub.admin) == 200
        async with strangers(hub.url, A, B) as (refused, other):
            assert (await refused.heard()).startswith(b"HTTP/1.1 429 ")
            assert await other.ask("/health") == 200


@pytest.mark.parametrize("said", ["", "GET /api/v1/health HTTP/1.1\r\nHost: h"])
async def test_a_head_that_does_not_come_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    monkeypatch.setattr(http, "HEAD_TIMEOUT", 0.3)
    async with running_hub(tmp_path / "hub") as hub, strangers(hub.url, A, B) as (slow, quick):
        slow.say(said)
        assert await quick.ask("/health") == 200
        assert await slow.heard() == b""
        assert await quick.ask("/health") == 200  # it has time for the next request


@pytest.mark.parametrize("said", [b"", b"\x16\x03\x01\x02\x00\x01\x00\x01"])
async def test_a_handshake_that_does_not_end_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    monkeypatch.setattr(listener, "HANDSHAKE_TIMEOUT", 0.3)
    async with running_hub(tmp_path / "hub", tls_self_signed=True) as hub:
        async with strangers(hub.url, A) as (half_open,):
            half_open.writer.write(said)
            await half_open.heard()
        assert (await hub.call("GET", "/health", token=None)).status == 200


async def test_half_open_handshakes_count_as_strangers(tmp_path: Path) -> None:
    async with (
        running_hub(tmp_path / "hub", tls_self_signed=True, **FEW) as hub,
        strangers(hub.url, *[A] * 4, *[B] * 4) as made,
    ):
        async with strangers(hub.url, *[A] * 4) as refused:
            for one in refused:
                assert await one.heard() == b""
        connector = aiohttp.TCPConnector(ssl=False, local_addr=(C, 0))
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.get(f"{hub.url}/api/v1/health") as answer,
        ):
            assert answer.status == 200
        assert sum(one.cut() for one in made) == 1


async def test_sockets_before_their_first_frame_are_bounded_by_whom_a_proxy_names(
    tmp_path: Path,
) -> None:
    async with running_hub(tmp_path / "hub", trusted_proxy=("127.0.0.1",), **FEW) as hub:
        key = (await hub.server("web-1"))["key"]["key"]
        async with strangers(hub.url, *["127.0.0.1"] * 6) as made:
            for one, client in zip(made, ["192.0.2.1"] * 5 + ["192.0.2.2"], strict=True):
                head = UPGRADE.replace("\r\n\r\n", f"\r\nX-Forwarded-For: {client}\r\n\r\n")
                one.say(head)
                line = await one.reader.readline()
                assert line.split(b" ")[1] == (b"429" if one is made[4] else b"101")
            async with await hub.agent(key) as agent:
                await agent.expect("auth_success")


async def test_silent_sockets_make_room_for_agents(tmp_path: Path) -> None:
    async with running_hub(tmp_path / "hub", **FEW) as hub:
        key = (await hub.server("web-1"))["key"]["key"]
        async with strangers(hub.url, *[A] * 4, *[B] * 4) as made:
            for one in made:
                one.say(UPGRADE)
                assert b" 101 " in await one.reader.readline()
            async with await hub.agent(key) as agent:
                await agent.expect("auth_success")


@pytest.mark.parametrize("path", ["/agents/ws", "/ws/metrics/web-1", "/ws/logs/web-1"])
async def test_requests_that_are_no_upgrade_take_no_sockets_place(
    tmp_path: Path, path: str
) -> None:
    async with running_hub(tmp_path / "hub", **FEW) as hub:
        for _ in range(10):
            answer = await hub.call("GET", path, token=None)
            assert (answer.status, answer.code) == (400, "malformed")
        assert "WebSocket" in answer.body["error"]["message"]
        key = (await hub.server("web-1"))["key"]["key"]
        async with await hub.agent(key) as agent:
            await agent.expect("auth_success")


async def test_requests_that_are_being_answered_are_bounded(tmp_path: Path) -> None:
    async with (
        running_hub(tmp_path / "hub", open_request_limit=1) as hub,
        fleet(hub, "web-1") as (one,),
        Tasks() as tasks,
    ):
        body = {"target": "web-1", "command": "x"}
        tasks.spawn(hub.call("POST", "/commands", body), name="waits for its command")
        await until_async(lambda: len(hub.services.open_requests) == 1)
        refused = await hub.call("GET", "/servers")
        assert (refused.status, refused.code) == (429, "too_many_requests")
        assert int(refused.headers["Retry-After"]) >= 1
        await one.started()
        await one.finished()
        await tasks.finished()
        assert (await hub.call("GET", "/servers")).status == 200


async def test_one_accounts_subscriptions_are_bounded(tmp_path: Path) -> None:
    async with running_hub(tmp_path / "hub", subscription_limit=2) as hub:
        await hub.server("web-1")
        other = await hub.user("ann", "admin")
        made = [await hub.subscribe("metrics/web-1") for _ in range(2)]
        for socket in made:
            await socket.expect("auth_success")
        async with await hub.subscribe("metrics/web-1") as one_more:
            code, frames = await one_more.closed()
            assert (code, frames[-1]["code"]) == (4017, "too_many")
        async with await hub.subscribe("metrics/web-1", other) as hers:
            await hers.expect("auth_success")
        for socket in made:
            await socket.close()

        async def again() -> bool:
            async with await hub.subscribe("metrics/web-1") as socket:
                return bool((await socket.next())["type"] == "auth_success")

        assert await until_async(again)


async def test_one_accounts_followers_are_bounded(hub: TestHub) -> None:
    async with fleet(hub, "web-1") as (one,):
        body = {"target": "web-1", "command": "x", "mode": "detach"}
        run = (await hub.ok("POST", "/commands", body))["run_id"]
        places = hub.services.followers
        (user,) = {(await hub.ok("GET", "/auth/me"))["id"]}
        for _ in range(250):
            places.take(user)
        socket = await hub.subscribe(f"commands/{run}")
        code, frames = await socket.closed()
        assert (code, frames[-1]["code"]) == (4017, "too_many")
        places.leave(user)
        follower = await attach(hub, run)
        await one.started()
        await one.finished()
        await follower.socket.close()


async def test_no_more_requests_a_second_than_allowed(tmp_path: Path) -> None:
    async with running_hub(tmp_path / "hub", request_limit=100) as hub:
        answers = [await hub.call("GET", "/health", token=None) for _ in range(400)]
        refused = [answer for answer in answers if answer.status == 429]
        assert refused
        assert sum(answer.status == 200 for answer in answers) >= 100
        assert int(refused[0].headers["Retry-After"]) >= 1
        async with strangers(hub.url, B) as (other,):
            assert await other.ask("/health") == 200


async def test_when_no_file_is_left_the_hub_goes_on(
    hub: TestHub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Connections that cannot be taken in are closed, and do not keep the hub busy."""
    import errno
    import socket

    accept, full = socket.socket.accept, 3

    def no_file(self: socket.socket) -> object:
        nonlocal full
        if full > 0:
            full -= 1
            raise OSError(errno.EMFILE, "Too many open files")
        return accept(self)

    monkeypatch.setattr(socket.socket, "accept", no_file)
    async with strangers(hub.url, A):
        await until_async(lambda: "no file is left" in caplog.text, what="the log line")
    assert (await hub.call("GET", "/health", token=None)).status == 200


async def test_when_no_file_is_left_nothing_is_closed_that_is_somebody_elses(
    hub: TestHub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A thread may open a file at the moment at which the listener lends its spare one."""
    import errno
    import os
    import socket

    accept, reopen, others = socket.socket.accept, os.open, list[int]()

    def no_file(self: socket.socket) -> object:
        if len(others) >= 3:
            return accept(self)
        others.append(os.dup(0))  # which has the number of the spare one now, if that was lent
        raise OSError(errno.EMFILE, "Too many open files")

    def no_other(path: object, *args: object, **options: object) -> int:
        if path == os.devnull and len(others) < 3:
            raise OSError(errno.EMFILE, "Too many open files")
        return reopen(path, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "accept", no_file)
    monkeypatch.setattr(os, "open", no_other)
    async with strangers(hub.url, A):
        await until_async(lambda: caplog.text.count("no file is left") >= 2, what="the log lines")
    for one in others:
        os.close(one)
    assert (await hub.call("GET", "/health", token=None)).status == 200


async def test_who_leaves_before_the_answer_is_no_fault_of_the_hubs(
    hub: TestHub, caplog: pytest.LogCaptureFixture
) -> None:
    """As agents do, all of them, when a hub stood still for too long."""
    import socket

    host, port = hub.url.removeprefix("http://").split(":")
    before = hub.services.answers.total()
    with socket.create_connection((host, int(port))) as one:  # and all before the hub has a turn
        one.sendall(UPGRADE.encode())
    await until_async(lambda: hub.services.answers.total() > before, what="the end of the request")
    assert "failed" not in caplog.text


async def test_an_address_that_is_cut_may_come_back(tmp_path: Path) -> None:
    async with running_hub(tmp_path / "hub", **FEW) as hub:
        started = time.monotonic()
        for _ in range(5):
            async with strangers(hub.url, *[A] * 4):
                pass
        one = await connect(hub.url, A)
        assert await one.ask("/health") == 200
        one.writer.close()
        await one.writer.wait_closed()
        assert time.monotonic() - started < 10


def _begun(count: int) -> bytes:
    """The beginning of a frame as long as an agent may send, with ``count`` bytes of it."""
    return b"\x81\xff" + (MAX_AGENT_FRAME - 1).to_bytes(8, "big") + bytes(4) + b"x" * count


async def _starts_large(one: Stranger, count: int = 2 * MAX_FIRST_BYTES) -> None:
    one.say(UPGRADE)
    assert b" 101 " in await one.reader.readuntil(b"\r\n\r\n")
    one.writer.write(_begun(count))
    await one.writer.drain()


async def test_few_who_have_not_signed_in_may_send_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "MAX_LARGE_FIRST", 2)
    monkeypatch.setattr(sockets, "MAX_ADDRESS_LARGE_FIRST", 1)
    policy = PolicyFacts(allow=["exec"], exec=ExecFacts(commands=["x" * 999] * 200))
    async with running_hub(tmp_path / "hub") as hub, strangers(hub.url, A, A, A, B, C) as made:
        first, refused, small, second, third = made
        await _starts_large(first)
        await _starts_large(refused)
        assert b'"code":"too_many"' in await refused.heard()
        await _starts_large(small, MAX_FIRST_BYTES // 2)
        await _starts_large(second)
        key = (await hub.server("web-1"))["key"]["key"]

        async def connected() -> bool:  # once one of the others has been there for too long
            async with await hub.agent(key, policy=policy) as agent:
                return (await agent.next() or {}).get("type") == "auth_success"

        await until_async(connected)
        said = await asyncio.gather(first.heard(), second.heard())
        assert sum(b'"code":"busy"' in one for one in said) == 1
        await _starts_large(third)
        assert not small.cut()


async def test_what_comes_with_the_upgrade_counts_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "MAX_ADDRESS_LARGE_FIRST", 1)
    async with running_hub(tmp_path / "hub") as hub, strangers(hub.url, A, A) as (one, other):
        await _starts_large(one)
        other.writer.write(UPGRADE.encode() + _begun(2 * MAX_FIRST_BYTES))
        assert b'"code":"too_many"' in await other.heard()


async def test_who_has_signed_in_may_send_as_much_as_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "MAX_FIRST_BYTES", 2000)
    async with running_hub(tmp_path / "hub") as hub:
        key = (await hub.server("web-1"))["key"]["key"]
        async with await hub.agent(key) as agent:
            await agent.expect("auth_success")
            for number in range(1, 20):
                await agent.send(metrics_message(number, time.time()))
                assert (await agent.expect("metrics_ack"))["seq"] == number
