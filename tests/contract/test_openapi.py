"""The OpenAPI document: valid, complete, and the truth about the route table."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from jsonschema_rs import meta

from chatops.server.api.openapi import build_document
from chatops.server.api.operation import PREFIX
from chatops.server.api.routes import OPERATIONS
from chatops.server.services.access import Access
from chatops.server.web import SOCKETS


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    built: dict[str, Any] = json.loads(msgspec.json.encode(build_document(OPERATIONS, SOCKETS)))
    return built


def test_every_operation_is_described(document: dict[str, Any]) -> None:
    described = {
        (method.upper(), path) for path, methods in document["paths"].items() for method in methods
    }
    assert described == {(one.method, one.full_path) for one in OPERATIONS}


def test_security_and_role_stand_at_each_operation(document: dict[str, Any]) -> None:
    for one in OPERATIONS:
        entry = document["paths"][one.full_path][one.method.lower()]
        assert entry["x-role"] == one.access.value
        assert (entry["security"] == []) == (one.access is Access.OPEN)


def test_sockets_stand_in_a_part_of_their_own(document: dict[str, Any]) -> None:
    assert set(document["x-websocket"]) == set(SOCKETS)
    assert not set(SOCKETS) & set(document["paths"])
    outside = {path for path in document["paths"] if not path.startswith(PREFIX)}
    assert outside == {"/metrics"}


def test_schemas_are_valid_and_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for schema in schemas.values():
        meta.validate(schema)
    references = {part.split('"')[0] for part in json.dumps(document).split('"$ref": "')[1:]}
    assert references
    assert references <= {f"#/components/schemas/{name}" for name in schemas}


def test_every_parameter_of_a_path_is_declared(document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for entry in methods.values():
            declared = {one["name"] for one in entry["parameters"] if one["in"] == "path"}
            assert declared == {part[1:-1] for part in path.split("/") if part.startswith("{")}
