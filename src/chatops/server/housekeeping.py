"""What the hub does from time to time: retention, in steps that never stall anybody."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from chatops.errors import ChatOpsError
from chatops.heap import give_back
from chatops.server.context import Services
from chatops.server.services.fleet import Fleet

EVERY: Final = 30.0
STEP: Final = 500
"""Rows that are deleted at once, at most."""
HEAVY: Final = 100
"""The same of rows that take others with them: a message its alerts and attempts."""
PAUSE: Final = 0.05
_log = logging.getLogger(__name__)
T = TypeVar("T")


class Housekeeping:
    """Removes what is too old, warns of keys that expire, and keeps when agents were heard."""

    def __init__(self, services: Services, fleet: Fleet) -> None:
        self._services = services
        self._fleet = fleet

    async def run(self) -> None:
        """Work every half minute, for as long as the hub runs."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.once()
            except ChatOpsError as error:
                _log.error("housekeeping failed: %s", error.message)

    async def once(self) -> None:
        """One round."""
        await asyncio.to_thread(give_back)
        services, now = self._services, self._services.clock.now()
        await self._fleet.keep_last_seen()
        await services.auth.api_tokens.flush()
        await services.key_warnings.look()
        events = services.settings.events_retention
        retention, kept = services.metrics.retention, services.metrics.kept
        await _in_steps(lambda until, limit: retention.too_old(kept, until, limit), now)
        await _in_steps(services.events.purge, now - events)
        await _in_steps(services.alerts.purge, now - events)
        await _in_steps(services.silences.purge, now)
        await _in_steps(services.commands.records.purge, now - events)
        await _in_steps(services.runs.records.purge, now - events)
        await _in_steps(services.recordings.purge, now - services.settings.recordings_retention)
        await services.recordings.sweep()
        await _in_steps(services.notifications.purge, now - events, HEAVY)
        await _in_steps(services.auth.purge, now)
        if services.settings.audit_retention:
            await _in_steps(services.audit.prune, now - services.settings.audit_retention)
        for server_id in list(services.servers.removed):
            await _in_steps(services.metrics.purge_server, server_id)
            await _in_steps(services.logs.purge_server, server_id)
            services.servers.removed.discard(server_id)
        await services.metrics.clearing.once()


async def _in_steps(purge: Callable[[T, int], Awaitable[int]], what: T, step: int = STEP) -> None:
    more = True
    while more:
        more = await purge(what, step) == step
        await asyncio.sleep(PAUSE)  # let others have the writer
