"""Bad input: a clear error, nothing lost, nothing stalled."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import gzip
import io
import json
import logging
import time
import tracemalloc
from pathlib import Path

import pytest

from chatops.protocol.limits import (
    AUTH_TIMEOUT,
    MAX_AGENT_FRAME,
    MAX_HEADERS,
    MAX_OPEN_BODY,
    MAX_PASSWORD,
)
from chatops.server.api import reading
from tests.support.hub import TestHub, metrics_message, running_hub
from tests.support.waiting import until_async


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"", 400, "malformed"),
        (b"{", 400, "malformed"),
        (b"\xff\xfe\x00", 400, "malformed"),
        (b"[" * 100_000, 422, "invalid"),
        (b"null", 422, "invalid"),
        (b'{"name": 5}', 422, "invalid"),
        (b'{"name": "a", "colour": "red"}', 422, "invalid"),
        (b'{"name": "\\u0000"}', 422, "invalid"),
        (b'{"name": "all"}', 422, "invalid"),
        (b'{"name": "0192d3a8-7d4c-7e2f-8a1b-3c5d7e9f1a2b"}', 422, "invalid"),
        (b"x" * (10 * 1024 * 1024), 413, "too_large"),
    ],
)
async def test_a_bad_body_gets_a_clear_error(
    hub: TestHub, data: bytes, status: int, code: str
) -> None:
    answer = await hub.call("POST", "/servers", data=data)
    assert (answer.status, answer.code) == (status, code)
    assert answer.body["error"]["message"]
    assert (await hub.ok("GET", "/servers"))["items"] == []
    await hub.http.close()
    await until_async(lambda: not lingering(), what="the end of aiohttp's lingering reads")


async def test_a_stranger_sends_no_large_body(hub: TestHub) -> None:
    for operation in ("login", "register", "refresh", "logout"):
        body = {"username": "x" * MAX_OPEN_BODY}
        answer = await hub.call("POST", f"/auth/{operation}", body, token=None)
        assert (answer.status, answer.code) == (413, "too_large")
    longest = {"username": "\U0001f511" * 256, "password": "\U0001f511" * MAX_PASSWORD}
    data = json.dumps(longest).encode()  # each character as twelve
    assert (await hub.call("POST", "/auth/login", data=data, token=None)).status == 401


@pytest.mark.parametrize("how", ["gzip", "deflate", "br"])
async def test_a_compressed_body_is_no_json(
    hub: TestHub, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    headers = {"Content-Encoding": how, "Content-Type": "application/json"}
    for data in (b"garbage", gzip.compress(b'{"username": "admin", "password": "secret"}')):
        url = f"{hub.url}/api/v1/auth/login"
        async with hub.http.post(url, data=io.BytesIO(data), headers=headers) as answer:
            assert answer.status == 400
            assert (await answer.json())["error"]["code"] == "malformed"
    assert not [one for one in caplog.records if one.levelno >= logging.WARNING]


@pytest.mark.parametrize(
    "framing", [b"Content-Length: 99\r\n\r\n{", b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"]
)
@pytest.mark.parametrize("rest", [b"", b"no chunk\r\n"])
async def test_a_body_that_breaks_off_is_no_fault_of_the_hub(
    hub: TestHub, framing: bytes, rest: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "chatops.server.middleware")
    _, writer = await asyncio.open_connection("127.0.0.1", int(hub.url.rsplit(":", 1)[1]))
    writer.write(b"POST /api/v1/auth/login HTTP/1.1\r\nHost: hub\r\n" + framing)
    await asyncio.sleep(0.1)
    writer.write(rest)
    writer.close()
    await until_async(lambda: "/auth/login 400" in caplog.text, what="the request's end")
    assert not [one for one in caplog.records if one.levelno >= logging.WARNING]


@pytest.mark.parametrize("expectation", ["foo", "", "100-continue, foo", "100-Continue"])
@pytest.mark.parametrize("path", ["health", "nowhere"])
async def test_what_else_a_request_expects_is_ignored(
    hub: TestHub, expectation: str, path: str
) -> None:
    url, headers = f"{hub.url}/api/v1/{path}", {"Expect": expectation}
    async with hub.http.get(url, headers=headers) as answer:
        assert answer.status == (200 if path == "health" else 401)
        assert answer.content_type == "application/json"


def lingering() -> bool:
    """aiohttp goes on reading an unwanted body for a second, even when its sender is gone."""
    return any("RequestHandler.start" in repr(task.get_coro()) for task in asyncio.all_tasks())


async def test_binary_garbage_on_the_port_harms_nobody(hub: TestHub) -> None:
    port = int(hub.url.rsplit(":", 1)[1])
    for garbage in (
        b"\x16\x03\x01\x02\x00\x01",
        b"\x00" * 4096,
        b"GET / HTTP/9.9\r\n\r\n",
        b"A" * 70_000,
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(garbage)
        answer = await asyncio.wait_for(reader.read(), 10)
        assert answer.split(b" ", 2)[1] == b"400", answer[:80]
        assert b'{"error":{"code":"malformed"' in answer
        writer.close()
        await writer.wait_closed()
    assert (await hub.ok("GET", "/health", token=None))["status"] == "ok"


async def test_a_head_of_too_many_lines_is_refused(hub: TestHub) -> None:
    headers = {f"X-{number}": "x" * 8000 for number in range(MAX_HEADERS)}
    async with hub.http.get(f"{hub.url}/api/v1/health", headers=headers) as answer:
        assert answer.status == 400
        assert (await answer.json())["error"]["code"] == "malformed"


async def test_garbage_is_not_kept(hub: TestHub) -> None:
    """Not even until the garbage collector comes, which is rarely."""
    port, garbage = int(hub.url.rsplit(":", 1)[1]), b"A" * 1_000_000

    async def throw() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with contextlib.suppress(ConnectionError):
            writer.write(garbage)
            assert b'{"error":{"code":"malformed"' in await reader.read()
        writer.close()

    await throw()
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        for _ in range(20):
            await throw()
        await until_async(lambda: tracemalloc.get_traced_memory()[0] < 2_000_000)
    finally:
        tracemalloc.stop()
        gc.enable()


async def test_frames_that_are_no_messages_are_answered_and_the_rest_goes_on(
    hub: TestHub,
) -> None:
    key = (await hub.server("web-1"))["key"]["key"]
    async with await hub.agent(key) as agent:
        await agent.expect("auth_success")
        bad = {
            "{": "malformed_json",
            "nonsense": "malformed_json",
            "[]": "invalid_message",
            '{"type": "fly"}': "unknown_type",
            '{"type": "metrics", "epoch": 1}': "invalid_message",
            '{"type": "metrics", "epoch": "e", "seq": 1, "ts": 1, "data": {"load": "x"}}':
                "invalid_message",
            '{"type": "auth"}': "invalid_message",
        }  # fmt: skip
        for text, code in bad.items():
            await agent.socket.send(text)
            assert (await agent.expect("error"))["code"] == code, text
        await agent.socket.send(b"\x01\x02")
        assert (await agent.expect("error"))["code"] == "protocol"
        await agent.send_stream(4_000_000_000, 2**63, b"to a stream that was never opened")
        await agent.socket.send('{"type": "ping", "id": 5, "colour": "red"}')
        assert (await agent.expect("pong"))["id"] == 5
        await agent.send(metrics_message(1, time.time()))
        assert (await agent.expect("metrics_ack"))["seq"] == 1


async def test_an_over_long_frame_ends_the_session_with_the_reason(hub: TestHub) -> None:
    key = (await hub.server("web-1"))["key"]["key"]
    async with await hub.agent(key) as agent:
        await agent.expect("auth_success")
        await agent.socket.send("x" * (MAX_AGENT_FRAME + 1))
        code, _ = await agent.closed()
        assert code == 1009
    await hub.wait_status("web-1", "offline")
    async with await hub.agent(key) as agent:
        await agent.expect("auth_success")


async def test_endless_nonsense_ends_the_session(hub: TestHub) -> None:
    key = (await hub.server("web-1"))["key"]["key"]
    async with await hub.agent(key) as agent:
        await agent.expect("auth_success")
        for _ in range(25):
            await agent.socket.send("{")
        code, _ = await agent.closed()
        assert code == 4001


@pytest.mark.parametrize("first", [b"\x00\x01", "", "{", '{"type": "ping"}', '{"type": "auth"}'])
async def test_a_first_frame_that_is_no_auth_is_refused(hub: TestHub, first: str | bytes) -> None:
    async with await hub.raw_agent() as agent:
        await agent.socket.send(first)
        code, frames = await agent.closed()
        assert (code, frames[-1]["code"]) == (4001, "malformed")


async def test_a_first_frame_that_never_comes_is_not_waited_for(hub: TestHub) -> None:
    started = time.monotonic()
    async with await hub.raw_agent() as agent, await hub.raw_client("metrics/x") as client:
        for socket in (agent, client):
            code, frames = await socket.closed()
            assert (code, frames[-1]["code"]) == (4000, "auth_timeout")
    assert AUTH_TIMEOUT - 1 < time.monotonic() - started < AUTH_TIMEOUT + 5


async def test_too_many_requests_are_refused_with_the_time_to_wait(tmp_path: Path) -> None:
    async with running_hub(tmp_path / "hub", request_limit=100) as hub:
        answers = [await hub.call("GET", "/health", token=None) for _ in range(400)]
        refused = [answer for answer in answers if answer.status == 429]
        assert refused
        assert sum(answer.status == 200 for answer in answers) >= 100
        assert int(refused[0].headers["Retry-After"]) >= 1


async def test_hostile_names_from_an_agent_are_data(hub: TestHub) -> None:
    key = (await hub.server("web-1"))["key"]["key"]
    evil = "x'; DROP TABLE servers; --\x1b[31m[bold]\n\u202e"
    async with await hub.agent(key, agent_version=evil) as agent:
        await agent.expect("auth_success")
        shown = await hub.ok("GET", "/servers/web-1")
        assert shown["agent_version"] == evil[:40]


async def test_a_body_that_does_not_come_is_not_waited_for(
    hub: TestHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "BODY_TIMEOUT", 0.2, raising=False)
    port = int(hub.url.rsplit(":", 1)[1])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{")
    answer = await asyncio.wait_for(reader.read(), 10)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"did not come" in answer
    writer.close()
    await writer.wait_closed()
