"""Who may be connected at all: the bounds on connections, before anything is known of a peer.

A connection is a stranger's until a credential that came over it was found good. Strangers
have few places, which they lose when others need them; whoever has signed in keeps its own.
"""

from __future__ import annotations

import resource
from collections.abc import Callable
from dataclasses import dataclass

from chatops.clock import Clock
from chatops.protocol.limits import SPARE_FILES
from chatops.server.proxies import Proxies
from chatops.server.services.limiter import network_of
from chatops.server.services.places import Crowd, Places, Stranger
from chatops.server.settings import HubSettings


@dataclass(eq=False, slots=True)
class Visitor:
    """One connection. ``abort`` ends it at once; it is set by who can do that."""

    network: str | None
    """Whose share it takes; None for a trusted proxy, which has no share of its own."""
    stranger: Stranger | None = None
    gone: bool = False
    abort: Callable[[], object] = lambda: None


class Gate:
    """Counts connections, and decides who has to wait outside."""

    def __init__(self, settings: HubSettings, clock: Clock, total: int | None = None) -> None:
        """``total`` is what the limit on open files leaves, if that is less than the setting."""
        self._proxies = Proxies(settings.trusted_proxy)
        self._clock = clock
        total = min(settings.connection_limit, total or settings.connection_limit)
        self._all = Places(total, settings.address_connection_limit, "connections", "address")
        strangers = min(settings.stranger_limit, total // 2)
        self._strangers = Crowd(strangers, settings.address_stranger_limit)

    def enter(self, address: str) -> Visitor:
        """A connection came.

        Raises:
            TooManyRequests: its address has its share.
            Busy: there is no place left.
        """
        visitor = Visitor(None if self._proxies.trusts(address) else network_of(address))
        holder = visitor.network or visitor  # proxies: each connection is a holder of its own
        self._all.take(holder)
        if visitor.network is not None:
            try:
                visitor.stranger = self._strangers.enter(
                    visitor.network, self._clock.monotonic(), lambda: visitor.abort()
                )
            except BaseException:
                self._all.leave(holder)
                raise
        return visitor

    def stir(self, visitor: Visitor) -> None:
        """It sent a whole request."""
        if visitor.stranger is not None:
            self._strangers.stir(visitor.stranger, self._clock.monotonic())

    def welcome(self, visitor: Visitor) -> None:
        """It has signed in."""
        if visitor.stranger is not None:
            self._strangers.leave(visitor.stranger)
            visitor.stranger = None

    def leave(self, visitor: Visitor) -> None:
        """It is gone; to say so twice is fine."""
        if not visitor.gone:
            visitor.gone = True
            self.welcome(visitor)
            self._all.leave(visitor.network or visitor)

    @property
    def strangers(self) -> int:
        """How many have not signed in."""
        return len(self._strangers)

    def __len__(self) -> int:
        return len(self._all)


def raise_file_limit() -> int:
    """Let this process open as many files as it may; how many of them are for connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return max(hard - SPARE_FILES, hard // 2)
