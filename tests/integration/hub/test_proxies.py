"""Whom a request comes from, behind proxies that were named and those that were not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from websockets.asyncio.client import connect

from tests.support.hub import PASSWORD, StubAgent, TestHub, auth_message, running_hub

TRUSTED = ("127.0.0.0/8", "10.0.0.0/8")


async def sign_in(hub: TestHub, password: str, *forwarded: str) -> int:
    """The status of a sign-in with these values of X-Forwarded-For."""
    body = msgspec.json.encode({"username": "admin", "password": password})
    headers = [("X-Forwarded-For", value) for value in forwarded]
    url = f"{hub.url}/api/v1/auth/login"
    async with hub.http.post(url, data=body, headers=headers) as response:
        return response.status


async def addresses(hub: TestHub, action: str) -> list[Any]:
    """Where the audit trail says that something came from, newest first."""
    rows = (await hub.ok("GET", "/audit?limit=100"))["items"]
    return [row["address"] for row in rows if row["action"] == action]


async def test_a_named_proxy_is_believed_for_limits_and_audit(tmp_path: Path) -> None:
    async with running_hub(tmp_path / "hub", trusted_proxy=TRUSTED) as hub:
        for _ in range(10):
            assert await sign_in(hub, "wrong", "198.51.100.7") == 401
        assert await sign_in(hub, "wrong", "198.51.100.7") == 429
        assert await sign_in(hub, "wrong", "203.0.113.1, 198.51.100.7, 10.1.1.1") == 429
        assert await sign_in(hub, PASSWORD, "198.51.100.7", "198.51.100.8") == 200
        assert (await addresses(hub, "auth.login"))[0] == "198.51.100.8"


async def test_nobody_else_is_believed(tmp_path: Path) -> None:
    for trusted in ((), ("192.0.2.1",)):
        folder = tmp_path / f"hub-{len(trusted)}"
        async with running_hub(folder, trusted_proxy=trusted) as hub:
            assert await sign_in(hub, PASSWORD, "198.51.100.7") == 200
            assert set(await addresses(hub, "auth.login")) == {"127.0.0.1"}
            for at in range(10):
                assert await sign_in(hub, "wrong", f"198.51.100.{at}") == 401
            assert await sign_in(hub, "wrong", "198.51.100.99") == 429


async def test_an_agent_behind_a_named_proxy(tmp_path: Path) -> None:
    async with running_hub(tmp_path / "hub", trusted_proxy=TRUSTED) as hub:
        key = (await hub.server("web-1"))["key"]["key"]
        url = f"ws{hub.url.removeprefix('http')}/api/v1/agents/ws"
        headers = {"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "https"}
        socket = await connect(url, additional_headers=headers, close_timeout=2)
        async with StubAgent(socket) as agent:
            await agent.send(auth_message(key))
            await agent.expect("auth_success")
            assert (await hub.ok("GET", "/servers/web-1"))["address"] == "198.51.100.7"
            events = (await hub.ok("GET", "/events"))["items"]
            assert [event["address"] for event in events] == ["198.51.100.7"]
