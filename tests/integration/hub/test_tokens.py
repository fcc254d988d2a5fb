"""API tokens: less than their maker may, for the servers they name, and until they end."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from chatops.server.services.credentials import TOKEN, new_credential
from tests.support.fleet import attach, fleet
from tests.support.hub import PASSWORD, TestHub, running_hub
from tests.support.waiting import until_async


async def make(hub: TestHub, session: str | None = "admin", **fields: Any) -> Any:
    """A token, made in that session."""
    return await hub.ok("POST", "/tokens", {"name": "ci", **fields}, token=session)


async def names(hub: TestHub, token: str) -> list[str]:
    """The servers that a token's holder sees."""
    return [one["name"] for one in (await hub.ok("GET", "/servers", token=token))["items"]]


async def test_a_token_is_shown_once_and_stored_as_a_hash(hub: TestHub) -> None:
    made = await make(hub, role="operator", servers="web-*", expires_in=3600)
    assert list(made) == ["id", "name", "token", "role", "servers", "expires_at", "last_used"]
    (listed,) = (await hub.ok("GET", "/tokens"))["items"]
    assert listed == {key: value for key, value in made.items() if key != "token"}
    secret = made["token"].split("_", 2)[2]
    assert len(secret) * 6 >= 256
    stored = b"".join(path.read_bytes() for path in hub.services.settings.folder.glob("*.db*"))
    assert made["token"].encode() not in stored
    assert secret.encode() not in stored


async def test_a_token_may_what_its_role_may(hub: TestHub) -> None:
    ann = await hub.user("ann", "operator")
    await hub.server("web-1", token=ann)
    run = {"target": "web-1", "command": "id"}
    reader = (await make(hub, ann))["token"]
    runner = (await make(hub, ann, role="operator"))["token"]
    assert await names(hub, reader) == ["web-1"]
    assert (await hub.call("POST", "/commands", run, token=reader)).code == "not_permitted"
    (result,) = await hub.ok("POST", "/commands", run, token=runner)
    assert result["status"] == "offline"
    assert (await hub.ok("GET", "/auth/me", token=runner))["name"] == "ann"
    too_much = await hub.call("POST", "/tokens", {"name": "x", "role": "admin"})
    assert (too_much.status, too_much.code) == (422, "invalid")
    eve = await hub.user("eve", "viewer")
    more = await hub.call("POST", "/tokens", {"name": "x", "role": "operator"}, token=eve)
    assert (more.status, more.code) == (403, "not_permitted")


async def test_an_administrators_token_is_no_administrator(hub: TestHub) -> None:
    ann = await hub.user("ann", "operator")
    await hub.server("ann-1", token=ann)
    token = (await make(hub, role="operator"))["token"]
    assert await names(hub, token) == ["ann-1"]
    for method, path in (("GET", "/users"), ("GET", "/audit"), ("DELETE", "/servers/ann-1")):
        answer = await hub.call(method, path, token=token)
        assert (answer.status, answer.code) == (403, "not_permitted"), path


async def test_a_token_makes_no_tokens_and_no_passwords(hub: TestHub) -> None:
    made = await make(hub, role="operator")
    change = {"current": PASSWORD, "new": "another horse"}
    for method, path, body in (
        ("GET", "/tokens", None),
        ("POST", "/tokens", {"name": "more"}),
        ("DELETE", f"/tokens/{made['id']}", None),
        ("POST", "/auth/password", change),
    ):
        answer = await hub.call(method, path, body, token=made["token"])
        assert (answer.status, answer.code) == (403, "not_permitted"), path
        assert "API token" in answer.body["error"]["message"]
    denied = (await hub.ok("GET", "/audit?action=tokens.create"))["items"][0]
    assert (denied["outcome"], denied["detail"]["token"]) == ("denied", "ci")


async def test_without_servers_it_follows_its_maker(hub: TestHub) -> None:
    ann = await hub.user("ann", "operator")
    token = (await make(hub, ann, role="operator"))["token"]
    assert await names(hub, token) == []
    await hub.server("ann-1", token=ann)
    await hub.server("web-1")
    await hub.ok("PUT", "/servers/web-1/shares", {"user": "ann", "role": "viewer"})
    assert await names(hub, token) == ["ann-1", "web-1"]
    run = await hub.call("POST", "/commands", {"target": "web-1", "command": "id"}, token=token)
    assert run.status == 403
    await hub.ok("DELETE", "/servers/web-1/shares/ann")
    assert await names(hub, token) == ["ann-1"]
    await hub.ok("PATCH", "/users/ann", {"role": "viewer"})
    run = await hub.call("POST", "/commands", {"target": "ann-1", "command": "id"}, token=token)
    assert (run.status, run.code) == (403, "not_permitted")
    await hub.ok("PATCH", "/users/ann", {"role": "admin"})
    assert await names(hub, token) == ["ann-1", "web-1"]
    await hub.ok("PATCH", "/users/ann", {"disabled": True})
    assert (await hub.call("GET", "/servers", token=token)).status == 401
    await hub.ok("PATCH", "/users/ann", {"disabled": False})
    assert await names(hub, token) == ["ann-1", "web-1"]
    await hub.ok("DELETE", "/users/ann?reassign_to=admin")
    assert (await hub.call("GET", "/servers", token=token)).status == 401


async def test_what_a_token_is_not_for_is_nowhere(hub: TestHub) -> None:
    async with fleet(hub, "db-1", "web-1") as (_, web):
        token = (await make(hub, role="operator", servers="web-*"))["token"]
        run = {"target": "all", "command": "id", "mode": "detach"}
        whole = await hub.ok("POST", "/commands", run)
        await web.play()
        other = next(one["id"] for one in whole["commands"] if one["server"] == "db-1")
        key = (await hub.ok("GET", "/api-keys?server=db-1"))["items"][0]["id"]
        assert await names(hub, token) == ["web-1"]
        for path in ("/api-keys", "/commands", "/events", f"/commands?run={whole['run_id']}"):
            items = (await hub.ok("GET", path, token=token))["items"]
            assert {one["server"] for one in items} == {"web-1"}, path
        assert (await hub.ok("GET", "/status", token=token))["servers"]["total"] == 1
        shown = await hub.ok("GET", f"/runs/{whole['run_id']}", token=token)
        assert [one["server"] for one in shown["commands"]] == ["web-1"]
        for method, path, body in (
            ("GET", "/servers/db-1", None),
            ("GET", "/servers/db-1/shares", None),
            ("PATCH", "/servers/db-1", {"tags": {}}),
            ("GET", "/metrics/db-1", None),
            ("GET", "/metrics/db-1/history", None),
            ("GET", "/events?server=db-1", None),
            ("GET", "/api-keys?server=db-1", None),
            ("POST", "/api-keys", {"server": "db-1"}),
            ("DELETE", f"/api-keys/{key}", None),
            ("GET", f"/commands/{other}", None),
            ("GET", f"/commands/{other}/output", None),
            ("POST", f"/commands/{other}/cancel", None),
            ("POST", "/commands", {"target": "db-1", "command": "id"}),
            ("POST", "/commands", {"target": "db-1,web-1", "command": "id"}),
            ("POST", "/commands", {"target": "db-*", "command": "id"}),
        ):
            answer = await hub.call(method, path, body, token=token)
            assert (answer.status, answer.code) == (404, "not_found"), path
        for path in ("metrics/db-1", "logs/db-1", f"commands/{other}"):
            socket = await hub.subscribe(path, token)
            assert (await socket.closed())[0] == 4015, path
        plan = {"target": "all", "command": "id", "dry_run": True}
        assert [one["server"] for one in (await hub.ok("POST", "/commands", plan, token=token))[
            "servers"]] == ["web-1"]  # fmt: skip


async def test_the_target_is_read_again_each_time(hub: TestHub) -> None:
    await hub.server("db-1", tags={"env": "prod"})
    token = (await make(hub, role="operator", servers="tag:env=prod,!db-1"))["token"]
    assert await names(hub, token) == []
    await hub.server("web-1", tags={"env": "prod"})
    assert await names(hub, token) == ["web-1"]
    await hub.ok("PATCH", "/servers/web-1", {"tags": {"env": "dev"}})
    assert await names(hub, token) == []


async def test_a_name_means_the_server_that_had_it(hub: TestHub) -> None:
    first = await hub.server("web-1")
    await hub.server("db-1")
    only = await make(hub, role="operator", servers="web-1")
    by_id = await make(hub, role="operator", servers=first["id"])
    most = await make(hub, role="operator", servers="*,!db-1")
    assert [one["servers"] for one in (only, by_id, most)] == ["web-1", "web-1", "*,!db-1"]
    await hub.ok("PATCH", "/servers/web-1", {"name": "old"})
    await hub.ok("PATCH", "/servers/db-1", {"name": "db-old"})
    await hub.server("web-1")
    await hub.server("db-1")
    assert await names(hub, only["token"]) == await names(hub, by_id["token"]) == ["old"]
    assert await names(hub, most["token"]) == ["db-1", "old", "web-1"]
    listed = [one["servers"] for one in (await hub.ok("GET", "/tokens"))["items"]]
    assert listed == ["old", "old", "*,!db-old"]
    run = {"target": "web-1", "command": "id"}
    assert (await hub.call("POST", "/commands", run, token=only["token"])).status == 404


async def test_a_server_that_is_gone_is_shown_by_its_id_and_never_comes_back(
    hub: TestHub,
) -> None:
    first = await hub.server("web-1")
    made = await make(hub, role="operator", servers="web-1")
    await hub.ok("DELETE", "/servers/web-1")
    await hub.server("web-1")
    assert await names(hub, made["token"]) == []
    assert (await hub.ok("DELETE", f"/tokens/{made['id']}"))["servers"] == first["id"]


async def test_the_name_of_a_server_that_is_shared_no_more_is_not_told(hub: TestHub) -> None:
    ann = await hub.user("ann", "operator")
    made = await hub.server("web-1")
    await hub.ok("PUT", "/servers/web-1/shares", {"user": "ann", "role": "viewer"})
    await make(hub, ann, servers="web-1")
    await hub.ok("DELETE", "/servers/web-1/shares/ann")
    await hub.ok("PATCH", "/servers/web-1", {"name": "a-secret"})
    (listed,) = (await hub.ok("GET", "/tokens", token=ann))["items"]
    assert listed["servers"] == made["id"]
    (listed,) = (await hub.ok("GET", "/tokens?user=ann"))["items"]
    assert listed["servers"] == "a-secret"


@pytest.mark.parametrize("servers", ["web-1", "web-*", "tag:env=dev", "all,!db-1"])
async def test_a_token_changes_names_and_tags_and_reaches_no_more(
    hub: TestHub, servers: str
) -> None:
    await hub.server("web-1", tags={"env": "dev"})
    await hub.server("db-1", tags={"env": "prod"})
    token = (await make(hub, role="operator", servers=servers))["token"]
    assert await names(hub, token) == ["web-1"]
    for change in ({"name": "web-9"}, {"tags": {"env": "dev"}}):
        assert (await hub.call("PATCH", "/servers/db-1", change, token=token)).status == 404
    taken = await hub.call("PATCH", "/servers/web-1", {"name": "db-1"}, token=token)
    assert taken.status == 409
    await hub.ok("PATCH", "/servers/web-1", {"name": "web-2"}, token=token)
    assert await names(hub, token) == ["web-2"]
    await hub.ok("PATCH", "/servers/web-2", {"tags": {"env": "prod"}}, token=token)
    assert await names(hub, token) == ([] if servers == "tag:env=dev" else ["web-2"])


async def test_a_token_for_one_server_adds_none_in_its_place(hub: TestHub) -> None:
    await hub.server("web-1")
    token = (await make(hub, role="operator", servers="web-1"))["token"]
    await hub.ok("PATCH", "/servers/web-1", {"name": "old"}, token=token)
    again = await hub.call("POST", "/servers", {"name": "web-1"}, token=token)
    assert (again.status, again.code) == (403, "not_permitted")
    assert await names(hub, token) == ["old"]


async def test_a_long_list_of_names_is_kept_as_ids(hub: TestHub) -> None:
    fleet_names = sorted(f"w{number}" for number in range(130))
    for name in fleet_names:
        await hub.server(name)
    made = await make(hub, servers=",".join(fleet_names))
    assert made["servers"] == ",".join(fleet_names)
    assert len(await names(hub, made["token"])) == 100
    assert (await hub.ok("GET", "/status", token=made["token"]))["servers"]["total"] == 130


async def test_a_target_that_cannot_be_is_refused(hub: TestHub) -> None:
    ann = await hub.user("ann", "operator")
    await hub.server("secret")
    for servers, status in (
        ("web 1", 422),
        ("!web-1", 422),
        ("secret", 404),
        ("nothing", 404),
        ("all,!nothing", 404),
    ):
        body = {"name": "ci", "servers": servers}
        assert (await hub.call("POST", "/tokens", body, token=ann)).status == status, servers


async def test_a_token_adds_only_servers_that_it_is_for(hub: TestHub) -> None:
    token = (await make(hub, role="operator", servers="web-*"))["token"]
    assert (await hub.server("web-1", token=token))["owner"] == "admin"
    other = await hub.call("POST", "/servers", {"name": "db-1"}, token=token)
    assert (other.status, other.code) == (403, "not_permitted")


async def test_tokens_end(hub: TestHub) -> None:
    soon = await make(hub, expires_in=0.2)
    gone = await make(hub)
    await hub.ok("DELETE", f"/tokens/{gone['id']}")

    async def expired() -> bool:
        return (await hub.call("GET", "/servers", token=soon["token"])).status == 401

    await until_async(expired, what="the token has expired")
    assert (await hub.call("GET", "/servers", token=gone["token"])).status == 401
    stranger = new_credential(TOKEN).text
    halves = gone["token"][:12] + stranger[12:]
    for text in (stranger, halves, gone["token"][:-1]):
        answer = await hub.call("GET", "/servers", token=text)
        assert (answer.status, answer.code) == (401, "not_signed_in")
    assert [one["id"] for one in (await hub.ok("GET", "/tokens"))["items"]] == [soon["id"]]
    again = await hub.call("DELETE", f"/tokens/{gone['id']}")
    assert (again.status, again.code) == (409, "conflict")


async def test_tokens_of_others_are_an_administrators_business(hub: TestHub) -> None:
    ann, bob = await hub.user("ann", "operator"), await hub.user("bob", "operator")
    made = await make(hub, ann)
    assert (await hub.ok("GET", "/tokens", token=bob))["items"] == []
    hidden = await hub.call("DELETE", f"/tokens/{made['id']}", token=bob)
    assert (hidden.status, hidden.code) == (404, "not_found")
    assert (await hub.call("GET", "/tokens?user=ann", token=bob)).status == 403
    assert (await hub.call("GET", "/tokens?user=nobody", token=bob)).status == 403
    assert (await hub.call("GET", "/tokens?user=nobody")).status == 404
    assert len((await hub.ok("GET", "/tokens?user=ann", token=ann))["items"]) == 1
    (listed,) = (await hub.ok("GET", "/tokens?user=ann"))["items"]
    await hub.ok("DELETE", f"/tokens/{listed['id']}")
    assert (await hub.call("GET", "/auth/me", token=made["token"])).status == 401


async def test_a_new_password_ends_sessions_and_no_tokens(hub: TestHub) -> None:
    ann = await hub.user("ann", "operator")
    await hub.server("ann-1", token=ann)
    made = await make(hub, ann)
    session, token = [await hub.subscribe("metrics/ann-1", one) for one in (ann, made["token"])]
    for socket in (session, token):
        await socket.expect("auth_success")
    body = {"current": PASSWORD, "new": "another horse"}
    await hub.ok("POST", "/auth/password", body, token=ann)
    assert (await session.closed())[0] == 4014
    await token.send_json({"type": "ping", "id": 7})
    await token.expect("pong")
    await token.close()
    assert (await hub.call("GET", "/auth/me", token=ann)).status == 401
    assert await names(hub, made["token"]) == ["ann-1"]


async def test_the_last_use_is_noted_and_kept(tmp_path: Path) -> None:
    folder, began = tmp_path / "hub", time.time()
    async with running_hub(folder) as hub:
        made = await make(hub)
        assert (await hub.ok("GET", "/tokens"))["items"][0]["last_used"] is None
        await hub.ok("GET", "/servers", token=made["token"])
        used = (await hub.ok("GET", "/tokens"))["items"][0]["last_used"]
    assert used is not None
    async with running_hub(folder) as hub:
        assert (await hub.ok("GET", "/tokens"))["items"][0]["last_used"] == used
        assert time.time() - began < 60


async def test_the_audit_names_user_and_token(hub: TestHub) -> None:
    made = await make(hub, role="operator")
    await hub.server("web-1", token=made["token"])
    await hub.call("GET", "/users", token=made["token"])
    await hub.ok("DELETE", f"/tokens/{made['id']}")
    trail = (await hub.ok("GET", "/audit"))["items"]
    seen = {
        (one["action"], one["outcome"]): one["detail"] for one in trail if one["user"] == "admin"
    }
    for act in (("servers.add", "ok"), ("users.list", "denied")):
        assert seen[act]["token"] == "ci"
        assert seen[act]["token_id"] == made["id"]
    assert seen["tokens.create", "ok"]["role"] == "operator"
    assert seen["tokens.revoke", "ok"]["user"] == "admin"
    assert made["token"] not in str(trail)
    assert (await hub.ok("GET", "/audit/verify"))["ok"]


@pytest.mark.parametrize("by", ["other token", "own token", "session"])
async def test_who_attaches_starts_only_what_the_credentials_asked_for(
    hub: TestHub, by: str
) -> None:
    async with fleet(hub, "db-1", "web-1") as (db, _):
        made = (await make(hub, role="operator"))["token"]
        web = (await make(hub, role="operator", servers="web-1"))["token"]
        body = {"target": "all", "command": "id", "mode": "attach"}
        run_id = (await hub.ok("POST", "/commands", body, token=made))["run_id"]
        token = {"other token": web, "own token": made, "session": "admin"}[by]
        follower = await attach(hub, run_id, token)
        if by != "other token":
            await db.started()
            await follower.socket.close()
            return
        await follower.socket.expect("command_event")
        await hub.ok("POST", f"/runs/{run_id}/cancel", token=web)
        found = await hub.ok("GET", f"/runs/{run_id}")
        assert {one["server"]: one["status"] for one in found["commands"]} == {
            "db-1": "queued", "web-1": "cancelled"
        }  # fmt: skip
        await follower.socket.close()


async def test_whoever_shows_a_token_is_told_what_it_is(hub: TestHub) -> None:
    await hub.server("web-1")
    await hub.server("db-1")
    session = await hub.ok("GET", "/auth/me")
    assert (session["role"], session["token"]) == ("admin", None)
    made = await make(hub, role="operator", servers="*,!db-1")
    shown = await hub.ok("GET", "/auth/me", token=made["token"])
    assert (shown["name"], shown["role"]) == ("admin", "operator")
    assert {key: shown["token"][key] for key in ("id", "name", "role")} == {
        "id": made["id"], "name": "ci", "role": "operator"
    }  # fmt: skip
    assert shown["token"]["servers"].startswith("*,!0"), "what it may not see has no name for it"
    web = await make(hub, servers="web-1")
    assert (await hub.ok("GET", "/auth/me", token=web["token"]))["token"]["servers"] == "web-1"
    ann = await hub.user("ann", "operator")
    runner = await make(hub, ann, role="operator")
    await hub.ok("PATCH", "/users/ann", {"role": "viewer"})
    shown = await hub.ok("GET", "/auth/me", token=runner["token"])
    assert (shown["role"], shown["token"]["role"]) == ("viewer", "operator")
