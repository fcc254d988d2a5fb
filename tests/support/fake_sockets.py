"""A small real WebSocket server that talks as a test tells it to, for tests of the client."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from chatops.protocol.client_messages import ClientAuth, from_client

Talk = Callable[[ServerConnection, int, ClientAuth], None]


@contextmanager
def hub(talk: Talk) -> Iterator[str]:
    """Takes the first frame, answers it, and goes on as told; counts connections from 1."""
    count = 0

    def handler(socket: ServerConnection) -> None:
        nonlocal count
        count += 1
        try:
            first = from_client().decode(socket.recv())
            assert isinstance(first, ClientAuth)
            talk(socket, count, first)
        except ConnectionClosed:
            pass

    with serve(handler, "127.0.0.1", 0, compression=None) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.socket.getsockname()[1]}"
        server.shutdown()
        thread.join()
