"""What the hub serves: every operation and socket, the page that describes them, the console."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Mapping
from typing import Final

import msgspec
from aiohttp import web

from chatops.server.api import cookies, docs_page
from chatops.server.api.openapi import DOCUMENT, build_document
from chatops.server.api.operation import PREFIX
from chatops.server.api.routes import OPERATIONS
from chatops.server.api.serve import make_handler
from chatops.server.console_files import add_console
from chatops.server.context import Services
from chatops.server.middleware import add_headers, make_middlewares
from chatops.server.services.fleet import Fleet
from chatops.server.ws.agents import make_agents_route
from chatops.server.ws.commands import make_commands_route
from chatops.server.ws.files import make_files_route
from chatops.server.ws.fleet import make_fleet_route
from chatops.server.ws.logs import make_log_route, make_logs_route
from chatops.server.ws.sockets import Waiting
from chatops.server.ws.subscriptions import make_subscription_route
from chatops.server.ws.terminals import make_terminals_route
from chatops.tasks import Tasks

SOCKETS: Final[Mapping[str, str]] = {
    f"{PREFIX}/agents/ws": "Agents: metrics, commands, logs. See docs/reference/wire.md.",
    f"{PREFIX}/ws/metrics/{{server}}": "A server's samples, live, after an auth frame.",
    f"{PREFIX}/ws/logs/{{server}}": "A server's log entries, live, after an auth frame; what comes "
    "first say `?n=100`, `after` and `level`.",
    f"{PREFIX}/ws/metrics": "Some values of many servers, live: an auth frame, then `watch`.",
    f"{PREFIX}/ws/logs": "The log entries of many servers, live: an auth frame, then `tail`.",
    f"{PREFIX}/ws/commands/{{id}}": "A command's or run's output and outcome, from any offset; "
    "and its standard input.",
    f"{PREFIX}/ws/terminal/{{server}}": "A terminal on a server: an auth frame, then `terminal`.",
    f"{PREFIX}/ws/files/{{server}}": "A copy of files to a server or from it: an auth frame, then "
    "`copy`.",
}
DOCS_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
}


def make_app(services: Services, fleet: Fleet, tasks: Tasks) -> web.Application:
    """The aiohttp application: operations, sockets, pages."""
    app = web.Application(
        middlewares=make_middlewares(services), client_max_size=services.settings.max_body
    )
    app.on_response_prepare.extend((add_headers, cookies.put))
    document: Callable[[], bytes] = _document
    app[DOCUMENT] = document
    for operation in OPERATIONS:
        handler = make_handler(operation, services)
        app.router.add_route(operation.method, operation.full_path, handler)
    waiting = Waiting(services.settings)
    agents, metrics, log, fleets, logs, commands, terminals, files = SOCKETS
    app.router.add_get(agents, make_agents_route(services, fleet, tasks, waiting))
    app.router.add_get(metrics, make_subscription_route(services, tasks, waiting))
    app.router.add_get(log, make_log_route(services, tasks, waiting))
    app.router.add_get(fleets, make_fleet_route(services, tasks, waiting))
    app.router.add_get(logs, make_logs_route(services, tasks, waiting))
    app.router.add_get(commands, make_commands_route(services, tasks, waiting))
    app.router.add_get(terminals, make_terminals_route(services, tasks, waiting))
    app.router.add_get(files, make_files_route(services, tasks, waiting))

    async def docs(_: web.Request) -> web.Response:
        page = await asyncio.to_thread(_page)
        return web.Response(text=page, content_type="text/html", headers=DOCS_HEADERS)

    app.router.add_get("/docs", docs)
    add_console(app)
    return app


@functools.cache
def _document() -> bytes:
    """The API's description as JSON. Like the page made when it is first asked for: a tenth of a
    second that a start would take longer."""
    return msgspec.json.encode(build_document(OPERATIONS, SOCKETS))


@functools.cache
def _page() -> str:
    """The same as a page."""
    return docs_page.render(build_document(OPERATIONS, SOCKETS))
