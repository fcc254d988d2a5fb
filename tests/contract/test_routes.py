"""The route table: complete, default deny, and obeyed by the running hub."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from pathlib import Path

import jwt
import pytest

from chatops.errors import STATUS
from chatops.server.api.operation import PREFIX, Operation
from chatops.server.api.routes import OPERATIONS
from chatops.server.secrets import load_secrets
from chatops.server.services.access import Access
from chatops.server.web import SOCKETS
from tests.support.hub import Answer, TestHub, running_hub

OPEN = {
    "POST /auth/login",
    "POST /auth/register",
    "POST /auth/refresh",
    "POST /auth/logout",
    "GET /health",
    "GET /openapi.json",
}
"""The operations that need no credentials: these, and no others."""
RANK = {Access.SESSION: 0, Access.VIEWER: 0, Access.OPERATOR: 1, Access.ADMIN: 2}


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[TestHub]:
    async with running_hub(tmp_path / "hub") as running:
        yield running


def name(operation: Operation) -> str:
    return f"{operation.method} {operation.path}"


def concrete(operation: Operation) -> str:
    return re.sub(r"{\w+}", "nothing-there", operation.path)


CLOSED = [one for one in OPERATIONS if one.access is not Access.OPEN]
SIGNED_IN = [one for one in CLOSED if one.access is not Access.AGENT_KEY]


async def test_the_app_has_exactly_the_routes_of_the_tables(hub: TestHub) -> None:
    served = {
        (route.method, route.resource.canonical)
        for route in hub.hub.app.router.routes()
        if route.resource is not None
    }
    table = {(one.method, one.full_path) for one in OPERATIONS}
    reads = {("HEAD", path) for method, path in served if method == "GET" and path not in table}
    reads |= {("HEAD", "/{path}")}
    sockets = {("GET", path) for path in SOCKETS} | {("GET", "/docs"), ("GET", "/{path}")}
    assert served - reads == table | sockets  # {path}: the console's files and pages


def test_the_open_operations_are_pinned() -> None:
    assert {name(one) for one in OPERATIONS if one.access is Access.OPEN} == OPEN


def test_operations_have_names_and_texts_of_their_own() -> None:
    ids = [one.id for one in OPERATIONS]
    assert len(ids) == len(set(ids))
    assert all(one.summary.endswith(".") and len(one.summary) < 90 for one in OPERATIONS)
    assert all(set(one.errors) <= set(STATUS) for one in OPERATIONS)


def is_error(answer: Answer) -> bool:
    body = answer.body
    return (
        isinstance(body, dict)
        and set(body) == {"error"}
        and {"code", "message"} <= set(body["error"]) <= {"code", "message", "hint", "details"}
    )


@pytest.mark.parametrize("kind", ["nobody", "nonsense", "expired", "forged", "api key"])
async def test_without_valid_credentials_nothing_is_said(hub: TestHub, kind: str) -> None:
    key = (await hub.server("web-1"))["key"]["key"]
    secrets = load_secrets(hub.services.settings.folder)
    user = (await hub.ok("GET", "/auth/me"))["id"]
    claims = {"sub": user, "gen": 0, "iat": 0, "exp": int(time.time()) + 900}
    token = {
        "nobody": None,
        "nonsense": "nonsense",
        "expired": jwt.encode(claims | {"exp": 1}, bytes.fromhex(secrets.tokens), "HS256"),
        "forged": jwt.encode(claims, b"k" * 32, "HS256"),
        "api key": key,
    }[kind]
    for operation in SIGNED_IN if kind == "api key" else CLOSED:
        for path, data in ((concrete(operation), None), (concrete(operation) + "?x=1", b"{")):
            answer = await hub.call(
                operation.method, path, data=data, token=token, prefix=operation.prefix
            )
            assert (answer.status, answer.code) == (401, "not_signed_in"), name(operation)
            assert is_error(answer)
            assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("role", ["viewer", "operator", "admin"])
async def test_each_role_gets_as_far_as_the_table_says(hub: TestHub, role: str) -> None:
    token = await hub.user("someone", role)
    for operation in SIGNED_IN:
        answer = await hub.call(
            operation.method, concrete(operation), data=b"{", token=token, prefix=operation.prefix
        )
        may = RANK[Access(role)] >= RANK[operation.access]
        assert (answer.status == 403) == (not may), f"{name(operation)}: {answer.body}"
        if not may:
            assert answer.code == "not_permitted"
            assert is_error(answer)


async def test_every_error_has_the_one_shape(hub: TestHub) -> None:
    answers = [
        await hub.call("GET", "/nothing"),
        await hub.call("PUT", "/servers"),
        await hub.call("GET", "/servers/none"),
        await hub.call("POST", "/servers", data=b"{"),
        await hub.call("POST", "/servers", {"name": "a b"}),
        await hub.call("GET", "/servers?limit=x"),
        await hub.call("GET", "/auth/me", token=None),
        await hub.call("GET", "/metrics/none/history?metric=x"),
    ]
    assert [answer.status for answer in answers] == [404, 405, 404, 400, 422, 422, 401, 404]
    assert all(is_error(answer) for answer in answers)
    assert answers[1].headers["Allow"] == "GET, POST"


async def test_unknown_paths_need_a_caller_too(hub: TestHub) -> None:
    for path in ("/nothing", "/users/../servers", "/servers/a/b/c", "/auth/me/x"):
        answer = await hub.call("GET", path, token=None)
        assert (answer.status, answer.code) == (401, "not_signed_in"), path


async def test_sockets_say_nothing_before_the_auth_frame(hub: TestHub) -> None:
    for path in SOCKETS:
        async with await hub.connect(
            path.removeprefix(PREFIX).format(server="x", id="x")
        ) as socket:
            await socket.send_json({"type": "auth", "token": "nonsense"})
            code, frames = await socket.closed()
            assert code in (4001, 4014), path
            assert [frame["type"] for frame in frames] == ["error"]


async def test_what_is_shown_to_browsers_is_harmless(hub: TestHub) -> None:
    async with hub.http.get(f"{hub.url}/docs") as response:
        page = await response.text()
        assert response.status == 200
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert not re.search(r"<script|https?://(?!127)", page)
    for operation in OPERATIONS:
        assert operation.full_path in page
    answer = await hub.call("GET", "/health", token=None)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
