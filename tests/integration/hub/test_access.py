"""Who may see and do what: ownership, roles, and answers that give nothing away."""

from __future__ import annotations

import pytest

from tests.support.hub import TestHub


async def test_an_operator_sees_own_servers_only(hub: TestHub) -> None:
    ann, bob = await hub.user("ann", "operator"), await hub.user("bob", "operator")
    mine = await hub.server("ann-1", token=ann)
    await hub.server("bob-1", token=bob)
    assert mine["owner"] == "ann"
    listed = await hub.ok("GET", "/servers", token=ann)
    assert [one["name"] for one in listed["items"]] == ["ann-1"]
    everything = await hub.ok("GET", "/servers")
    assert [one["name"] for one in everything["items"]] == ["ann-1", "bob-1"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/servers/{}", None),
        ("PATCH", "/servers/{}", {"name": "stolen"}),
        ("DELETE", "/servers/{}", None),
        ("GET", "/metrics/{}", None),
        ("GET", "/metrics/{}/history", None),
        ("GET", "/events?server={}", None),
        ("GET", "/commands?server={}", None),
        ("GET", "/api-keys?server={}", None),
        ("POST", "/api-keys", {"server": "{}"}),
        ("POST", "/commands", {"target": "{}", "command": "true"}),
    ],
)
async def test_what_one_may_not_see_answers_as_if_it_were_not_there(
    hub: TestHub, method: str, path: str, body: dict[str, str] | None
) -> None:
    ann = await hub.user("ann", "operator")
    await hub.server("secret")

    def named(name: str) -> tuple[str, dict[str, str] | None]:
        filled = {key: value.format(name) for key, value in body.items()} if body else None
        return path.format(name), filled

    hidden = await hub.call(method, *named("secret"), token=ann)
    missing = await hub.call(method, *named("nothing"), token=ann)
    assert hidden.status == missing.status == 404
    assert str(hidden.body).replace("secret", "nothing") == str(missing.body)


async def test_ids_of_others_are_as_hidden_as_names(hub: TestHub) -> None:
    ann = await hub.user("ann", "operator")
    other = await hub.server("secret")
    assert (await hub.call("GET", f"/servers/{other['id']}", token=ann)).status == 404
    key = other["key"]["id"]
    assert (await hub.call("DELETE", f"/api-keys/{key}", token=ann)).status == 404
    ran = await hub.ok("POST", "/commands", {"target": "secret", "command": "true"})
    command = ran[0]["command_id"]
    for path in (f"/commands/{command}", f"/commands/{command}/output"):
        assert (await hub.call("GET", path, token=ann)).status == 404
    assert (await hub.call("POST", f"/commands/{command}/cancel", token=ann)).status == 404


async def test_a_viewer_changes_nothing(hub: TestHub) -> None:
    eve = await hub.user("eve", "viewer")
    await hub.server("web-1")
    for method, path, body in (
        ("POST", "/servers", {"name": "x"}),
        ("POST", "/commands", {"target": "web-1", "command": "true"}),
        ("POST", "/api-keys", {"server": "web-1"}),
        ("GET", "/users", None),
        ("GET", "/audit", None),
    ):
        answer = await hub.call(method, path, body, token=eve)
        assert (answer.status, answer.code) == (403, "not_permitted"), path


async def test_denials_are_audited(hub: TestHub) -> None:
    eve = await hub.user("eve", "viewer")
    await hub.call("POST", "/servers", {"name": "x"}, token=eve)
    page = await hub.ok("GET", "/audit?user=eve&action=servers.add")
    assert [(one["outcome"], one["target"]) for one in page["items"]] == [("denied", "x")]


async def test_an_account_that_is_demoted_loses_what_it_could(hub: TestHub) -> None:
    ann = await hub.user("ann", "operator")
    await hub.server("ann-1", token=ann)
    await hub.ok("PATCH", "/users/ann", {"role": "viewer"})
    ann = await hub.login("ann")
    assert (await hub.ok("GET", "/servers/ann-1", token=ann))["name"] == "ann-1"
    run = {"target": "ann-1", "command": "true"}
    assert (await hub.call("POST", "/commands", run, token=ann)).status == 403


async def test_servers_of_a_deleted_account_go_to_its_heir(hub: TestHub) -> None:
    ann, bob = await hub.user("ann", "operator"), await hub.user("bob", "operator")
    await hub.server("ann-1", token=ann)
    await hub.ok("PUT", "/servers/ann-1/shares", {"user": "bob", "role": "viewer"}, token=ann)
    refused = await hub.call("DELETE", "/users/ann")
    assert (refused.status, refused.code) == (409, "conflict")
    assert "ann owns ann-1" in refused.body["error"]["message"]
    assert "--reassign-to" in refused.body["error"]["hint"]
    assert (await hub.call("GET", "/auth/me", token=ann)).status == 200
    for heir, status in (("ann", 422), ("nobody", 404)):
        answer = await hub.call("DELETE", f"/users/ann?reassign_to={heir}")
        assert answer.status == status, heir
    await hub.ok("PATCH", "/users/bob", {"disabled": True})
    disabled = await hub.call("DELETE", "/users/ann?reassign_to=bob")
    assert (disabled.status, disabled.code) == (409, "conflict")
    assert "users enable bob" in disabled.body["error"]["hint"]
    assert (await hub.call("GET", "/auth/me", token=ann)).status == 200
    await hub.ok("PATCH", "/users/bob", {"disabled": False})
    assert (await hub.call("DELETE", "/users/ann?reassign_to=bob")).status == 204
    assert (await hub.call("GET", "/auth/me", token=ann)).status == 401
    bob = await hub.login("bob")
    listed = await hub.ok("GET", "/servers", token=bob)
    assert [(one["name"], one["owner"]) for one in listed["items"]] == [("ann-1", "bob")]
    assert (await hub.ok("GET", "/servers/ann-1/shares", token=bob))["items"] == []


async def test_there_is_always_an_administrator(hub: TestHub) -> None:
    await hub.user("ann", "admin")
    await hub.ok("PATCH", "/users/ann", {"disabled": True})
    for method, body in (
        ("DELETE", None),
        ("PATCH", {"disabled": True}),
        ("PATCH", {"role": "operator"}),
    ):
        answer = await hub.call(method, "/users/admin", body)
        assert (answer.status, answer.code) == (409, "conflict")
    await hub.ok("PATCH", "/users/ann", {"disabled": False})
    await hub.ok("PATCH", "/users/admin", {"role": "operator"})
    assert (await hub.call("GET", "/users", token=await hub.login("ann"))).status == 200
