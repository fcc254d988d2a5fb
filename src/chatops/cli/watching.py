"""Live samples of one server or of several at once."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from chatops.cli.context import Cli
from chatops.errors import NotFound
from chatops.protocol.rest import Server, ServerSample
from chatops.protocol.target import Facts, Target, parse_target

if TYPE_CHECKING:
    from chatops.client import Client

_WAITING: Final = 1000
"""Samples that may wait to be printed; when the reader is slower, the sockets wait too."""
Item = ServerSample | BaseException


def samples(cli: Cli, text: str) -> Iterator[ServerSample]:
    """Samples of the servers that a TARGET means now, as they arrive.

    Raises:
        NotFound: it means none.
    """
    target = parse_target(text)
    if target.one is not None:
        return cli.client.metrics.watch(target.one)
    names = _names(cli, target)
    if not names:
        raise NotFound(f"no server is meant by {text[:80]!r}")
    return _merged(cli, names)


def _names(cli: Cli, target: Target) -> list[str]:
    def facts(server: Server) -> Facts:
        return Facts(server.id, server.name, server.tags)

    return [server.name for server in target.select(cli.client.servers.list(), facts)]


def _merged(cli: Cli, names: list[str]) -> Iterator[ServerSample]:
    waiting: queue.Queue[Item] = queue.Queue(_WAITING)
    where = cli.connection._replace(token=cli.client.token)

    def follow(client: Client, live: Iterator[ServerSample]) -> None:
        try:
            with client:
                for sample in live:
                    waiting.put(sample)
        except BaseException as error:  # noqa: BLE001  (raised where it can be told)
            waiting.put(error)

    for name in names:
        client = cli.client_for(where)
        live = client.metrics.watch(name)  # in this thread (see chatops.client.sockets)
        threading.Thread(
            target=follow, args=(client, live), name=f"watch {name}", daemon=True
        ).start()
    while True:
        item = waiting.get()
        if isinstance(item, BaseException):
            raise item
        yield item
