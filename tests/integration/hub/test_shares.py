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
    assert (await hub.ok("GET", "/servers/web-1", token=ann))["role"] == counts
    assert (await hub.ok("GET", "/servers/web-1"))["role"] == "admin"
    assert (await hub.ok("GET", "/status", token=ann))["servers"]["total"] == 1
    (ran,) = (await hub.ok("GET", "/commands", token=ann))["items"]
    assert ran["command"] == "id"
    output = await hub.call("GET", f"/commands/{ran['id']}/output", token=ann)
    run = await hub.call("POST", "/commands", {"target": "web-1", "command": "x"}, token=ann)
    several = await hub.call("POST", "/commands", {"target": "all", "command": "x"}, token=ann)
    wanted = 200 if counts == "operator" else 403
    assert (output.status, run.status) == (wanted, wanted)
    if account == "viewer":
        assert several.status == 403
    else:  # of several those that one may only look at are refused, each by itself
        statuses = {"operator": "offline", "viewer": "refused"}
        assert [one["status"] for one in several.body] == [statuses[share]]
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


ONLY_LOOKS = "ann may only look there, and this needs the role operator"


async def test_of_several_those_that_one_may_only_look_at_are_refused(hub: TestHub) -> None:
    async with fleet(hub, "ann-1", "web-1") as (mine, others):
        ann = await _shared(hub, "operator", "viewer")
        await hub.ok("PUT", "/servers/ann-1/shares", {"user": "ann", "role": "operator"})
        body = {"target": "ann-1,web-1", "command": "x", "mode": "detach"}
        run_id = (await hub.ok("POST", "/commands", body, token=ann))["run_id"]
        await mine.started()
        follower = await attach(hub, run_id, ann)
        await mine.finished()
        await follower.to_the_end()
        ends = {e["server"]: e["result"] for e in follower.events if e["event"] == "end"}
        assert {name: end["status"] for name, end in ends.items()} == {
            "ann-1": "succeeded", "web-1": "refused",
        }  # fmt: skip
        assert ends["web-1"]["error"] == ONLY_LOOKS
        await hub.ok("POST", "/commands", {"target": "web-1", "command": "y", "mode": "detach"})
        await others.started()
        assert others.command["command"] == "y", "and x was never sent there"
        (row,) = (await hub.ok("GET", "/commands?server=web-1&user=ann"))["items"]
        assert row["status"] == "refused"
        audit = (await hub.ok("GET", "/audit?action=commands.run&user=ann"))["items"]
        assert {(one["outcome"], *one["detail"]["servers"]) for one in audit} == {
            ("sent", "ann-1"), ("denied", "web-1"),
        }  # fmt: skip


async def test_where_one_may_only_look_each_is_refused_and_one_alone_is_an_error(
    hub: TestHub,
) -> None:
    await hub.server("web-1")
    ann = await _shared(hub, "operator", "viewer")
    body = {"target": "web-*", "command": "x", "expect_count": 1}
    planned = await hub.ok("POST", "/commands", {**body, "dry_run": True}, token=ann)
    assert planned["servers"] == [{"server": "web-1", "status": "refused", "error": ONLY_LOOKS}]
    (result,) = await hub.ok("POST", "/commands", body, token=ann)
    assert (result["status"], result["error"]) == ("refused", ONLY_LOOKS)
    (denied,) = (await hub.ok("GET", "/audit?action=commands.run"))["items"]
    assert (denied["user"], denied["outcome"]) == ("ann", "denied")
    one = await hub.call("POST", "/commands", {**body, "target": "web-1"}, token=ann)
    assert (one.status, one.code) == (403, "not_permitted")


async def test_who_was_refused_sees_that_and_others_do_not_see_more(hub: TestHub) -> None:
    await hub.server("web-1")
    ann = await _shared(hub, "operator", "viewer")
    (result,) = await hub.ok("POST", "/commands", {"target": "all", "command": "x"}, token=ann)
    bob = await hub.user("bob", "operator")
    await hub.ok("PUT", "/servers/web-1/shares", {"user": "bob", "role": "viewer"})
    path = f"/runs/{result['run_id']}/cancel"
    assert (await hub.call("POST", path, token=ann)).code == "conflict", "it is over"
    assert (await hub.call("POST", path, token=bob)).code == "not_permitted"
    output = await hub.call("GET", f"/commands/{result['command_id']}/output", token=ann)
    assert output.code == "not_permitted"


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
