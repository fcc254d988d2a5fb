"""Live samples of one server or of several at once."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from chatops.cli.context import Cli
from chatops.errors import NotFound
from chatops.protocol.rest import Server, ServerSample
from chatops.protocol.target import Facts, Target, parse_target

if TYPE_CHECKING:
    from chatops.client import Client
    from chatops.client.sockets import Link

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
        return cli.client.metrics.watch(target.one, on_change=News(cli.out.say).change)
    names = _names(cli, target)
    if not names:
        raise NotFound(f"no server is meant by {text[:80]!r}")
    return _merged(cli, names)


class News:
    """Says once that the hub is away, and once that it is back, however many follow."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._away = 0
        self._told = False
        self._lock = threading.Lock()

    def change(self, link: Link) -> None:
        """One follower lost its connection, or has it again."""
        with self._lock:
            self._away += 1 if link == "lost" else -1
            if self._away and not self._told:
                self._told = True
                self._say("the connection to the hub is lost; trying again")
            elif not self._away and self._told:
                self._told = False
                self._say("the hub is back")


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

    news = News(cli.out.say)
    for name in names:
        client = cli.client_for(where)
        live = client.metrics.watch(
            name, on_change=news.change
        )  # in this thread (see chatops.client.sockets)
        threading.Thread(
            target=follow, args=(client, live), name=f"watch {name}", daemon=True
        ).start()
    while True:
        item = waiting.get()
        if isinstance(item, BaseException):
            raise item
        yield item
