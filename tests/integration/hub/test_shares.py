"""Shares: what others may do on a server that is not theirs, and no more."""

from __future__ import annotations

import pytest

from tests.support.fleet import attach, connect, fleet
from tests.support.hub import TestHub


async def _shared(hub: TestHub, account: str, share: str) -> str:
    """An account's token, with a share in web-1."""
    token = await hub.user("ann", account)
    await hub.ok("PUT", "/servers/web-1/shares", {"user": "ann", "role": share})
    return token


@pytest.mark.parametrize(
    ("account", "share", "counts"),
    [
        ("viewer", "viewer", "viewer"),
        ("viewer", "operator", "viewer"),
        ("operator", "viewer", "viewer"),
        ("operator", "operator", "operator"),
    ],
)
async def test_the_lower_role_counts(hub: TestHub, account: str, share: str, counts: str) -> None:
    await hub.server("web-1")
    await hub.server("secret")
    await hub.ok("POST", "/commands", {"target": "web-1", "command": "id"})
    ann = await _shared(hub, account, share)
    listed = await hub.ok("GET", "/servers", token=ann)
    assert [one["name"] for one in listed["items"]] == ["web-1"]
    assert (await hub.ok("GET", "/status", token=ann))["servers"]["total"] == 1
    (ran,) = (await hub.ok("GET", "/commands", token=ann))["items"]
    assert ran["command"] == "id"
    output = await hub.call("GET", f"/commands/{ran['id']}/output", token=ann)
    run = await hub.call("POST", "/commands", {"target": "web-1", "command": "x"}, token=ann)
    several = await hub.call("POST", "/commands", {"target": "all", "command": "x"}, token=ann)
    wanted = 200 if counts == "operator" else 403
    assert (output.status, run.status, several.status) == (wanted, wanted, wanted)
    shown = await hub.ok("GET", f"/runs/{ran['run_id']}", token=ann)
    assert shown["counts"] == {"offline": 1}


async def test_a_share_does_not_make_an_owner(hub: TestHub) -> None:
    key = (await hub.server("web-1"))["key"]["id"]
    ann = await _shared(hub, "operator", "operator")
    for method, path, body in (
        ("DELETE", "/servers/web-1", None),
        ("PATCH", "/servers/web-1", {"tags": {"env": "prod"}}),
        ("POST", "/api-keys", {"server": "web-1"}),
        ("DELETE", f"/api-keys/{key}", None),
        ("GET", "/servers/web-1/shares", None),
        ("PUT", "/servers/web-1/shares", {"user": "admin", "role": "viewer"}),
        ("DELETE", "/servers/web-1/shares/ann", None),
    ):
        answer = await hub.call(method, path, body, token=ann)
        assert (answer.status, answer.code) == (403, "not_permitted"), path


async def test_a_run_leaves_out_what_one_may_only_look_at_or_is_refused(hub: TestHub) -> None:
    await hub.server("web-1")
    ann = await _shared(hub, "operator", "viewer")
    await hub.server("ann-1", token=ann)
    body = {"target": "all", "command": "x"}
    refused = await hub.call("POST", "/commands", body, token=ann)
    assert (refused.status, refused.code) == (403, "not_permitted")
    assert "web-1" in refused.body["error"]["message"]
    body["target"] = "all,!web-1"
    (result,) = await hub.ok("POST", "/commands", body, token=ann)
    assert result["server"] == "ann-1"
    assert [one["server"] for one in (await hub.ok("GET", "/commands"))["items"]] == ["ann-1"]


async def test_of_a_run_one_sees_what_is_on_ones_own_servers(hub: TestHub) -> None:
    async with fleet(hub, "web-1", "web-2") as (one, two):
        ann = await _shared(hub, "operator", "operator")
        body = {"target": "web-1,web-2", "command": "x", "mode": "detach"}
        run_id = (await hub.ok("POST", "/commands", body))["run_id"]
        await one.started()
        await two.started()
        seen = await hub.ok("GET", f"/runs/{run_id}", token=ann)
        assert [one["server"] for one in seen["commands"]] == ["web-1"]
        assert "web-2" not in str(seen)
        assert (await hub.ok("GET", f"/runs/{run_id}"))["target"] == "web-1,web-2"
        follower = await attach(hub, run_id, ann)
        await one.finished()
        assert await follower.to_the_end() == 1000
        assert {e.get("server") for e in follower.events} == {None, "web-1"}
        cancelled = await hub.call("POST", f"/runs/{run_id}/cancel", token=ann)
        assert (cancelled.status, cancelled.code) == (409, "conflict")
        await two.finished()


async def test_shares_are_listed_changed_audited_and_taken_back(hub: TestHub) -> None:
    one = await connect(hub)
    ann = await _shared(hub, "operator", "viewer")
    await hub.ok("PUT", "/servers/web-1/shares", {"user": "ann", "role": "operator"})
    (share,) = (await hub.ok("GET", "/servers/web-1/shares"))["items"]
    assert (share["server"], share["user"], share["role"]) == ("web-1", "ann", "operator")
    watching = await hub.subscribe("metrics/web-1", ann)
    await watching.expect("auth_success")
    await hub.ok("DELETE", "/servers/web-1/shares/ann")
    code, _ = await watching.closed()
    assert code == 4015
    assert (await hub.call("GET", "/servers/web-1", token=ann)).status == 404
    again = await hub.call("DELETE", "/servers/web-1/shares/ann")
    assert (again.status, again.code) == (404, "not_found")
    nobody = await hub.call("PUT", "/servers/web-1/shares", {"user": "x", "role": "viewer"})
    assert nobody.status == 404
    mine = await hub.call("PUT", "/servers/web-1/shares", {"user": "admin", "role": "viewer"})
    assert mine.status == 422
    audit = (await hub.ok("GET", "/audit?action=servers."))["items"]
    done = [one for one in audit if one["outcome"] == "ok" and "share" in one["action"]]
    assert [(one["action"], one["detail"].get("role")) for one in done] == [
        ("servers.unshare", None), ("servers.share", "operator"), ("servers.share", "viewer"),
    ]  # fmt: skip
    await one.agent.close()


async def test_a_disabled_account_gets_no_share(hub: TestHub) -> None:
    await hub.server("web-1")
    await _shared(hub, "operator", "viewer")
    await hub.ok("PATCH", "/users/ann", {"disabled": True})
    body = {"user": "ann", "role": "operator"}
    refused = await hub.call("PUT", "/servers/web-1/shares", body)
    assert (refused.status, refused.code) == (409, "conflict")
    assert "disabled" in refused.body["error"]["message"]
    assert "hint" in refused.body["error"]
    (share,) = (await hub.ok("GET", "/servers/web-1/shares"))["items"]
    assert share["role"] == "viewer", "what it has stays, for when it is enabled again"
    await hub.ok("DELETE", "/servers/web-1/shares/ann")


async def test_shares_go_with_the_account_and_the_server(hub: TestHub) -> None:
    await hub.server("web-1")
    await _shared(hub, "operator", "viewer")
    await hub.ok("DELETE", "/users/ann")
    assert (await hub.ok("GET", "/servers/web-1/shares"))["items"] == []
