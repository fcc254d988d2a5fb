"""What a socket that is for many servers may show: looked at when it is asked for, and then again
and again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import Final

from chatops.errors import ChatOpsError
from chatops.protocol import closing
from chatops.protocol.limits import FLEET_LOOK
from chatops.server.authentication import verified
from chatops.server.context import Services
from chatops.server.services.access import Principal
from chatops.server.services.selections import Selecting
from chatops.server.ws.listening import SocketEnded
from chatops.server.ws.sockets import refusal

_ENDED: Final = (closing.NOT_SIGNED_IN, closing.NOT_PERMITTED, closing.NOT_FOUND)
Find = Callable[[Principal], Awaitable[Collection[str] | None]]
"""The ids of the servers that a caller asked for and may see; None: it has not asked yet. Raises
SocketEnded where there is nothing to be had."""


async def let_in(services: Services, token: str) -> Principal:
    """Who shows a token.

    Raises:
        SocketEnded: it is no good.
    """
    try:
        return await verified(services, token)
    except ChatOpsError as error:
        raise refusal(error) from None


class Looking:
    """Keeps to what a watcher may see: looks at its token and its servers."""

    def __init__(self, services: Services, token: str, watcher: Selecting, find: Find) -> None:
        self._services = services
        self._token = token
        self._watcher = watcher
        self._find = find
        self._asked = asyncio.Event()

    def ask(self) -> None:
        """Look now: something else is asked for."""
        self._asked.set()

    async def run(self) -> None:
        """Until the token has ended; the client renews it and is back at once."""
        try:
            while True:
                self._asked.clear()
                await self._look()
                try:
                    async with asyncio.timeout(FLEET_LOOK):
                        await self._asked.wait()
                except TimeoutError:
                    pass
        except SocketEnded as end:
            self._watcher.connection.close(end.reason or closing.INTERNAL, end.message)

    async def _look(self) -> None:
        """Rights that are taken while they are being read are not used: see Followings."""
        try:
            principal = await let_in(self._services, self._token)
            found = await self._find(principal)
        except SocketEnded as end:
            if end.reason in _ENDED:
                raise
            return  # the hub is busy, and looks again
        except ChatOpsError:
            return  # the same
        if found is None:
            return
        cuts = self._services.runs.followed.since(principal.since, principal.holder, found)
        if any(cut.loss.server_id is None for cut in cuts):
            raise SocketEnded(closing.NOT_SIGNED_IN)
        self._watcher.select(set(found) - {cut.loss.server_id or "" for cut in cuts})
