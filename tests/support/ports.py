"""Ports on which nobody listens, and which nobody is given meanwhile.

The system gives connections, and servers that ask for port 0, ports of a range of its own: one
from there may be somebody else's before it is used, or while a hub that had it starts again.
"""

from __future__ import annotations

import os
import random
import socket
from itertools import count
from typing import Final

FIRST: Final = 10_000
EACH: Final = 2_000
"""Ports of each of the processes that share the tests. Those of eleven lie below the system's."""
_next = count(random.randrange(EACH))


def free_port() -> int:
    """A port of the loopback interface that is free, and was not given by this process before."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw10").removeprefix("gw")) % 11
    while True:
        port = FIRST + worker * EACH + next(_next) % EACH
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
