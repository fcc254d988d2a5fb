"""Live samples of one server or of several at once."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from chatops.cli.absent import servers_of
from chatops.cli.context import Cli
from chatops.errors import NotFound
from chatops.protocol.rest import Server, ServerSample
from chatops.protocol.target import parse_target

if TYPE_CHECKING:
    from chatops.client import Client
    from chatops.client.sockets import Link

_WAITING: Final = 1000
"""Samples that may wait to be printed; when the reader is slower, the sockets wait too."""
Item = ServerSample | BaseException
Feed = queue.Queue[tuple[str, Item]]
"""Samples of servers by name, or what ended one server's."""


def samples(cli: Cli, text: str) -> Iterator[ServerSample]:
    """Samples of the servers that a TARGET means now, as they arrive.

    Raises:
        NotFound: it means none.
    """
    target = parse_target(text)
    news = News(cli.out.say)
    if target.one is not None:
        return cli.client.metrics.watch(target.one, on_change=news.change)
    return _merged(cli, [server.name for server in meant(cli, text)], news)


def meant(cli: Cli, text: str) -> list[Server]:
    """The servers that a TARGET of several means now.

    Raises:
        NotFound: it means none.
    """
    servers = servers_of(cli, text)
    if not servers:
        raise NotFound(
            f"no server matches {text[:80]!r}", hint="`chatops servers list` shows what is there"
        )
    return servers


class News:
    """Says once that the hub is away, and once that it is back, however many follow."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._away = 0
        self._told = False
        self._lock = threading.Lock()

    @property
    def away(self) -> bool:
        """Whether the hub is away now."""
        return self._told

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


def _merged(cli: Cli, names: Sequence[str], news: News) -> Iterator[ServerSample]:
    feed = follow(cli, names, news)
    while True:
        _, item = feed.get()
        if isinstance(item, BaseException):
            raise item
        yield item


def new_feed() -> Feed:
    """One that nothing comes from yet."""
    return queue.Queue(_WAITING)


def follow(cli: Cli, names: Iterable[str], news: News, into: Feed | None = None) -> Feed:
    """Begin to follow servers, each in a thread of its own."""
    feed = into or new_feed()
    where = cli.connection._replace(token=cli.client.token)

    def pass_on(name: str, client: Client, live: Iterator[ServerSample]) -> None:
        try:
            with client:
                for sample in live:
                    feed.put((name, sample))
        except BaseException as error:  # noqa: BLE001  (raised where it can be told)
            feed.put((name, error))

    for name in names:
        client = cli.client_for(where)
        live = client.metrics.watch(
            name, on_change=news.change
        )  # in this thread (see chatops.client.sockets)
        threading.Thread(
            target=pass_on, args=(name, client, live), name=f"watch {name}", daemon=True
        ).start()
    return feed
