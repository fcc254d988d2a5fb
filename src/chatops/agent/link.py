"""The agent's tie to its hub: one session after the other, for ever.

Only a hub that says that the key is no good ends it. Everything else may be a proxy, a
restart or a network that comes back, and is tried again after a pause that grows.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import ssl
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    InvalidHandshake,
    InvalidMessage,
    InvalidStatus,
    InvalidURI,
    WebSocketException,
)

from chatops import __version__
from chatops.agent import tls
from chatops.agent.session import Parts, Session
from chatops.agent.settings import Target, is_loopback
from chatops.clock import Clock
from chatops.protocol import closing
from chatops.protocol.limits import MAX_HUB_FRAME
from chatops.protocol.session.backoff import Backoff

FINAL: Final = frozenset(
    reason.name
    for reason in (
        closing.KEY_UNKNOWN,
        closing.KEY_REVOKED,
        closing.KEY_EXPIRED,
        closing.SERVER_REMOVED,
    )
)
"""What a hub says when this agent's key will never be taken again."""

SAY_AGAIN_AFTER: Final = 300.0
"""Seconds after which a failure that goes on in the same way is worth another line."""

RIVAL_WINDOW: Final = 300.0
"""Seconds between two takeovers that are too close for a mere restart."""

WARN_AGAIN_AFTER: Final = 60.0
"""Seconds between two warnings about another agent with this key."""

_OPEN_SECONDS: Final = 10.0
_GOODBYE_SECONDS: Final = 2.0
_log = logging.getLogger(__name__)


class Link:
    """Connects, serves, waits, and connects again."""

    def __init__(
        self,
        target: Target,
        parts: Parts,
        context: ssl.SSLContext | None,
        backoff: Backoff | None = None,
    ) -> None:
        self._target = target
        self._parts = parts
        self._context = context
        self._backoff = backoff or Backoff()
        self._complaint = Complaint(parts.clock, _log.warning)
        self._rivalry = Rivalry(target.hub, parts.clock, _log.warning)
        self._session: Session | None = None

    def wake(self) -> None:
        """There is something to send, if there is a session."""
        if self._session is not None:
            self._session.wake()

    @property
    def connected(self) -> bool:
        """Whether the hub has let this agent in."""
        return self._session is not None and self._parts.handlers.verified

    async def run(self) -> str:
        """Stay connected until the hub refuses the key for good; the name of its reason."""
        clock = self._parts.clock
        while True:
            started = clock.monotonic()
            try:
                reason = await self._one_session()
            except (OSError, WebSocketException, TimeoutError) as error:
                self._complaint.say(f"cannot connect to {self._target.hub}: {explain(error)}")
                await asyncio.sleep(self._backoff.failed(clock.monotonic()))
                continue
            except Exception as error:  # noqa: BLE001  (a fault of ours must not end the agent)
                _log.error("a session failed", exc_info=error)
                reason = closing.INTERNAL.name
            if reason in FINAL:
                return reason
            if reason == closing.REPLACED.name:
                self._rivalry.replaced()
            if reason != closing.AGENT_STOPPING.name:
                self._complaint.say(f"the connection to {self._target.hub} ended: {_text(reason)}")
            await asyncio.sleep(self._backoff.ended(started, clock.monotonic()))

    async def goodbye(self) -> None:
        """Tell the hub that the agent stops, if it listens."""
        if self._session is not None:
            try:
                async with asyncio.timeout(_GOODBYE_SECONDS):
                    await self._session.close(closing.AGENT_STOPPING)
            except TimeoutError:
                _log.debug("the hub did not answer the goodbye")

    async def _one_session(self) -> str:
        connection = await dial(self._target, self._context)
        self._session = Session(connection, self._parts)
        try:
            return await self._session.run()
        finally:
            self._session = None


class Complaint:
    """Says a thing when it is new, and again when it has lasted; not at every attempt."""

    def __init__(self, clock: Clock, speak: Callable[[str], None]) -> None:
        self._clock = clock
        self._speak = speak
        self._last: tuple[str, float] | None = None

    def say(self, text: str) -> None:
        """Pass ``text`` on if it differs from the last one or that was long ago."""
        now = self._clock.monotonic()
        if self._last and self._last[0] == text and now - self._last[1] < SAY_AGAIN_AFTER:
            return
        self._last = (text, now)
        self._speak(text)


class Rivalry:
    """Notices that two agents with one key take the connection from one another."""

    def __init__(self, hub: str, clock: Clock, speak: Callable[[str], None]) -> None:
        self._hub = hub
        self._clock = clock
        self._speak = speak
        self._replaced: float | None = None
        self._warned: float | None = None

    def replaced(self) -> None:
        """Another connection took over; say what that means if one did shortly before, too."""
        now, before = self._clock.monotonic(), self._replaced
        self._replaced = now
        if before is None or now - before > RIVAL_WINDOW:
            return
        if self._warned is None or now - self._warned >= WARN_AGAIN_AFTER:
            self._warned = now
            self._speak(
                f"another agent connects to {self._hub} with the key of this server, again and "
                "again: stop it, or give its host a key of its own with "
                "`chatops servers add NAME --key`"
            )


class _Dial(connect):
    def process_redirect(self, exc: Exception) -> Exception | str:
        # The key goes where the target's owner said, not where somebody points.
        return exc


async def dial(target: Target, context: ssl.SSLContext | None) -> ClientConnection:
    """An open WebSocket to the hub; its certificate is the pinned one if one is pinned.

    Raises:
        OSError, TimeoutError, WebSocketException: there is none to be had; see ``explain``.
    """
    host = urlsplit(target.url).hostname or ""
    connection = await _Dial(
        target.url,
        ssl=context,
        proxy=None if is_loopback(host) else True,
        compression=None,
        ping_interval=None,
        open_timeout=_OPEN_SECONDS,
        close_timeout=_GOODBYE_SECONDS,
        max_size=MAX_HUB_FRAME,
        user_agent_header=f"chatops-agent/{__version__}",
    )
    if context is not None and target.fingerprint is not None:
        _check_pin(connection, target.fingerprint)
    return connection


def explain(error: Exception) -> str:
    """One clear line about why there is no connection."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ssl.SSLError):
        return tls.explain(error)
    if isinstance(error, socket.gaierror):
        return "its name is not known"
    if isinstance(error, OSError):
        return os.strerror(error.errno).lower() if error.errno else str(error)
    if isinstance(error, InvalidStatus):
        return _explain_status(error)
    if isinstance(error, InvalidMessage):
        return "it does not speak HTTP (the address of a hub with TLS begins with https://)"
    if isinstance(error, InvalidURI | InvalidHandshake):
        return f"what answers there is no hub ({error})"
    return str(error) or type(error).__name__


def _explain_status(error: InvalidStatus) -> str:
    status = error.response.status_code
    if 300 <= status < 400:
        where = error.response.headers.get("Location", "elsewhere")
        return f"it answers HTTP {status} and points to {where[:200]}: give that address"
    hint = {404: ": is the address right?", 502: ": a proxy finds no hub behind it"}
    return f"it answers HTTP {status}{hint.get(status, '')}"


def _check_pin(connection: ClientConnection, fingerprint: str) -> None:
    tls_object = connection.transport.get_extra_info("ssl_object")
    certificate = tls_object.getpeercert(binary_form=True) if tls_object is not None else None
    if not tls.matches(certificate, fingerprint):
        connection.transport.abort()
        raise tls.Mismatch


def _text(name: str) -> str:
    reason = closing.REASONS.get(name)
    return reason.text if reason is not None else name
