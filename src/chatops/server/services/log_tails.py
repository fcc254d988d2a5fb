"""Clients that follow the logs of servers, and how they are woken."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field

from chatops.protocol.client_messages import AlertEvent
from chatops.protocol.codec import encode
from chatops.protocol.rest import Alert
from chatops.server.services.selections import Selecting, Selections


@dataclass(eq=False)
class LogTail(Selecting):
    """One that follows lines of some ``levels``; with ``alerts`` it hears of those of its servers
    too. ``looked``: it is known which servers these are; ``news``: there may be lines for it."""

    levels: frozenset[str] = frozenset()
    alerts: bool = False
    looked: asyncio.Event = field(default_factory=asyncio.Event)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def select(self, server_ids: Collection[str]) -> None:
        """From now on it is these."""
        super().select(server_ids)
        self.looked.set()
        self.news.set()


class LogTails(Selections[LogTail]):
    """All of them. Nothing waits here for a slow one: lines lie in the database until it reads
    them."""

    def wake(self, server_id: str, levels: Collection[str]) -> None:
        """Lines of these levels were committed."""
        for one in self.of(server_id):
            if not one.levels.isdisjoint(levels):
                one.news.set()

    def broadcast_alert(self, server_id: str, alert: Alert) -> None:
        """Pass on what became of a server's alert to those who hear of it."""
        told = [one for one in self.of(server_id) if one.alerts]
        text = encode(AlertEvent(data=alert)) if told else ""
        for one in told:
            one.post(text)
