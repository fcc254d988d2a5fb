"""Clients that watch many servers over one socket each, as far as they may see these."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from chatops.protocol import closing
from chatops.server.services.losses import Loss
from chatops.server.services.places import Places
from chatops.server.services.subscriber import Subscriber


@dataclass(eq=False)
class Selecting(Subscriber):
    """``server_ids`` are those that its TARGET means now, and that it may see."""

    server_ids: frozenset[str] = frozenset()

    def select(self, server_ids: Collection[str]) -> None:
        """From now on it is these."""
        self.server_ids = frozenset(server_ids)


W = TypeVar("W", bound=Selecting)


class Selections(Generic[W]):
    """All of them; each has one of the ``places`` of its account, however many servers it watches.
    A server that it may not see any more is dropped from it, and it is closed only when its
    account or token has ended."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._all: dict[W, None] = {}

    def add(self, watcher: W) -> None:
        """One more.

        Raises:
            TooManyRequests, Busy: the account has too many subscriptions, or all together.
        """
        self._places.take(watcher.holder.user_id)
        self._all[watcher] = None

    def remove(self, watcher: W) -> None:
        """One less."""
        del self._all[watcher]
        self._places.leave(watcher.holder.user_id)

    def watches(self, server_id: str) -> bool:
        """Whether anybody watches the server."""
        return any(self.of(server_id))

    def of(self, server_id: str) -> Iterator[W]:
        """Those who watch the server."""
        return (one for one in list(self._all) if server_id in one.server_ids)

    def end(self, loss: Loss, reason: closing.CloseReason) -> None:
        """Rights were taken back."""
        for one in [one for one in self._all if loss.meets(one.holder, one.server_ids)]:
            if loss.server_id is None:
                one.connection.close(reason)
            else:
                one.select(one.server_ids - {loss.server_id})

    def forget(self, server_id: str) -> None:
        """A server is gone."""
        for one in self.of(server_id):
            one.select(one.server_ids - {server_id})

    def close(self) -> None:
        """Tell everybody that the hub stops."""
        for one in list(self._all):
            one.connection.close(closing.HUB_STOPPING)
