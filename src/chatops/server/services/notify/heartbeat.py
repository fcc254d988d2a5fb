"""A sign of life to a monitor elsewhere, for as long as the hub can do its work: when it stays
away, somebody hears of a hub that cannot say itself that it is down."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import aiohttp

from chatops import __version__
from chatops.errors import ChatOpsError
from chatops.protocol.limits import SEND_TIMEOUT
from chatops.server.db.engine import Database
from chatops.server.services.live_settings import LiveSettings

_log = logging.getLogger(__name__)


class Heartbeat:
    """Calls the URL of the settings. The hub is well when it runs and can write its databases.
    ``trouble`` is why it did not, or was not heard, the last time."""

    def __init__(self, databases: Sequence[Database], live: LiveSettings) -> None:
        self._databases = databases
        self._live = live
        self.trouble: str | None = None

    async def run(self) -> None:
        """Call it again and again, for as long as the hub runs; without a URL there is nothing to
        do."""
        while self._live.now.heartbeat_url:
            await self.once()
            await asyncio.sleep(self._live.now.heartbeat_every)

    async def once(self) -> None:
        """Call it now, if all is well."""
        try:
            for database in self._databases:
                await database.check_writable()
        except ChatOpsError as error:
            self._failed(f"the hub is not well: {error.message}")
            return
        try:
            async with asyncio.timeout(SEND_TIMEOUT):
                await self._call()
        except TimeoutError:
            self._failed("the monitor does not answer")
        except aiohttp.ClientResponseError as error:
            self._failed(f"the monitor answers {error.status}")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            self._failed(f"the monitor cannot be reached ({type(error).__name__})")
        else:
            self.trouble = None

    async def _call(self) -> None:
        headers = {"User-Agent": f"chatops/{__version__}"}
        url = self._live.now.heartbeat_url or ""
        async with (
            aiohttp.ClientSession(headers=headers, raise_for_status=True) as session,
            session.get(url, allow_redirects=False) as response,
        ):
            if response.status >= 300:  # a redirect is not followed, and nobody heard of it
                raise aiohttp.ClientResponseError(response.request_info, (), status=response.status)

    def _failed(self, why: str) -> None:
        """Say it once; never with the URL, which is a secret."""
        if self.trouble != why:
            _log.warning("no heartbeat: %s", why)
        self.trouble = why
