"""The OpenAPI 3.1 description of the REST API, made from the route table and the models."""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, get_args, get_origin

import msgspec
from aiohttp import web

from chatops import __version__
from chatops.errors import STATUS
from chatops.protocol import client_messages, codec
from chatops.protocol.rest import ErrorBody
from chatops.server.api.operation import PREFIX, Call, NoQuery, Operation
from chatops.server.services.access import Access

DOCUMENT: Final[web.AppKey[Callable[[], bytes]]] = web.AppKey("openapi")
"""Makes the document, once."""
_REF: Final = "#/components/schemas/{name}"
_JSON: Final = "application/json"
_PARAMETER: Final = re.compile(r"{(\w+)}")
_ALWAYS: Final = ("too_many_requests", "busy", "internal")
_SECURITY: Final[Mapping[Access, list[dict[str, list[str]]]]] = {
    Access.OPEN: [],
    Access.AGENT_KEY: [{"apiKey": []}],
}
_SCHEMES: Final = {
    "token": {
        "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
        "description": "An access token of POST /auth/login, or (but where x-role is session) an "
        "API token.",
    },
    "apiKey": {
        "type": "http", "scheme": "bearer",
        "description": "The API key of an agent.",
    },
}  # fmt: skip


async def openapi_document(call: Call[NoQuery, None]) -> web.Response:
    """Describe this API in OpenAPI."""
    document = await asyncio.to_thread(call.request.app[DOCUMENT])
    return web.Response(body=document, content_type=_JSON)


def build_document(operations: Iterable[Operation], sockets: Mapping[str, str]) -> dict[str, Any]:
    """The whole document. ``sockets`` maps the WebSockets' paths to what they are for."""
    listed = list(operations)
    types = _types(listed)
    schemas, components = msgspec.json.schema_components(types, ref_template=_REF)
    schema_of = dict(zip(map(str, types), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for operation in listed:
        entry = _operation(operation, schema_of)
        paths.setdefault(operation.full_path, {})[operation.method.lower()] = entry
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "ChatOps hub",
            "version": __version__,
            "description": "Watch and run a fleet of servers. Errors have one shape, ErrorBody.",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": _SCHEMES},
        "x-websocket": {path: {"description": text} for path, text in sockets.items()},
    }


def _types(operations: list[Operation]) -> list[Any]:
    found: list[Any] = [ErrorBody, *get_args(codec.AgentMessage), *get_args(codec.HubMessage)]
    found += [*get_args(client_messages.FromClient), *get_args(client_messages.ToClient)]
    for operation in operations:
        found += [operation.body, operation.created, operation.returns]
        found += [field.type for field in msgspec.structs.fields(operation.query)]
    wanted = [kind for kind in found if kind not in (None, web.StreamResponse)]
    return list({str(kind): kind for kind in wanted}.values())


def _operation(operation: Operation, schema_of: Mapping[str, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "operationId": operation.id,
        "summary": operation.summary,
        "description": inspect.getdoc(operation.handler),
        "tags": [operation.tag],
        "security": _SECURITY.get(operation.access, [{"token": []}]),
        "x-role": operation.access.value,
        "parameters": [*_path_parameters(operation), *_query_parameters(operation, schema_of)],
        "responses": _responses(operation, schema_of),
    }
    if operation.body is not None:
        content = {_JSON: {"schema": schema_of[str(operation.body)]}}
        entry["requestBody"] = {"required": True, "content": content}
    return entry


def _path_parameters(operation: Operation) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PARAMETER.findall(operation.path)
    ]


def _query_parameters(operation: Operation, schema_of: Mapping[str, Any]) -> list[dict[str, Any]]:
    parameters = []
    for field in msgspec.structs.fields(operation.query):
        parameter = {
            "name": field.encode_name,
            "in": "query",
            "required": field.required,
            "schema": _without_null(schema_of[str(field.type)]),
        }
        if get_origin(field.type) is list or "list[" in str(field.type):
            parameter |= {"style": "form", "explode": True}
        parameters.append(parameter)
    return parameters


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """An optional parameter may be left out; it has no spelling for null."""
    arms = [arm for arm in schema.get("anyOf", ()) if arm != {"type": "null"}]
    return arms[0] if len(arms) == 1 else schema


def _responses(operation: Operation, schema_of: Mapping[str, Any]) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    if operation.returns is None:
        responses["204"] = {"description": "Done."}
    else:
        responses[str(operation.status)] = _success(operation, schema_of)
    if operation.created is not None:
        content = {_JSON: {"schema": schema_of[str(operation.created)]}}
        responses["201"] = {"description": "Started.", "content": content}
    error = {_JSON: {"schema": schema_of[str(ErrorBody)]}}
    by_status: dict[int, list[str]] = {}
    for code in _codes(operation):
        by_status.setdefault(STATUS[code], []).append(code)
    for status, codes in sorted(by_status.items()):
        text = "Error: " + ", ".join(codes) + "."
        responses[str(status)] = {"description": text, "content": error}
    return responses


def _success(operation: Operation, schema_of: Mapping[str, Any]) -> dict[str, Any]:
    if operation.returns is web.StreamResponse:
        whole = {_JSON: {"schema": {"type": "object"}}}
        content: dict[str, Any] = whole if operation.media is None else {}
    else:
        content = {_JSON: {"schema": schema_of[str(operation.returns)]}}
    if operation.media is not None:
        content[operation.media] = {"schema": {"type": "string", "format": "binary"}}
    return {"description": "Success.", "content": content}


def _codes(operation: Operation) -> list[str]:
    """Every error code that the operation can answer with."""
    codes = [*operation.errors, *_ALWAYS, "malformed"]
    if operation.access is not Access.OPEN:
        codes.append("not_signed_in")
    if operation.access not in (Access.OPEN, Access.AGENT_KEY):
        codes.append("not_permitted")
    if operation.body is not None:
        codes.append("too_large")
    codes.append("invalid")
    return list(dict.fromkeys(codes))


__all__ = ["DOCUMENT", "PREFIX", "build_document", "openapi_document"]
