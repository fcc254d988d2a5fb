"""Who gets which answer: every operation and every socket, asked as everybody.

What must come out is worked out here, from the roles of DESIGN's table, and not by asking the
hub's own rules. A route or socket without an example fails the first test.
"""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import count
from pathlib import Path
from typing import Any, Final, NamedTuple

import jwt
import msgspec
import pytest

from chatops.ids import new_id
from chatops.protocol.parts import Terminal
from chatops.server.api.operation import PREFIX, Operation
from chatops.server.api.routes import OPERATIONS
from chatops.server.secrets import load_secrets
from chatops.server.services.access import Access
from chatops.server.services.alerting.service import MetricValue
from chatops.server.services.live_command import LiveCommand
from chatops.server.services.run_spec import RunSpec
from chatops.server.web import SOCKETS
from tests.support.hub import PASSWORD, Answer, TestHub, auth_message, metrics_message, running_hub

RANK: Final = {"viewer": 0, "operator": 1, "admin": 2}
MAY: Final = {
    None: set[Access](),
    "viewer": {Access.VIEWER},
    "operator": {Access.VIEWER, Access.OPERATOR},
    "owner": {Access.VIEWER, Access.OPERATOR, Access.OWNER},
    "admin": {Access.VIEWER, Access.OPERATOR, Access.OWNER},
}
"""What one may do on a server, by what one is there."""


class Caller(NamedTuple):
    """Somebody. ``account`` is the role that counts for the hub as a whole, None for who is not
    let in; ``there`` what it is on the server ``mine``."""

    name: str
    account: str | None = None
    there: str | None = None
    token: bool = False
    key: bool = False
    narrow: bool = False


CALLERS: Final = (
    Caller("nobody"),
    Caller("garbage"),
    Caller("expired session"),
    Caller("forged session"),
    Caller("disabled"),
    Caller("disabled's token"),
    Caller("revoked token"),
    Caller("expired token"),
    Caller("revoked key"),
    Caller("key", key=True),
    Caller("viewer", "viewer"),
    Caller("guest", "viewer", "viewer"),
    Caller("stranger", "operator"),
    Caller("onlooker", "operator", "viewer"),
    Caller("helper", "operator", "operator"),
    Caller("owner", "operator", "owner"),
    Caller("admin", "admin", "admin"),
    Caller("owner's viewer token", "viewer", "viewer", token=True),
    Caller("owner's token", "operator", "owner", token=True),
    Caller("owner's token for another server", "operator", token=True, narrow=True),
    Caller("admin's token", "operator", "operator", token=True),
)
PEOPLE: Final = {
    "viewer": "viewer", "guest": "viewer", "stranger": "operator", "onlooker": "operator",
    "helper": "operator", "owner": "operator", "disabled": "operator", "victim": "viewer",
}  # fmt: skip
SHARES: Final = {"guest": "viewer", "onlooker": "viewer", "helper": "operator"}
CLOSED: Final = {401: 4014, 403: 4016, 404: 4015}
"""Close codes of sockets, by the status that REST would answer."""


class World:
    """A hub with people, a server ``mine`` with an agent that was there, and what hangs on it."""

    def __init__(self, hub: TestHub) -> None:
        self.hub = hub
        self.credentials: dict[str, str | None] = {"nobody": None, "garbage": "garbage"}
        self.ids: dict[str, str] = {}
        self.fresh = count()

    async def build(self) -> None:
        """Make everybody and everything."""
        hub = self.hub
        self.credentials["admin"] = hub.admin
        for name, role in PEOPLE.items():
            self.credentials[name] = await hub.user(name, role)
        await self.server("mine")
        await self.server("spare")
        key, revoked = [
            await hub.ok("POST", "/api-keys", {"server": "mine"}) for _ in range(2)
        ]  # fmt: skip
        self.credentials |= {"key": key["key"], "revoked key": revoked["key"]}
        await hub.ok("DELETE", f"/api-keys/{revoked['id']}")
        await self.measure(key["key"])
        (ran,) = await hub.ok("POST", "/commands", {"target": "mine", "command": "secret-word"})
        self.ids |= {"command": ran["command_id"], "run": ran["run_id"]}
        await self.record()
        await self.tokens()
        self.sessions()
        await hub.ok("PATCH", "/users/disabled", {"disabled": True})

    async def server(self, name: str) -> str:
        """A server of the owner's that is shared with some, if it is not there."""
        if (await self.hub.call("GET", f"/servers/{name}")).status == 404:
            owner = self.credentials["owner"]
            made = await self.hub.ok("POST", "/servers", {"name": name}, token=owner)
            self.ids[name] = made["id"]
            for user, role in SHARES.items() if name != "spare" else ():
                body = {"user": user, "role": role}
                await self.hub.ok("PUT", f"/servers/{name}/shares", body, token=owner)
        return name

    async def measure(self, key: str) -> None:
        """An agent comes, leaves a sample, and goes."""
        async with await self.hub.agent(key) as agent:
            await agent.expect("auth_success")
            await agent.send(metrics_message(1, time.time()))
            await agent.expect("metrics_ack")
        await self.hub.wait_status("mine", "offline")

    async def record(self) -> None:
        """A terminal was recorded."""
        recordings, mine = self.hub.services.recordings, self.ids["mine"]
        live = LiveCommand(new_id(), "run", mine, "mine")
        await recordings.begin(live, RunSpec("secret-word", terminal=Terminal(rows=24, cols=80)))
        await recordings.end(live, live.outcome("succeeded"))
        self.ids["recording"] = live.id

    async def tokens(self) -> None:
        """API tokens of several kinds."""
        kinds: dict[str, tuple[str, dict[str, Any]]] = {
            "owner's viewer token": ("owner", {}),
            "owner's token": ("owner", {"role": "operator"}),
            "owner's token for another server": ("owner", {"role": "operator", "servers": "spare"}),
            "admin's token": ("admin", {"role": "operator"}),
            "disabled's token": ("disabled", {"role": "operator"}),
            "revoked token": ("owner", {"role": "operator"}),
            "expired token": ("owner", {"role": "operator", "expires_in": 0.001}),
        }
        for name, (who, fields) in kinds.items():
            made = await self.token(who, **fields)
            self.credentials[name] = made["token"]
            if name == "revoked token":
                await self.hub.ok("DELETE", f"/tokens/{made['id']}")

    async def token(self, who: str, **fields: Any) -> Any:
        """A new token of somebody's."""
        body = {"name": "ci", **fields}
        return await self.hub.ok("POST", "/tokens", body, token=self.credentials[who])

    def sessions(self) -> None:
        """Access tokens that are none, or none any more."""
        key = bytes.fromhex(load_secrets(self.hub.services.settings.folder).tokens)
        session = self.credentials["owner"]
        assert session is not None
        claims = jwt.decode(session, key, ["HS256"])
        self.credentials |= {
            "expired session": jwt.encode(claims | {"exp": 1}, key, "HS256"),
            "forged session": jwt.encode(claims, b"k" * 32, "HS256"),
        }


class Ask(NamedTuple):
    """A request: its path below the prefix, and its body."""

    path: str
    body: Any = None


class Example(NamedTuple):
    """A good request of an operation. ``on`` is what its caller must be allowed on ``mine`` (or a
    server like it), ``ok`` the answer then. ``whose``: it is about something of that user's, and
    others' business as little as a server that one may not see. ``makes``: it makes a server."""

    ask: Callable[[World], Awaitable[Ask]]
    ok: int = 200
    on: Access | None = None
    whose: str | None = None
    makes: bool = False


def plain(path: str, body: Any = None, **fields: Any) -> Example:
    """An example that is the same each time."""

    async def ask(world: World) -> Ask:
        return Ask(path.format(**world.ids), body)

    return Example(ask, **fields)


async def _register(world: World) -> Ask:
    return Ask("/auth/register", {"username": f"new-{next(world.fresh)}", "password": PASSWORD})


async def _refresh(world: World) -> Ask:
    body = {"username": "admin", "password": PASSWORD}
    pair = await world.hub.ok("POST", "/auth/login", body, token=None)
    return Ask("/auth/refresh", {"refresh_token": pair["refresh_token"]})


async def _create_user(world: World) -> Ask:
    return Ask("/users", {"name": f"made-{next(world.fresh)}", "password": PASSWORD})


async def _revoke_token(world: World) -> Ask:
    return Ask(f"/tokens/{(await world.token('owner'))['id']}")


async def _add_channel(world: World) -> Ask:
    body = {"name": f"channel-{next(world.fresh)}", "url": "http://127.0.0.1:9/secret-word"}
    return Ask("/channels", body)


def _of_channel(rest: str = "") -> Callable[[World], Awaitable[Ask]]:
    async def ask(world: World) -> Ask:
        made = await world.hub.ok("POST", *await _add_channel(world))
        return Ask(f"/channels/{made['id']}{rest}")

    return ask


async def _add_server(world: World) -> Ask:
    return Ask("/servers", {"name": f"server-{next(world.fresh)}"})


async def _remove_server(world: World) -> Ask:
    return Ask(f"/servers/{await world.server('doomed')}")


async def _unshare(world: World) -> Ask:
    body = {"user": "victim", "role": "viewer"}
    await world.hub.ok("PUT", "/servers/mine/shares", body)
    return Ask("/servers/mine/shares/victim")


async def _revoke_key(world: World) -> Ask:
    made = await world.hub.ok("POST", "/api-keys", {"server": "mine"})
    return Ask(f"/api-keys/{made['id']}")


async def _rule(world: World) -> Ask:
    body = {"metric": "cpu", "op": "gt", "value": 200, "target": "mine"}
    made = await world.hub.ok("POST", "/alerts/thresholds", body, token=world.credentials["owner"])
    return Ask(f"/alerts/thresholds/{made['name']}")


async def _switch_rule(world: World) -> Ask:
    return Ask((await _rule(world)).path, {"enabled": False})


async def _silence(world: World) -> Ask:
    body = {"target": "mine", "for_s": 60}
    made = await world.hub.ok("POST", "/silences", body, token=world.credentials["owner"])
    return Ask(f"/silences/{made['id']}")


async def _alert(world: World) -> Ask:
    alerting = world.hub.services.alerting
    await alerting.look()
    (rule,) = alerting.plans.offline(world.ids["mine"])
    instance = str(next(world.fresh))
    value = MetricValue(world.ids["mine"], instance, 61.0, time.time())
    made = alerting.create_alert(rule, value)
    assert made is not None
    await alerting.drain()
    return Ask(f"/alerts/{made.id}")


async def _ack(world: World) -> Ask:
    return Ask(f"{(await _alert(world)).path}/ack", {})


async def _resolve(world: World) -> Ask:
    return Ask(f"{(await _alert(world)).path}/resolve")


RULE: Final = {"metric": "cpu", "op": "gt", "value": 200, "target": "mine"}
_VIEWER, _OPERATOR, _OWNER = Access.VIEWER, Access.OPERATOR, Access.OWNER
EXAMPLES: Final[dict[str, Example]] = {
    "login": plain("/auth/login", {"username": "admin", "password": PASSWORD}),
    "register": Example(_register, 201),
    "refresh": Example(_refresh),
    "logout": plain("/auth/logout", {}, ok=204),
    "me": plain("/auth/me"),
    "change_password": plain("/auth/password", {"current": PASSWORD, "new": PASSWORD}, ok=204),
    "list_users": plain("/users"),
    "create_user": Example(_create_user, 201),
    "show_user": plain("/users/victim"),
    "update_user": plain("/users/victim", {"role": "viewer"}),
    "delete_user": plain("/users/owner", ok=409),
    "list_tokens": plain("/tokens"),
    "create_token": plain("/tokens", {"name": "more"}, ok=201),
    "revoke_token": Example(_revoke_token, whose="owner"),
    "list_servers": plain("/servers"),
    "add_server": Example(_add_server, 201, makes=True),
    "show_server": plain("/servers/{mine}", on=_VIEWER),
    "update_server": plain("/servers/mine", {"tags": {"env": "prod"}}, on=_OWNER),
    "remove_server": Example(_remove_server, 204, on=_OWNER),
    "list_shares": plain("/servers/mine/shares", on=_OWNER),
    "share_server": plain("/servers/mine/shares", {"user": "victim", "role": "viewer"}, on=_OWNER),
    "unshare_server": Example(_unshare, 204, on=_OWNER),
    "list_keys": plain("/api-keys"),
    "create_key": plain("/api-keys", {"server": "mine"}, ok=201, on=_OWNER),
    "my_key": plain("/api-keys/me"),
    "revoke_key": Example(_revoke_key, on=_OWNER),
    "latest_metrics": plain("/metrics/mine", on=_VIEWER),
    "metrics_history": plain("/metrics/{mine}/history", on=_VIEWER),
    "metrics_histories": plain("/metrics/history?target=mine", on=_VIEWER),
    # nobody answers there: it is offline
    "list_processes": plain("/processes/mine", on=_VIEWER, ok=409),
    "list_containers": plain("/docker/{mine}/containers", on=_VIEWER, ok=409),
    "container_stats": plain("/docker/{mine}/stats", on=_VIEWER, ok=409),
    "inspect_container": plain("/docker/mine/containers/app", on=_VIEWER, ok=409),
    "top_container": plain("/docker/mine/containers/app/top", on=_VIEWER, ok=409),
    "list_images": plain("/docker/mine/images", on=_VIEWER, ok=409),
    **{
        f"{action}_container": plain(
            f"/docker/mine/containers/app/{action}", {}, on=_OPERATOR, ok=409
        )
        for action in ("start", "stop", "restart", "pause", "unpause", "kill", "rm")
    },
    "logs_container": plain("/docker/mine/containers/app/logs", on=_VIEWER, ok=409),
    "pull_image": plain("/docker/mine/images/pull", {"image": "app"}, on=_OPERATOR, ok=409),
    "prune_engine": plain("/docker/mine/prune", {}, on=_OPERATOR, ok=409),
    "run_command": plain("/commands", {"target": "mine", "command": "secret-word"}, on=_OPERATOR),
    "list_commands": plain("/commands"),
    "show_command": plain("/commands/{command}", on=_VIEWER),
    "command_output": plain("/commands/{command}/output", on=_OPERATOR),
    "cancel_command": plain("/commands/{command}/cancel", ok=409, on=_OPERATOR),
    "list_recordings": plain("/recordings"),
    "show_recording": plain("/recordings/{recording}", on=_OPERATOR),
    "cast_recording": plain("/recordings/{recording}/cast", on=_OPERATOR),
    "show_run": plain("/runs/{run}", on=_VIEWER),
    "cancel_run": plain("/runs/{run}/cancel", ok=409, on=_OPERATOR),
    "list_alerts": plain("/alerts"),
    "show_alert": Example(_alert, on=_VIEWER),
    "ack_alert": Example(_ack, on=_OPERATOR),
    "resolve_alert": Example(_resolve, on=_OPERATOR),
    "list_thresholds": plain("/alerts/thresholds"),
    "replay_threshold": plain("/alerts/replay?metric=cpu&op=gt&value=9&target=mine", on=_VIEWER),
    "set_threshold": plain("/alerts/thresholds", RULE, on=_OPERATOR),
    "show_threshold": Example(_rule, on=_VIEWER),
    "update_threshold": Example(_switch_rule, on=_OWNER),
    "remove_threshold": Example(_rule, 204, on=_OWNER),
    "list_silences": plain("/silences"),
    "add_silence": plain("/silences", {"target": "mine", "for_s": 60}, ok=201, on=_OPERATOR),
    "remove_silence": Example(_silence, 204, on=_OWNER),
    "list_events": plain("/events"),
    "list_logs": plain("/logs"),
    "read_file": plain("/logs/mine/file?path=/var/log/app.log", on=_OPERATOR, ok=409),
    "read_unit": plain("/logs/mine/unit?unit=app", on=_OPERATOR, ok=409),
    "list_audit": plain("/audit"),
    "verify_audit": plain("/audit/verify"),
    "export_audit": plain("/audit/export"),
    "list_channels": plain("/channels"),
    "add_channel": Example(_add_channel, 201),
    "show_channel": Example(_of_channel()),
    "remove_channel": Example(_of_channel(), 204),
    "test_channel": Example(_of_channel("/test")),
    "log_channel": Example(_of_channel("/log")),
    "list_settings": plain("/settings"),
    "show_setting": plain("/settings/lost_after"),
    "set_setting": plain("/settings/lost_after", {"value": "40s"}),
    "reset_setting": plain("/settings/lost_after"),
    "show_status": plain("/status"),
    "health": plain("/health"),
    "scrape": plain("/metrics?fleet=1"),
    "openapi_document": plain("/openapi.json"),
}
"""One request for each operation, by its id."""
SOCKET_EXAMPLES: Final[dict[str, Access]] = {
    f"{PREFIX}/agents/ws": Access.AGENT_KEY,
    f"{PREFIX}/ws/metrics/{{server}}": _VIEWER,
    f"{PREFIX}/ws/logs/{{server}}": _VIEWER,
    f"{PREFIX}/ws/metrics": _VIEWER,
    f"{PREFIX}/ws/logs": _VIEWER,
    f"{PREFIX}/ws/commands/{{id}}": _OPERATOR,
    f"{PREFIX}/ws/terminal/{{server}}": _OPERATOR,
    f"{PREFIX}/ws/files/{{server}}": _OPERATOR,
}
"""What each socket asks of its client, on the server it is about if it is about one."""


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    generous: dict[str, Any] = {"request_limit": 1e6, "registration": "open"}
    async with running_hub(tmp_path / "hub", **generous) as hub:
        made = World(hub)
        await made.build()
        yield made


def wanted(operation: Operation, example: Example, caller: Caller) -> int:
    """The status that the table demands."""
    if operation.access is Access.OPEN:
        return example.ok
    if operation.access is Access.AGENT_KEY:
        return example.ok if caller.key else 401
    if caller.account is None:
        return 401
    least = "viewer" if operation.access is Access.SESSION else operation.access.value
    if operation.access is Access.SESSION and caller.token:
        return 403
    if RANK[caller.account] < RANK[least] or (example.makes and caller.narrow):
        return 403
    if example.whose is not None and caller.name not in (example.whose, "admin"):
        return 404
    return on_server(example.on, caller) or example.ok


def on_server(needed: Access | None, caller: Caller) -> int | None:
    """The status of a refusal on ``mine``; None when the caller may."""
    if needed is None or needed in MAY[caller.there]:
        return None
    return 404 if caller.there is None else 403


def test_every_operation_and_socket_has_an_example() -> None:
    assert {one.id for one in OPERATIONS} == set(EXAMPLES)
    assert set(SOCKETS) == set(SOCKET_EXAMPLES)


async def test_every_operation_answers_everybody_as_the_table_says(world: World) -> None:
    wrong: list[str] = []
    for operation in OPERATIONS:
        example = EXAMPLES[operation.id]
        for caller in CALLERS:
            ask, token = await example.ask(world), world.credentials[caller.name]
            answer = await world.hub.call(
                operation.method, ask.path, ask.body, token=token, prefix=operation.prefix
            )
            want = wanted(operation, example, caller)
            who = f"{operation.id} as {caller.name}"
            if answer.status != want:
                wrong.append(f"{who}: {answer.status} and not {want}, {answer.body}")
            elif answer.status in CLOSED and answer.status != example.ok:
                assert answer.code == {401: "not_signed_in", 403: "not_permitted",
                                       404: "not_found"}[answer.status], who  # fmt: skip
            if want == 401 and operation.access is not Access.OPEN:
                path = re.sub(r"{\w+}", "nothing", operation.path) + "?x=1"
                answer = await world.hub.call(
                    operation.method, path, data=b"{", token=token, prefix=operation.prefix
                )
                assert answer.status == 401, who  # before path, query, body and existence
            if caller.there is None and not caller.key and tells(world, ask, answer):
                wrong.append(f"{who}: it is told of a server that is not there for it")
            if operation.id == "change_password" and answer.status == 204:
                world.credentials[caller.name] = await world.hub.login(caller.name)
                world.hub.admin = world.credentials["admin"] or ""
    assert wrong == [], "\n".join(wrong)


def tells(world: World, ask: Ask, answer: Answer) -> bool:
    """Whether an answer gives away that there is a server ``mine``; what the caller said itself
    may stand in it."""
    asked = f"{ask}"
    body = answer.body if isinstance(answer.body, bytes) else msgspec.json.encode(answer.body)
    secrets = [one for one in ("mine", world.ids["mine"]) if one not in asked]
    return any(re.search(rf"\b{one}\b", body.decode()) for one in secrets)


async def test_every_socket_answers_everybody_as_the_table_says(world: World) -> None:
    wrong: list[str] = []
    for path, needed in SOCKET_EXAMPLES.items():
        for caller in CALLERS:
            token = world.credentials[caller.name] or ""
            got = await knock(world, path, token)
            if got != (want := socket_wanted(path, needed, caller)):
                wrong.append(f"{path} as {caller.name}: {got} and not {want}")
    assert wrong == [], "\n".join(wrong)


async def knock(world: World, path: str, token: str) -> int | None:
    """How a socket is closed on somebody; None when it is not."""
    short = path.removeprefix(PREFIX).format(server="mine", id=world.ids["command"])
    async with await world.hub.connect(short) as socket:
        if short == "/agents/ws":
            await socket.send(auth_message(token))
        else:
            await socket.send_json({"type": "auth", "token": token})
        first = await socket.next()
        assert first is not None
        if first["type"] == "auth_success":
            return None
        code, frames = await socket.closed()
        assert (first["type"], frames) == ("error", [])
        return code


def socket_wanted(path: str, needed: Access, caller: Caller) -> int | None:
    """The close code that the table demands; None where the client is let in."""
    if needed is Access.AGENT_KEY:
        return None if caller.key else 4011 if caller.name == "revoked key" else 4010
    if caller.account is None:
        return CLOSED[401]
    if RANK[caller.account] < RANK[needed.value]:
        return CLOSED[403]
    refused = on_server(needed, caller) if "{" in path else None
    return CLOSED[refused] if refused else None


async def test_lists_show_a_server_to_those_for_whom_it_is_there(world: World) -> None:
    for caller in CALLERS:
        if caller.account is None:
            continue
        token = world.credentials[caller.name]
        servers = (await world.hub.ok("GET", "/servers", token=token))["items"]
        assert ("mine" in {one["name"] for one in servers}) == (caller.there is not None), caller
        for path in ("/api-keys", "/commands", "/events"):
            items = (await world.hub.ok("GET", path, token=token))["items"]
            assert ("mine" in {one["server"] for one in items}) == (caller.there is not None), (
                f"{path} as {caller.name}"
            )
