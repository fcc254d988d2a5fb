"""Every operation of the OpenAPI document, asked at random as each role, against a real hub.

No answer is a 5xx, has a status or a type that is not described, or breaks its schema. What is
asked for is random; names and ids are often those of things that are there.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from chatops.client import Client
from chatops.server.api.openapi import build_document
from chatops.server.api.routes import OPERATIONS
from chatops.server.web import SOCKETS
from tests.support.processes import PASSWORD, Bench, bench
from tests.support.waiting import pause

CHECKS: Final = [not_a_server_error, status_code_conformance, content_type_conformance,
          response_headers_conformance, response_schema_conformance]  # fmt: skip
ROLES: Final = ("nobody", "stranger", "viewer", "operator", "token", "admin", "agent")
SOAK: Final = os.environ.get("HYPOTHESIS_PROFILE") == "soak"
EXAMPLES: Final = 200 if SOAK else 3
SCHEMA: Final = schemathesis.openapi.from_dict(json.loads(msgspec.json.encode(
    build_document(OPERATIONS, SOCKETS)
)))  # fmt: skip


class World(NamedTuple):
    """A hub with one of everything. ``names`` are ids of things that are there, by the names of
    path parameters, ``spare`` those that may go; ``tokens`` the credential of each role."""

    url: str
    names: Mapping[str, str]
    spare: Mapping[str, str]
    tokens: Mapping[str, str | None]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with bench(tmp_path_factory.mktemp("fuzz")) as place:
        hub = place.start_hub()
        place.login()
        yield furnished(place)
        assert hub.process.poll() is None
        assert b"Traceback" not in hub.said


def furnished(place: Bench) -> World:
    """People of each role, servers with and without an agent, and a command."""
    people = {"stranger": "operator", "viewer": "viewer", "operator": "operator"}
    for name, role in people.items():
        words = ["users", "create", name, "--role", role, "--password-stdin"]
        assert place.run(*words, stdin=PASSWORD).code == 0
    tokens: dict[str, str | None] = {"nobody": None}
    with Client(place.url) as login:
        for name in (*people, "admin"):
            tokens[name] = login.auth.login(name, PASSWORD).access_token
    with Client(place.url, tokens["operator"]) as owner:
        one, two = (owner.servers.create(name, key=True) for name in ("web-1", "web-2"))
        assert one.key is not None
        assert two.key is not None
        owner.servers.share("web-1", "viewer", "viewer")
        run = owner.commands.detach("web-1", "true")
        made, old = (owner.tokens.create(name, role="operator", servers="web-*")
                     for name in ("ci", "old"))  # fmt: skip
        stays = {"user": "operator", "server": one.id, "key": one.key.id, "run": run.run_id,
                 "command": run.commands[0].id, "token": made.id}  # fmt: skip
    spare = {**stays, "user": "stranger", "server": two.id, "key": two.key.id, "token": old.id}
    tokens["token"] = made.token
    place.start_agent("web-1", one.key.key)  # which allows nothing: random commands go nowhere
    tokens["agent"] = one.key.key
    return World(place.url, stays, spare, tokens)


def aim(case: schemathesis.Case, world: World) -> None:
    """Name what is there, two times out of three."""
    names = world.names if case.method in ("GET", "POST") else world.spare
    for name, value in (case.path_parameters or {}).items():
        if len(str(value)) % 3 and name in names:
            case.path_parameters[name] = names[name]
    for given in (case.body, case.query):
        if isinstance(given, dict) and len(str(given.get("target", ""))) % 3:
            given["target"] = "web-1"
    if isinstance(case.query, dict) and len(str(case.query.get("metric", ""))) % 3:
        case.query["metric"] = ["cpu", "disk:/"]


def ask(case: schemathesis.Case, world: World, role: str) -> schemathesis.Response:
    """The whole answer; a hub that asks for patience gets it, but for sign-ins."""
    token = world.tokens[role]
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    while True:
        response = case.call(base_url=world.url, headers=headers, timeout=30)
        if response.status_code != 429 or "/auth/" in case.operation.path:
            return response
        case.validate_response(response, checks=CHECKS)
        pause(float(response.headers["retry-after"][0]))


@pytest.mark.hypothesis
@SCHEMA.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_answer_to_everybody_is_one_of_those_described(
    case: schemathesis.Case, world: World
) -> None:
    aim(case, world)
    for role in ROLES:  # a request costs less than to think of one
        case.validate_response(ask(case, world, role), checks=CHECKS)
