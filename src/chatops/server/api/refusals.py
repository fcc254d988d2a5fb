"""What a refused request asked for, for the audit: the fields that its operation names, and so
nothing that is secret."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

import msgspec
from aiohttp import web

from chatops.server.api.operation import Operation
from chatops.server.api.reading import read_body, read_query
from chatops.server.services.asked import Asked

_SECRETS: Final = ("password",)
"""Fields of which only is told that they were given."""
_KINDS: Final = {"target": "server"}
"""What a field may hold the id of, where that is not its name."""


async def asked(
    operation: Operation, request: web.Request, body: msgspec.Struct | None = None
) -> Asked:
    """What a request asks for. Its body is read for that, unless ``body`` is what was read; what
    cannot be had from it is left out, in the place of the target stands the path."""
    body = body or await _body(operation, request)
    fields = {} if body is None else msgspec.structs.asdict(body)
    given = {**fields, **_query(operation, request), **request.match_info}
    about = operation.about
    detail = {word: _shown(name, given[name]) for word, name in about.detail if given.get(name)}
    if not (target := given.get(about.target)):
        return Asked(request.path, detail=detail)
    return Asked(target, _KINDS.get(about.target, about.target), detail)


def _query(operation: Operation, request: web.Request) -> dict[str, Any]:
    with suppress(Exception):
        return msgspec.structs.asdict(read_query(request.query, operation.query))
    return {}


async def _body(operation: Operation, request: web.Request) -> msgspec.Struct | None:
    with suppress(Exception):  # a client may also leave while it is read
        return await read_body(request, operation.body)
    return None


def _shown(name: str, value: Any) -> Any:
    return "changed" if name in _SECRETS else value
