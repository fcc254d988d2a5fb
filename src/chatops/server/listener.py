"""Accepts connections as far as the gate lets them in, and tells the others why not.

The loop's own servers take whoever comes, and know nothing of a TLS peer before its handshake
is over, which a silent one delays; here each counts from its first packet on.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from chatops.errors import ChatOpsError
from chatops.protocol.limits import HANDSHAKE_TIMEOUT, MAX_REFUSALS
from chatops.server.gate import Gate, Visitor
from chatops.tasks import Tasks

BACKLOG: Final = 1024
SHUTDOWN: Final = 3.0
"""Seconds for the goodbye of TLS."""
LINGER: Final = 0.5
"""Seconds for which what a refused peer sends is taken in, so that it sees the answer."""
_AT_ONCE: Final = 64
"""Connections that are accepted before others have their turn."""
_NO_FILES: Final = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM))
_log = logging.getLogger(__name__)
Make = Callable[[Visitor], asyncio.Protocol]
Refuse = Callable[[ChatOpsError], bytes]


def open_sockets(host: str, port: int) -> list[socket.socket]:
    """Sockets bound to every address of ``host``; for port 0 all to the same free one. Nobody can
    connect to them before a ``Listener`` has them, and nobody else can listen there.

    Raises:
        OSError: an address cannot be had.
    """
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    opened: list[socket.socket] = []
    try:
        for family, *_, address in dict.fromkeys(found):
            taken = opened[0].getsockname()[1] if opened else port
            where = (address[0], taken, *address[2:])
            with _unless_missing(more=len(found) > 1):
                opened.append(_bind(family, where))
    except BaseException:
        for one in opened:
            one.close()
        raise
    if not opened:
        raise OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL))
    return opened


@contextmanager
def _unless_missing(*, more: bool) -> Iterator[None]:
    """A name may stand for an address that this machine does not have, beside one that it has."""
    try:
        yield
    except OSError as error:
        if not more or error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
            raise


class Listener:
    """Listens on sockets whose connections become protocols made by ``make``.

    ``refuse`` gives the bytes that tell a peer without TLS why it is not let in.

    Raises:
        OSError: another program has begun to listen there since they were bound.
    """

    def __init__(
        self,
        sockets: list[socket.socket],
        gate: Gate,
        make: Make,
        refuse: Refuse,
        context: ssl.SSLContext | None,
    ) -> None:
        for one in sockets:
            one.listen(BACKLOG)
        self.sockets = sockets
        self._gate = gate
        self._make = make
        self._refuse = refuse
        self._context = context
        self._tasks = Tasks()
        self._refused: set[socket.socket] = set()
        self._spare = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        self._loop = asyncio.get_running_loop()
        for one in sockets:
            self._loop.add_reader(one, self._accept, one)

    def close(self) -> None:
        """Listen no more. What was accepted goes on."""
        for one in self.sockets:
            self._loop.remove_reader(one)
            one.close()
        for refused in list(self._refused):
            self._drop(refused)
        self._close_spare()

    async def closed(self) -> None:
        """End the handshakes that are under way."""
        await self._tasks.close()

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(_AT_ONCE):
            try:
                peer, address = listening.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in _NO_FILES:
                    self._sacrifice(listening)
                    return
                continue  # the peer has gone already
            peer.settimeout(0)
            self._meet(peer, str(address[0]))

    def _meet(self, peer: socket.socket, address: str) -> None:
        try:
            visitor = self._gate.enter(address)
        except ChatOpsError as error:
            _log.debug("a connection was refused: %s", error.message, extra={"address": address})
            self._turn_away(peer, error)
            return
        task = self._tasks.spawn(self._let_in(peer, visitor), name=f"connection of {address}")
        visitor.abort = task.cancel

    async def _let_in(self, peer: socket.socket, visitor: Visitor) -> None:
        """The protocol takes over: from here on it is what tells the gate of the end."""
        secure = self._context is not None
        protocol = self._make(visitor)
        try:
            await self._loop.connect_accepted_socket(
                lambda: protocol,
                peer,
                ssl=self._context,
                ssl_handshake_timeout=HANDSHAKE_TIMEOUT if secure else None,
                ssl_shutdown_timeout=SHUTDOWN if secure else None,
            )
        except BaseException as error:
            peer.close()
            self._gate.leave(visitor)
            if not isinstance(error, OSError | TimeoutError):
                raise
            _log.debug("a connection failed: %s", type(error).__name__)

    # -- who is not let in ------------------------------------------------------------------

    def _turn_away(self, peer: socket.socket, error: ChatOpsError) -> None:
        if self._context is not None or len(self._refused) >= MAX_REFUSALS:
            peer.close()
            return
        try:
            peer.send(self._refuse(error))
            peer.shutdown(socket.SHUT_WR)
        except OSError:
            peer.close()
            return
        self._refused.add(peer)
        self._loop.call_later(LINGER, self._drop, peer)

    def _drop(self, peer: socket.socket) -> None:
        if peer in self._refused:
            self._refused.discard(peer)
            with suppress(OSError):
                peer.recv(65_536)  # what is unread at the end would take the answer back
            peer.close()

    def _sacrifice(self, listening: socket.socket) -> None:
        """No file is left: the spare one makes it possible to take the peer in and close it, as
        it would else wait, and wake this loop, for ever."""
        self._close_spare()
        with suppress(OSError):
            listening.accept()[0].close()
        with suppress(OSError):  # a thread may be faster: then there is none for the next one
            self._spare = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        _log.error("no file is left for connections: raise the limit (ulimit -n, LimitNOFILE)")

    def _close_spare(self) -> None:
        """Once: its number may be another file's after that."""
        spare, self._spare = self._spare, -1
        if spare >= 0:
            os.close(spare)


def _bind(family: int, address: tuple[object, ...]) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind(address)
        made.settimeout(0)
    except BaseException:
        made.close()
        raise
    return made
