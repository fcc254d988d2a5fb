"""The stored lines of servers, and those that come, over one connection that is made again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Final

from chatops.client.channel import Channel, Lost, opened, renew
from chatops.client.session import Session
from chatops.client.sockets import Link
from chatops.clock import SystemClock
from chatops.errors import HubUnreachable, NotSignedIn
from chatops.protocol.client_messages import (
    ClientAuthSuccess,
    LogPage,
    LogsEvent,
    Tail,
    to_client,
)
from chatops.protocol.session.backoff import Backoff

_LONGEST: Final = 2.0
"""Seconds between two attempts at most."""


class LogTail:
    """Pages of lines, to be iterated over once (see Logs.tail). Iterating raises:

    HubUnreachable: there is no connection, or it was away for longer than ``patience``.
    NotFound: there are no such servers, or not any more.
    NotSignedIn, NotPermitted: the caller may not read them, or not any more.
    """

    def __init__(
        self, session: Session, asked: Tail, patience: float, on_change: Callable[[Link], None]
    ) -> None:
        self._session = session
        self._asked = asked
        self._patience = patience
        self._on_change = on_change
        self._codec = to_client()  # made in this thread: see chatops.client.sockets
        self._away: float | None = None
        self._refused = False

    def __iter__(self) -> Iterator[LogPage]:
        backoff = Backoff()
        while True:
            began = time.monotonic()
            try:
                yield from self._pages()
                return
            except NotSignedIn:
                if self._refused or not renew(self._session):
                    raise
                self._refused = True
            except Lost as error:
                pause = min(backoff.ended(began, time.monotonic()), _LONGEST)
                time.sleep(self._bear(error, pause))

    def _pages(self) -> Iterator[LogPage]:
        with opened(self._session, "/logs", SystemClock(), self._codec) as channel:
            for page in self._read(channel):
                self._here()
                # The place first: who is shown a page has it, whatever comes then.
                self._asked.after = page.after if self._asked.follow else None
                yield page

    def _read(self, channel: Channel) -> Iterator[LogPage]:
        for message in channel.messages():
            if isinstance(message, ClientAuthSuccess):
                channel.send(self._asked)
            elif isinstance(message, LogsEvent):
                yield message.data
        if self._asked.follow:
            raise Lost("the hub ended the stream")

    def _here(self) -> None:
        if self._away is not None:
            self._on_change("back")
        self._away, self._refused = None, False

    def _bear(self, error: Lost, pause: float) -> float:
        """How long to wait for the next attempt.

        Raises:
            HubUnreachable: there is none.
        """
        now = time.monotonic()
        if self._asked.after is None or (
            self._away is not None and now - self._away >= self._patience
        ):
            if isinstance(error.__cause__, OSError):
                raise self._session.lost(error.__cause__) from None
            raise HubUnreachable(
                f"cannot reach the hub at {self._session.address.url}: {error}",
                hint="`chatops status` tells whether the hub is there",
            ) from None
        if self._away is None:
            self._away = now
            self._on_change("lost")
        return min(pause, max(self._away + self._patience - now, 0.0))
