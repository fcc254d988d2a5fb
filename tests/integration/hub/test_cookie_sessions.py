"""The console's session: a refresh token as a cookie, and what may be done with it."""

from __future__ import annotations

import http.cookies
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec
import pytest

from chatops.clock import FakeClock
from tests.support.hub import PASSWORD, TestHub, running_hub

LOGIN = {"username": "admin", "password": PASSWORD, "cookie": True}
CONSOLE = {"X-Chatops-Console": "1"}


class Reply(NamedTuple):
    """An answer, and the cookie that it sets: None if it sets none."""

    status: int
    body: Any
    cookie: http.cookies.Morsel[str] | None

    @property
    def token(self) -> str:
        """What a browser would keep."""
        assert self.status == 200, self.body
        assert self.cookie is not None
        return self.cookie.value


@pytest.fixture
async def clock() -> FakeClock:
    return FakeClock(time.time())


@pytest.fixture
async def hub(tmp_path: Path, clock: FakeClock) -> AsyncIterator[TestHub]:
    async with running_hub(tmp_path / "hub", clock=clock, trusted_proxy=("127.0.0.1",)) as running:
        yield running


def cookie_name(hub: TestHub) -> str:
    """Each hub has one of its own: browsers share cookies between the ports of a host."""
    return f"chatops_refresh_{urlsplit(hub.url).port}"


async def post(hub: TestHub, path: str, body: object, token: str = "", **headers: str) -> Reply:
    """What is asked with this cookie, and with the console's header unless others are given."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()} or dict(CONSOLE)
    if token:
        sent["Cookie"] = f"{cookie_name(hub)}={token}"
    data = msgspec.json.encode(body)
    async with hub.http.post(f"{hub.url}/api/v1/auth/{path}", data=data, headers=sent) as answer:
        raw = await answer.read()
        cookie = http.cookies.SimpleCookie(answer.headers.get("Set-Cookie", ""))
        hub.http.cookie_jar.clear()
        return Reply(
            answer.status, msgspec.json.decode(raw or b"null"), cookie.get(cookie_name(hub))
        )


async def login(hub: TestHub, name: str = "admin") -> str:
    return (await post(hub, "login", LOGIN | {"username": name})).token


async def refresh(hub: TestHub, token: str) -> Reply:
    return await post(hub, "refresh", {}, token)


async def outcomes(hub: TestHub) -> list[str]:
    """What the audit says of renewals, newest first."""
    rows = (await hub.ok("GET", "/audit?action=auth.refresh"))["items"]
    return [row["outcome"] for row in rows]


async def test_a_console_that_nobody_is_signed_in_at_leaves_no_record(hub: TestHub) -> None:
    assert (await post(hub, "refresh", {})).status == 401
    assert (await refresh(hub, "nonsense")).status == 401
    assert await outcomes(hub) == ["denied"]


async def test_the_refresh_token_comes_as_a_cookie_and_not_in_the_body(hub: TestHub) -> None:
    reply = await post(hub, "login", LOGIN)
    assert set(reply.body) == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert reply.body["refresh_token"] is None
    assert reply.token not in str(reply.body)
    assert reply.cookie is not None
    assert {name: value for name, value in reply.cookie.items() if value} == {
        "path": "/api/v1/auth", "max-age": str(7 * 86_400), "httponly": True,
        "samesite": "Strict",
    }  # fmt: skip
    assert (await hub.call("GET", "/auth/me", token=reply.body["access_token"])).status == 200


async def test_it_is_secure_when_a_trusted_proxy_speaks_https(hub: TestHub) -> None:
    secure = {"X_Chatops_Console": "1", "X_Forwarded_Proto": "https"}
    reply = await post(hub, "login", LOGIN, **secure)
    assert reply.cookie is not None
    assert reply.cookie["secure"] is True


async def test_it_is_secure_when_the_hub_speaks_tls(tmp_path: Path) -> None:
    async with running_hub(tmp_path / "tls", tls_self_signed=True) as hub:
        reply = await post(hub, "login", LOGIN)
        assert reply.cookie is not None
        assert reply.cookie["secure"] is True


async def test_who_asks_for_no_cookie_gets_none(hub: TestHub) -> None:
    reply = await post(hub, "login", {"username": "admin", "password": PASSWORD})
    assert reply.cookie is None
    again = await post(hub, "refresh", {"refresh_token": reply.body["refresh_token"]})
    assert (again.status, again.cookie) == (200, None)
    token = {"refresh_token": again.body["refresh_token"]}
    out = await post(hub, "logout", token)
    assert (out.status, out.cookie) == (204, None)


async def test_without_the_header_there_is_no_cookie_and_it_counts_for_nothing(
    hub: TestHub,
) -> None:
    plain = {"Accept": "*/*"}
    refused = await post(hub, "login", LOGIN, **plain)
    assert (refused.status, refused.body["error"]["code"]) == (422, "invalid")
    token = await login(hub)
    for headers in (plain, {"X_Chatops_Console": "0"}):
        renewed = await post(hub, "refresh", {}, token, **headers)
        assert (renewed.status, renewed.cookie) == (401, None)
        left = await post(hub, "logout", {}, token, **headers)
        assert (left.status, left.cookie) == (204, None)
    assert (await refresh(hub, token)).status == 200, "nothing of that ended the session"


async def test_a_token_counts_only_where_its_kind_belongs(hub: TestHub) -> None:
    cookie = await login(hub)
    assert (await post(hub, "refresh", {"refresh_token": cookie})).status == 401
    assert (await post(hub, "logout", {"refresh_token": cookie})).status == 204
    plain = {"username": "admin", "password": PASSWORD}
    token = (await post(hub, "login", plain)).body["refresh_token"]
    assert (await refresh(hub, token)).status == 401
    assert (await refresh(hub, cookie)).status == 200
    assert (await post(hub, "refresh", {"refresh_token": token})).status == 200


async def test_the_cookie_opens_nothing_else(hub: TestHub) -> None:
    headers = CONSOLE | {"Cookie": f"{cookie_name(hub)}={await login(hub)}"}
    for path in ("auth/me", "servers", "ws/metrics"):
        async with hub.http.get(f"{hub.url}/api/v1/{path}", headers=headers) as answer:
            assert answer.status in (400, 401), path


async def test_a_browser_is_not_told_that_another_sites_page_may_ask(hub: TestHub) -> None:
    asks = {
        "Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-chatops-console",
    }  # fmt: skip
    url = f"{hub.url}/api/v1/auth/refresh"
    for method in ("OPTIONS", "POST"):
        async with hub.http.request(method, url, headers=asks) as answer:
            assert answer.status >= 400
            assert not [name for name in answer.headers if name.lower().startswith("access-")]


async def test_a_renewal_rotates_the_cookie(hub: TestHub, clock: FakeClock) -> None:
    first = await login(hub)
    reply = await refresh(hub, first)
    assert reply.body["refresh_token"] is None
    assert reply.token != first
    clock.advance(3600)
    assert (await refresh(hub, reply.token)).status == 200


async def test_used_again_within_ten_seconds_it_gives_a_pair_and_voids_the_other(
    hub: TestHub, clock: FakeClock
) -> None:
    first = await login(hub)
    lost = (await refresh(hub, first)).token
    clock.advance(9.9)
    again = await refresh(hub, first)
    clock.advance(60)
    kept = (await refresh(hub, again.token)).token
    rows = (await hub.ok("GET", "/audit?action=auth.refresh&limit=2"))["items"]
    assert [row["detail"] for row in rows] == [None, {"repeated": True}], rows
    assert (await refresh(hub, lost)).status == 401
    assert (await refresh(hub, kept)).status == 401, "somebody has a cookie that was void"


async def test_used_again_later_it_ends_the_session(hub: TestHub, clock: FakeClock) -> None:
    first = await login(hub)
    second = (await refresh(hub, first)).token
    clock.advance(10.1)
    replayed = await refresh(hub, first)
    assert replayed.status == 401
    assert replayed.cookie is not None
    assert (replayed.cookie.value, replayed.cookie["max-age"]) == ("", "0")
    assert replayed.cookie["path"] == "/api/v1/auth"
    assert (await refresh(hub, second)).status == 401
    assert "replayed" in await outcomes(hub)


async def test_once_its_successor_was_used_it_is_a_replay_at_once(
    hub: TestHub, clock: FakeClock
) -> None:
    first = await login(hub)
    clock.advance(60)
    second = (await refresh(hub, first)).token
    clock.advance(1)
    third = (await refresh(hub, second)).token
    assert (await refresh(hub, first)).status == 401
    assert (await refresh(hub, third)).status == 401
    assert "replayed" in await outcomes(hub)


async def test_a_thief_within_the_ten_seconds_is_found_out_at_the_next_renewal(
    hub: TestHub, clock: FakeClock
) -> None:
    stolen = await login(hub)
    owners = (await refresh(hub, stolen)).token
    clock.advance(2)
    thiefs = (await refresh(hub, stolen)).token
    clock.advance(25 * 60)
    assert (await refresh(hub, owners)).status == 401
    assert (await outcomes(hub))[1] == "replayed"
    assert (await refresh(hub, thiefs)).status == 401


async def test_a_token_of_the_command_line_has_no_ten_seconds(hub: TestHub) -> None:
    plain = {"username": "admin", "password": PASSWORD}
    body = {"refresh_token": (await post(hub, "login", plain)).body["refresh_token"]}
    assert [(await post(hub, "refresh", body)).status for _ in range(2)] == [200, 401]


async def test_a_sign_out_ends_the_session_and_clears_the_cookie(hub: TestHub) -> None:
    token = await login(hub)
    out = await post(hub, "logout", {}, token)
    assert out.status == 204
    assert out.cookie is not None
    assert (out.cookie.value, out.cookie["max-age"]) == ("", "0")
    assert (await refresh(hub, token)).status == 401


async def test_a_new_password_and_a_disabled_account_end_it(hub: TestHub) -> None:
    access = await hub.user("ann", "viewer")
    token = await login(hub, "ann")
    change = {"current": PASSWORD, "new": "another one"}
    await hub.ok("POST", "/auth/password", change, token=access)
    assert (await refresh(hub, token)).status == 401
    other = await post(hub, "login", LOGIN | {"username": "ann", "password": "another one"})
    await hub.ok("PATCH", "/users/ann", {"disabled": True})
    assert (await refresh(hub, other.token)).status == 401


async def test_it_expires_after_seven_days(hub: TestHub, clock: FakeClock) -> None:
    token = await login(hub)
    clock.advance(7 * 86_400 + 1)
    assert (await refresh(hub, token)).status == 401
