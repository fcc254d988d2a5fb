"""Signing in, staying signed in, and being signed out."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import pytest

from chatops.clock import FakeClock
from chatops.server.services import passwords
from tests.support.hub import PASSWORD, TestHub, running_hub


async def test_who_signs_in_is_known(hub: TestHub) -> None:
    me = await hub.ok("GET", "/auth/me")
    assert (me["name"], me["role"], me["disabled"]) == ("admin", "admin", False)
    assert me["last_login"].endswith("Z")


async def test_a_wrong_name_and_a_wrong_password_look_the_same(hub: TestHub) -> None:
    wrong_password = await hub.call(
        "POST", "/auth/login", {"username": "admin", "password": "nope"}, token=None
    )
    wrong_name = await hub.call(
        "POST", "/auth/login", {"username": "ghost", "password": "nope"}, token=None
    )
    assert (wrong_password.status, wrong_name.status) == (401, 401)
    assert wrong_password.body == wrong_name.body


async def test_a_wrong_name_and_a_wrong_password_take_the_same_time(tmp_path: Path) -> None:
    settings = {"sign_in_account_limit": 10_000, "sign_in_address_limit": 10_000}
    async with running_hub(tmp_path / "hub", hasher=passwords._hasher, **settings) as hub:

        async def seconds(name: str) -> float:
            started = time.perf_counter()
            await hub.call("POST", "/auth/login", {"username": name, "password": "x"}, token=None)
            return time.perf_counter() - started

        pairs = [(await seconds("admin"), await seconds("ghost")) for _ in range(15)]
        known, unknown = (statistics.median(column) for column in zip(*pairs, strict=True))
        assert 0.5 < known / unknown < 2.0  # without the decoy hash it is above 5


async def test_failed_sign_ins_are_limited_and_other_accounts_are_not(tmp_path: Path) -> None:
    async with running_hub(tmp_path / "hub", clock=FakeClock(time.time())) as hub:
        await hub.user("ann", "viewer")
        bad = {"username": "admin", "password": "nope"}
        statuses = [
            (await hub.call("POST", "/auth/login", bad, token=None)).status for _ in range(12)
        ]
        assert statuses == [401] * 10 + [429] * 2
        refused = await hub.call("POST", "/auth/login", bad, token=None)
        assert refused.code == "too_many_requests"
        assert 1 <= int(refused.headers["Retry-After"]) <= 7
        assert await hub.login("ann")
        right = {"username": "admin", "password": PASSWORD}
        assert (await hub.call("POST", "/auth/login", right, token=None)).status == 429


async def test_the_limit_wears_off(tmp_path: Path) -> None:
    clock = FakeClock(time.time())
    async with running_hub(tmp_path / "hub", clock=clock) as hub:
        bad = {"username": "admin", "password": "nope"}
        for _ in range(10):
            await hub.call("POST", "/auth/login", bad, token=None)
        clock.advance(6.1)
        assert await hub.login()


async def test_many_right_sign_ins_are_not_limited(hub: TestHub) -> None:
    for _ in range(15):
        assert await hub.login()


async def test_a_refresh_token_works_once(hub: TestHub) -> None:
    body = {"username": "admin", "password": PASSWORD}
    first = await hub.ok("POST", "/auth/login", body, token=None)
    second = await hub.ok(
        "POST", "/auth/refresh", {"refresh_token": first["refresh_token"]}, token=None
    )
    assert (await hub.call("GET", "/auth/me", token=second["access_token"])).status == 200
    replay = await hub.call(
        "POST", "/auth/refresh", {"refresh_token": first["refresh_token"]}, token=None
    )
    assert replay.status == 401
    family = await hub.call(
        "POST", "/auth/refresh", {"refresh_token": second["refresh_token"]}, token=None
    )
    assert family.status == 401, "a replay ends the whole family"


async def test_logout_ends_the_family(hub: TestHub) -> None:
    body = {"username": "admin", "password": PASSWORD}
    pair = await hub.ok("POST", "/auth/login", body, token=None)
    token = {"refresh_token": pair["refresh_token"]}
    assert (await hub.call("POST", "/auth/logout", token, token=None)).status == 204
    assert (await hub.call("POST", "/auth/refresh", token, token=None)).status == 401
    assert (await hub.call("POST", "/auth/logout", token, token=None)).status == 204


async def test_an_access_token_expires(tmp_path: Path) -> None:
    clock = FakeClock(time.time())
    async with running_hub(tmp_path / "hub", clock=clock) as hub:
        clock.advance(29 * 60)
        assert (await hub.call("GET", "/auth/me")).status == 200
        clock.advance(61)
        assert (await hub.call("GET", "/auth/me")).code == "not_signed_in"


async def test_a_new_password_ends_all_sessions(hub: TestHub) -> None:
    token = await hub.user("ann", "viewer")
    other = await hub.login("ann")
    wrong = await hub.call(
        "POST", "/auth/password", {"current": "nope", "new": "another one"}, token=token
    )
    assert wrong.status == 403
    change = {"current": PASSWORD, "new": "another one"}
    assert (await hub.call("POST", "/auth/password", change, token=token)).status == 204
    for old in (token, other):
        assert (await hub.call("GET", "/auth/me", token=old)).status == 401
    assert await hub.login("ann", "another one")


async def test_registration_is_closed_unless_opened(tmp_path: Path) -> None:
    body = {"username": "eve", "password": PASSWORD}
    async with running_hub(tmp_path / "closed") as hub:
        assert (await hub.ok("GET", "/health", token=None))["registration"] == "closed"
        assert (await hub.call("POST", "/auth/register", body, token=None)).status == 403
    async with running_hub(tmp_path / "open", registration="open") as hub:
        assert (await hub.ok("GET", "/health", token=None))["registration"] == "open"
        user = await hub.ok("POST", "/auth/register", body, token=None)
        assert (user["name"], user["role"]) == ("eve", "viewer")
        assert (await hub.call("POST", "/auth/register", body, token=None)).status == 409
        assert await hub.login("eve")


async def test_tokens_of_another_hub_are_worth_nothing(hub: TestHub, tmp_path: Path) -> None:
    async with running_hub(tmp_path / "other") as other:
        assert (await hub.call("GET", "/auth/me", token=other.admin)).status == 401
    for nonsense in ("x", "a.b.c", hub.admin[:-4] + "AAAA", "cot_" + "a" * 50):
        assert (await hub.call("GET", "/auth/me", token=nonsense)).status == 401


async def test_a_disabled_account_is_out_at_once(hub: TestHub) -> None:
    token = await hub.user("ann", "operator")
    await hub.ok("PATCH", "/users/ann", {"disabled": True})
    assert (await hub.call("GET", "/auth/me", token=token)).status == 401
    body = {"username": "ann", "password": PASSWORD}
    assert (await hub.call("POST", "/auth/login", body, token=None)).status == 401
    await hub.ok("PATCH", "/users/ann", {"disabled": False})
    assert await hub.login("ann")


async def test_there_is_always_an_administrator(hub: TestHub) -> None:
    for change in ({"role": "viewer"}, {"disabled": True}):
        assert (await hub.call("PATCH", "/users/admin", change)).code == "conflict"
    assert (await hub.call("DELETE", "/users/admin")).code == "conflict"
    await hub.user("root2", "admin")
    assert (await hub.call("DELETE", "/users/admin?reassign_to=root2")).status == 204


async def test_a_password_that_is_changed_during_a_sign_in_signs_nobody_in(
    hub: TestHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await hub.user("ann", "operator")
    verify = hub.services.auth.passwords.verify

    async def verify_and_lose(plain: str, hashed: str | None, address: str) -> bool:
        right = await verify(plain, hashed, address)
        await hub.ok("PATCH", "/users/ann", {"password": "set by the admin"})
        return right

    monkeypatch.setattr(hub.services.auth.passwords, "verify", verify_and_lose)
    body = {"username": "ann", "password": PASSWORD}
    assert (await hub.call("POST", "/auth/login", body, token=None)).code == "not_signed_in"
    change = {"current": "set by the admin", "new": "set by the thief"}
    monkeypatch.undo()
    token = await hub.login("ann", "set by the admin")
    monkeypatch.setattr(hub.services.auth.passwords, "verify", verify_and_lose)
    answer = await hub.call("POST", "/auth/password", change, token=token)
    assert answer.code == "not_signed_in"
    monkeypatch.undo()
    assert await hub.login("ann", "set by the admin")


async def test_a_new_password_is_held_to_the_rules_of_the_first(hub: TestHub) -> None:
    token = await hub.user("annabelle", "viewer")
    change = {"current": PASSWORD, "new": "annabelle"}
    own = await hub.call("POST", "/auth/password", change, token=token)
    by_admin = await hub.call("PATCH", "/users/annabelle", {"password": "annabelle"})
    assert (own.code, by_admin.code) == ("invalid", "invalid")


async def test_the_audit_says_whose_session_ended(hub: TestHub) -> None:
    body = {"username": "admin", "password": PASSWORD}
    pair = await hub.ok("POST", "/auth/login", body, token=None)
    token = {"refresh_token": pair["refresh_token"]}
    await hub.ok("POST", "/auth/refresh", token, token=None)
    assert (await hub.call("POST", "/auth/refresh", token, token=None)).status == 401
    assert (await hub.call("POST", "/auth/logout", token, token=None)).status == 204
    records = (await hub.ok("GET", "/audit?limit=2&user=admin"))["items"]
    assert [(one["user"], one["action"], one["outcome"]) for one in records] == [
        ("admin", "auth.logout", "ok"),
        ("admin", "auth.refresh", "replayed"),
    ]
