"""Whatever changes something leaves a record, and so does whoever is refused it: every operation of
the route table is tried, so that a new one without a record fails here."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from chatops.protocol.messages import DockerCommand, DockerResponse
from chatops.server.api.operation import Operation
from chatops.server.api.routes import OPERATIONS
from chatops.server.secrets import load_secrets
from chatops.server.services.access import Access
from chatops.server.services.access_tokens import AccessTokens
from chatops.server.services.alerting.service import MetricValue
from chatops.server.services.feeds import Piece
from tests.support.hub import PASSWORD, StubAgent, TestHub, running_hub
from tests.support.waiting import until_async

NEW_PASSWORD = "another correct horse"
ENV = "a secret of the environment"


class Ask(NamedTuple):
    """A request that succeeds; as ``ada``, an operator who owns ``web-1``, unless it says else."""

    path: str
    body: object = None
    token: str | None = "ada"
    user: str | None = "ada"
    target: str | None = "web-1"


@dataclass
class Place:
    """A hub with somebody of each kind, and a server with a connected agent."""

    hub: TestHub
    agent: StubAgent
    key: dict[str, Any]
    tokens: dict[str | None, str | None]
    secrets: list[str] = field(default_factory=list)

    async def call(self, operation: Operation, ask: Ask, **given: Any) -> Any:
        token = given.pop("token", self.tokens[ask.token])
        return await self.hub.call(operation.method, ask.path, ask.body, token=token, **given)

    async def trail(self) -> list[dict[str, Any]]:
        return list((await self.hub.ok("GET", "/audit/export?limit=1000"))["items"])


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with running_hub(tmp_path / "hub", registration="open") as hub:
        ada, eve = await hub.user("ada", "operator"), await hub.user("eve", "viewer")
        stranger = await hub.user("bob", "operator")
        key = (await hub.server("web-1", token=ada))["key"]
        async with await hub.agent(key["key"]) as agent:
            await agent.expect("auth_success")
            tokens = {"admin": hub.admin, "ada": ada, "eve": eve, "bob": stranger, None: None}
            yield Place(hub, agent, key, tokens, [PASSWORD, NEW_PASSWORD, ENV, key["key"]])


async def _pair(place: Place) -> dict[str, Any]:
    body = {"username": "ada", "password": PASSWORD}
    pair: dict[str, Any] = await place.hub.ok("POST", "/auth/login", body, token=None)
    place.secrets += [pair["access_token"], pair["refresh_token"]]
    return pair


async def _command(place: Place) -> str:
    """The id of a command that runs."""
    body = {"target": "web-1", "command": "sleep 9", "mode": "detach", "env": {"A": ENV}}
    await place.hub.ok("POST", "/commands", body, token=place.tokens["ada"])
    return str((await place.agent.expect("command"))["id"])


async def _login(_: Place) -> Ask:
    return Ask("/auth/login", {"username": "ada", "password": PASSWORD}, None, "ada", None)


async def _register(_: Place) -> Ask:
    body = {"username": "new", "password": PASSWORD}
    return Ask("/auth/register", body, None, "new", "new")


async def _refresh(place: Place) -> Ask:
    body = {"refresh_token": (await _pair(place))["refresh_token"]}
    return Ask("/auth/refresh", body, None, "ada", None)


async def _logout(place: Place) -> Ask:
    body = {"refresh_token": (await _pair(place))["refresh_token"]}
    return Ask("/auth/logout", body, None, "ada", None)


async def _cancel_command(place: Place) -> Ask:
    return Ask(f"/commands/{await _command(place)}/cancel")


async def _cancel_run(place: Place) -> Ask:
    command = await _command(place)
    run = (await place.hub.ok("GET", f"/commands/{command}"))["run_id"]
    return Ask(f"/runs/{run}/cancel")


async def _revoke_token(place: Place) -> Ask:
    made = await place.hub.ok("POST", "/tokens", {"name": "ci"}, token=place.tokens["ada"])
    place.secrets.append(made["token"])
    return Ask(f"/tokens/{made['id']}", target="ci")


async def _alert(place: Place) -> str:
    """The id of an alert that fires on web-1."""
    alerting = place.hub.services.alerting
    await alerting.look()
    (server,) = alerting.fleet.ids()
    (rule,) = alerting.plans.offline(server)
    made = alerting.create_alert(rule, MetricValue(server, "", 61.0, time.time()))
    assert made is not None
    await alerting.drain()
    return made.id


async def _ack_alert(place: Place) -> Ask:
    alert = await _alert(place)
    return Ask(f"/alerts/{alert}/ack", {"comment": "on it"}, target=alert)


async def _resolve_alert(place: Place) -> Ask:
    alert = await _alert(place)
    return Ask(f"/alerts/{alert}/resolve", target=alert)


async def _remove_silence(place: Place) -> Ask:
    made = await place.hub.ok("POST", "/silences", SILENCE, token=place.tokens["ada"])
    return Ask(f"/silences/{made['id']}", target=made["id"])


RULE = {"metric": "cpu", "op": "gt", "value": 200, "target": "web-1", "name": "hot"}
SILENCE = {"target": "web-1", "for_s": 60}


async def _test_channel(place: Place) -> Ask:
    await place.hub.ok("POST", "/channels", CHANNEL)
    return Ask("/channels/ops/test", **ADMIN | {"target": "ops"})


CHANGES = ("start", "stop", "restart", "pause", "unpause", "kill", "rm")


def _change(
    action: str, path: str = "/docker/web-1/containers/app/{}"
) -> Callable[[Place], Awaitable[Ask]]:
    """An agent that answers at once; real ones are in test_docker.py."""

    async def made(place: Place) -> Ask:
        async def answer(_server: str, request: DockerCommand, *, timeout: float) -> DockerResponse:
            done = {"id": "1", "name": "app", "state": None, "count": 1}
            return DockerResponse(id=request.id, ok=True, data=done)

        place.hub.services.agents.send_command = answer
        return Ask(path.format(action), {})

    return made


async def _pull(place: Place) -> Ask:
    """An agent that has it at once."""

    async def opened(_principal: object, _where: object, *_: object, **_args: object) -> Any:
        return Pulled(), None

    place.hub.services.feeds.open = opened
    return Ask("/docker/web-1/images/pull", {"image": "app"})


class Pulled:
    """The feed of a pull that is over."""

    server = "web-1"

    def __init__(self) -> None:
        self.pieces = [Piece("stdout", bytearray(b'{"id":"1"}\n'))]

    async def next(self) -> list[Piece] | None:
        return [self.pieces.pop()] if self.pieces else None

    def close(self) -> None:
        """Nothing to close."""


def ask(path: str, body: object = None, **fields: Any) -> Callable[[Place], Awaitable[Ask]]:
    """The same request in every place; ``{key}`` is the id of the server's key."""

    async def made(place: Place) -> Ask:
        return Ask(path.format(key=place.key["id"]), body, **fields)

    return made


ADMIN: dict[str, Any] = {"token": "admin", "user": "admin"}
CHANNEL = {"name": "ops", "url": f"http://127.0.0.1:9/{ENV.replace(' ', '-')}", "secret": ENV}
RUN = {"target": "web-1", "command": "true", "mode": "detach", "env": {"A": ENV}}
HOW: dict[str, Callable[[Place], Awaitable[Ask]]] = {
    "login": _login,
    "register": _register,
    "refresh": _refresh,
    "logout": _logout,
    "change_password": ask(
        "/auth/password", {"current": PASSWORD, "new": NEW_PASSWORD}, target=None
    ),
    "create_user": ask(
        "/users", {"name": "new", "password": PASSWORD, "role": "viewer"}, target="new", **ADMIN
    ),
    "update_user": ask("/users/eve", {"password": NEW_PASSWORD}, target="eve", **ADMIN),
    "delete_user": ask("/users/eve", target="eve", **ADMIN),
    "add_server": ask("/servers", {"name": "web-2", "key": True}, target="web-2"),
    "update_server": ask("/servers/web-1", {"tags": {"a": "b"}}),
    "remove_server": ask("/servers/web-1"),
    "share_server": ask("/servers/web-1/shares", {"user": "eve", "role": "viewer"}),
    "unshare_server": ask("/servers/web-1/shares/eve"),
    "create_key": ask("/api-keys", {"server": "web-1", "name": "second"}),
    "revoke_key": ask("/api-keys/{key}"),
    "create_token": ask("/tokens", {"name": "ci"}, target="ci"),
    "revoke_token": _revoke_token,
    **{f"{action}_container": _change(action) for action in CHANGES},
    "pull_image": _pull,
    "prune_engine": _change("prune", "/docker/web-1/{}"),
    "run_command": ask("/commands", RUN),
    "cancel_command": _cancel_command,
    "cancel_run": _cancel_run,
    "ack_alert": _ack_alert,
    "resolve_alert": _resolve_alert,
    "set_threshold": ask("/alerts/thresholds", RULE, target="hot"),
    "update_threshold": ask("/alerts/thresholds/hot", {"enabled": False}, target="hot"),
    "remove_threshold": ask("/alerts/thresholds/hot", target="hot"),
    "add_silence": ask("/silences", SILENCE),
    "remove_silence": _remove_silence,
    "add_channel": ask("/channels", CHANNEL, target="ops", **ADMIN),
    "remove_channel": ask("/channels/ops", target="ops", **ADMIN),
    "test_channel": _test_channel,
    "set_setting": ask("/settings/lost_after", {"value": "40s"}, target="lost_after", **ADMIN),
    "reset_setting": ask("/settings/lost_after", target="lost_after", **ADMIN),
}
"""A request that succeeds, for each operation that changes something."""

BEFORE: dict[str, str] = {
    "unshare_server": "share_server",
    "reset_setting": "set_setting",
    "update_threshold": "set_threshold",
    "remove_threshold": "set_threshold",
    "remove_channel": "add_channel",
}
"""What has to be done first."""
OUTCOME: dict[str, str] = {"test_channel": "failed"}
"""Nobody listens there."""
DETAIL: dict[str, dict[str, Any]] = {
    "update_user": {"password": "changed"},
    "create_user": {"role": "viewer"},
    "update_server": {"tags": {"a": "b"}},
    "share_server": {"user": "eve", "role": "viewer"},
    "unshare_server": {"user": "eve"},
    "create_key": {"key": "second"},
    "revoke_key": {"key": "default"},
    "create_token": {"role": "viewer"},
    "revoke_token": {"user": "ada"},
    **{f"{action}_container": {"container": "app"} for action in CHANGES},
    "pull_image": {"image": "app"},
    "run_command": {"command": "true"},
    "add_channel": {"severity": "info", "target": "all"},
    "set_setting": {"new": "40s"},
    "set_threshold": {"metric": "cpu", "op": "gt", "value": 200, "target": "web-1"},
    "ack_alert": {"comment": "on it"},
}
"""What the record of a refusal tells beside the target."""
CHANGING = [one for one in OPERATIONS if one.changes]
CLOSED = [one for one in CHANGING if one.access is not Access.OPEN]


def name(operation: Operation) -> str:
    return operation.id


async def prepared(place: Place, operation: Operation) -> Ask:
    if before := BEFORE.get(operation.id):
        first = next(one for one in OPERATIONS if one.id == before)
        answer = await place.call(first, await HOW[before](place))
        assert answer.status < 300, answer.body
    return await HOW[operation.id](place)


def test_every_operation_that_changes_something_is_tried() -> None:
    assert {one.id for one in CHANGING} == set(HOW), "say above how to call it"


@pytest.mark.parametrize("operation", CHANGING, ids=name)
async def test_what_was_done_is_recorded(place: Place, operation: Operation) -> None:
    asked = await prepared(place, operation)
    before = len(await place.trail())
    answer = await place.call(operation, asked)
    assert answer.status < 300, answer.body
    new = (await place.trail())[before:]
    done = [one for one in new if one["action"] == operation.action]
    assert {(one["user"], one["address"], one["target"]) for one in done} == {
        (asked.user, "127.0.0.1", asked.target)
    }
    outcome = OUTCOME.get(operation.id, "ok")
    assert [one["outcome"] for one in done] in (["sent"], [outcome], ["sent", outcome])
    twice = operation.tag == "docker"  # before it is asked for, and with what came of it
    assert (len(done) == 2) == twice
    place.secrets += shown_once(answer.body)
    text = str(await place.trail())
    assert [one for one in place.secrets if one in text] == []


def shown_once(body: Any) -> list[str]:
    """Credentials in an answer."""
    if isinstance(body, dict) and "token" in body:
        return [body["token"]]
    made = body.get("key") if isinstance(body, dict) else None
    if isinstance(made, dict):
        return [made["key"], made["join"]]
    return [body["key"]] if isinstance(made, str) and "join" in body else []


def _ids(place: Place, asked: Ask) -> dict[str, str]:
    """What stands in the path and is not the target."""
    kind, _, rest = asked.path[1:].partition("/")
    if kind == "api-keys" and rest:
        return {"prefix": place.key["prefix"]}
    return {f"{kind[:-1]}_id": rest.split("/")[0]} if kind in ("commands", "runs") and rest else {}


@pytest.mark.parametrize("operation", CLOSED, ids=name)
async def test_whoever_is_refused_is_recorded(place: Place, operation: Operation) -> None:
    asked = await prepared(place, operation)
    path = f"/api/v1{asked.path}"
    named = path if asked.target is None else asked.target
    cases = [(None, 401, None), ("nonsense", 401, None)]
    if operation.access is Access.SESSION:  # which no API token is
        made = await place.hub.ok("POST", "/tokens", {"name": "low"}, token=place.tokens["ada"])
        cases.append((made["token"], 403, "ada"))
    elif operation.access is not Access.VIEWER:
        cases.append((place.tokens["eve"], 403, "eve"))
    if operation.access is Access.OPERATOR and operation.id != "add_server":
        cases.append((place.tokens["bob"], 404, "bob"))  # it is not there for these eyes
    for token, status, user in cases:
        before = len(await place.trail())
        answer = await place.call(operation, asked, token=token)
        assert answer.status == status, answer.body
        (record,) = (await place.trail())[before:]
        outcome = "not_found" if status == 404 else "denied"
        found = (record["action"], record["outcome"], record["user"], record["target"])
        target = path if status == 401 else named
        assert found == (operation.action, outcome, user, target)
        assert record["address"] == "127.0.0.1"
        told = {key: one for key, one in (record["detail"] or {}).items() if "token" not in key}
        assert told == ({} if status == 401 else DETAIL.get(operation.id, {}) | _ids(place, asked))
        assert [one for one in place.secrets if one in str(record)] == []


async def test_failed_sign_ins_and_renewals_are_recorded(place: Place) -> None:
    hub = place.hub
    await hub.ok("PUT", "/settings/registration", {"value": "closed"})
    await hub.ok("PUT", "/settings/sign_in_account_limit", {"value": 2})
    before = len(await place.trail())
    wrong = {"username": "ada", "password": "a wrong password"}
    statuses = [(await hub.call("POST", "/auth/login", wrong, token=None)).status for _ in range(4)]
    register = {"username": "new", "password": PASSWORD}
    await hub.call("POST", "/auth/register", register, token=None)
    await hub.call("POST", "/auth/refresh", {"refresh_token": "nonsense"}, token=None)
    wrong = {"current": "a wrong password", "new": NEW_PASSWORD}
    await hub.call("POST", "/auth/password", wrong, token=place.tokens["eve"])
    new = (await place.trail())[before:]
    assert statuses == [401, 401, 429, 429]
    assert [(one["action"], one["outcome"], one["user"], one["target"]) for one in new] == [
        ("auth.login", "denied", None, "ada"),
        ("auth.login", "denied", None, "ada"),
        ("auth.login", "too_many_requests", None, "ada"),
        ("auth.login", "too_many_requests", None, "ada"),
        ("auth.register", "denied", None, "new"),
        ("auth.refresh", "denied", None, "/api/v1/auth/refresh"),
        ("auth.password", "denied", "eve", "/api/v1/auth/password"),
    ]
    assert "a wrong password" not in str(new)


async def test_refusals_without_end_are_counted_and_not_kept(place: Place) -> None:
    hub = place.hub
    before = len(await place.trail())
    for _ in range(80):
        assert (await hub.call("DELETE", "/servers/web-9", token=place.tokens["bob"])).status == 404
    for _ in range(20):
        assert (await hub.call("DELETE", "/servers/web-9", token="nonsense")).status == 401
    new = (await place.trail())[before:]
    of_bob = [one for one in new if one["user"] == "bob"]
    strangers = [one for one in new if one["user"] is None]
    assert 60 <= len(of_bob) < 80
    assert 5 <= len(strangers) < 8
    told = sum(one["detail"]["not_recorded"] for one in of_bob if one["detail"])
    assert told + len(of_bob) <= 80


async def test_an_expired_token_is_no_denial(place: Place) -> None:
    tokens = AccessTokens(load_secrets(place.hub.services.settings.folder).tokens)
    user = (await place.hub.ok("GET", "/auth/me"))["id"]
    before = len(await place.trail())
    answer = await place.hub.call("DELETE", "/servers/web-1", token=tokens.create(user, 0, 0.0))
    assert (answer.status, len(await place.trail())) == (401, before)


@pytest.mark.parametrize(("token", "user"), [("nonsense", None), ("bob", "bob"), ("eve", "eve")])
async def test_sockets_that_touch_a_target_record_whom_they_refuse(
    place: Place, token: str, user: str | None
) -> None:
    command = await _command(place)
    before = len(await place.trail())
    given = place.tokens.get(token, token)
    async with await place.hub.subscribe(f"commands/{command}", given) as socket:
        await socket.closed()
    (record,) = (await place.trail())[before:]
    assert (record["action"], record["user"], record["target"], record["outcome"]) == (
        "commands.attach", user, "web-1" if user else command, "denied",
    )  # fmt: skip
    assert record["detail"] == ({"command_id": command} if user else None)


async def refused(place: Place, method: str, path: str, body: object = None, **how: Any) -> Any:
    """The record of a request of eve's, a viewer, that must be refused as it always is."""
    before = len(await place.trail())
    answer = await place.hub.call(method, path, body, token=place.tokens["eve"], **how)
    assert (answer.status, answer.code) == (403, "not_permitted")
    (record,) = (await place.trail())[before:]
    return record


async def test_a_refusal_names_servers_and_users_that_were_given_by_their_ids(
    place: Place,
) -> None:
    web = (await place.hub.ok("GET", "/servers/web-1"))["id"]
    ada = (await place.hub.ok("GET", "/users/ada"))["id"]
    run = {"target": web, "command": ["ls", "-l"], "env": {"A": ENV}}
    record = await refused(place, "POST", "/commands", run)
    assert (record["target"], record["detail"]) == ("web-1", {"command": ["ls", "-l"]})
    record = await refused(place, "DELETE", f"/users/{ada}?reassign_to=eve")
    assert (record["target"], record["detail"]) == ("ada", {"reassigned_to": "eve"})
    record = await refused(place, "GET", f"/users/{ada}")
    assert (record["target"], record["detail"]) == ("ada", None)
    record = await refused(place, "GET", "/users")
    assert (record["target"], record["detail"]) == ("/api/v1/users", None)


async def test_a_refusal_whose_body_cannot_be_read_keeps_what_the_path_says(place: Place) -> None:
    for data in (b"", b"{", b'{"target": 1}', b"\xff" * 1000, b"[" * 2_000_000):
        record = await refused(place, "POST", "/commands", data=data)
        assert (record["target"], record["detail"]) == ("/api/v1/commands", None)
        record = await refused(place, "PATCH", "/servers/web-1", data=data)
        assert (record["target"], record["detail"]) == ("web-1", None)


async def test_who_leaves_while_its_body_is_read_is_recorded(place: Place) -> None:
    before = len(await place.trail())
    port = int(place.hub.url.rpartition(":")[2])
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    head = "POST /api/v1/commands HTTP/1.1\r\nHost: hub\r\nContent-Length: 100\r\n"
    writer.write(f"{head}Authorization: Bearer {place.tokens['eve']}\r\n\r\n{{".encode())
    await writer.drain()
    writer.close()
    await writer.wait_closed()

    async def recorded() -> bool:
        return len(await place.trail()) > before

    await until_async(recorded, what="the record of the refusal")
    (record,) = (await place.trail())[before:]
    assert (record["user"], record["target"]) == ("eve", "/api/v1/commands")


async def test_a_refusal_holds_no_credential_and_little_text(place: Place) -> None:
    key = place.key["key"]
    record = await refused(place, "DELETE", f"/api-keys/{key}")
    assert record["target"] == "cok_***"
    run = {"target": "web-1", "command": f"curl -H {key} " + "x" * 100_000}
    record = await refused(place, "POST", "/commands", run)
    assert len(record["detail"]["command"]) == 1000
    run = {"target": "web-1", "command": ["curl", "-H", key, "x" * 100_000]}
    whole = str([record, await refused(place, "POST", "/commands", run)])
    assert key not in whole
    assert key.split("_", 2)[2][:8] not in whole
    assert len(whole) < 4000
    record = await refused(place, "DELETE", "/servers/web-1/shares/%ff")
    assert (await place.hub.ok("GET", "/audit/verify"))["ok"]
    assert (await place.hub.ok("GET", "/audit?limit=1"))["items"][0]["id"] == record["id"]
