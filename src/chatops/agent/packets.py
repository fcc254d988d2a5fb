"""Several frames in one packet: each packet wakes the hub, which costs it more than a frame."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def one_packet(transport: asyncio.BaseTransport) -> Iterator[None]:
    """What is sent within the block goes out together, in as few packets as it fits into. The
    kernel waits for the end of the block no longer than 200 ms."""
    connection = transport.get_extra_info("socket")
    _cork(connection, 1)
    try:
        yield
    finally:
        _cork(connection, 0)


def _cork(connection: socket.socket | None, value: int) -> None:
    with suppress(OSError):  # it was closed meanwhile, or cannot be corked: then it goes as it is
        if connection is not None:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, value)
