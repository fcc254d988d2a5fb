"""/metrics, outside /api/v1: where Prometheus looks for it."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from chatops.server.api.operation import Call
from chatops.server.api.queries import ScrapeQuery
from chatops.server.services.prometheus.lines import MEDIA_TYPE, VERSION

_HEADERS: Final = {"Content-Type": f"{MEDIA_TYPE}; version={VERSION}; charset=utf-8"}


async def scrape(call: Call[ScrapeQuery, None]) -> web.StreamResponse:
    """Give what Prometheus collects of the hub, and of the servers if asked."""
    text = await call.services.exposition.text(call.principal, fleet=call.query.fleet)
    response = web.Response(body=text, headers=_HEADERS)
    response.enable_compression()
    return response
