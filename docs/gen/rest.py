"""docs/reference/rest.md: every operation of the hub, who may call it, and the sockets."""

from __future__ import annotations

from itertools import groupby
from typing import Final

from chatops.server.api.operation import Operation
from chatops.server.api.routes import OPERATIONS
from chatops.server.web import SOCKETS
from docs.gen.markdown import code, table

PAGE: Final = "reference/rest.md"
INTRODUCTION: Final = """# REST

The hub's API lies under `/api/v1`. A running hub describes it in full at
`/api/v1/openapi.json` (OpenAPI 3.1) and as a page at `/docs`.

Requests carry `Authorization: Bearer TOKEN`. The role is the least that the caller's account
needs; on a single server the lower of that role and what the caller has there counts, and what
one may not see answers `404`, as if it did not exist. Bodies refuse fields they do not know;
answers may gain fields. Lists take `limit` and `cursor` and answer `{"items", "next"}`. Errors
have [one shape](errors.md).

"""
SOCKETS_HEAD: Final = """
## WebSockets

No credentials stand in a URL: the first frame is an auth message. See [wire](wire.md).

"""


def render() -> str:
    """The page."""
    parts = [INTRODUCTION]
    for tag, operations in groupby(OPERATIONS, key=lambda one: one.tag):
        parts.append(f"## {tag}\n\n")
        rows = [_row(operation) for operation in operations]
        parts.append(table(["operation", "role", "does", "answers"], rows) + "\n")
    sockets = table(["path", "for"], [[code(path), text] for path, text in SOCKETS.items()])
    return "".join(parts) + SOCKETS_HEAD.lstrip("\n") + sockets


def _path(operation: Operation) -> str:
    return operation.path if operation.prefix else f"{operation.path} (not below /api/v1)"


def _row(operation: Operation) -> list[str]:
    status = 204 if operation.returns is None else operation.status
    return [
        code(f"{operation.method} {_path(operation)}"),
        operation.access.value,
        operation.summary,
        str(status),
    ]
