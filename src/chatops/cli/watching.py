"""Live samples of one server or of several at once."""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from chatops.cli.absent import servers_of
from chatops.cli.context import Cli
from chatops.errors import ChatOpsError, HubUnreachable, InvalidInput, NotFound
from chatops.protocol.rest import Server, ServerSample
from chatops.protocol.session.backoff import Backoff
from chatops.protocol.target import Target, parse_target
from chatops.text import escape, shorten

if TYPE_CHECKING:
    from chatops.client import Client
    from chatops.client.sockets import Link
    from chatops.client.values import LiveValues
    from chatops.protocol.client_messages import Values

_WAITING: Final = 1000
"""Samples that may wait to be printed; when the reader is slower, the sockets wait too."""
MOST: Final = 500
"""Servers whose whole samples are followed: each takes a socket, a thread and one of the
account's subscriptions."""
_SEEN: Final = 1000
"""Times of a server's samples that are remembered: what comes again is not printed again."""
_NAMED: Final = 200
"""Characters of names of servers that are not online."""
Item = ServerSample | BaseException
Feed = queue.Queue[tuple[str, Item]]
"""Samples of servers by name, or what ended one server's."""
LiveFeed = queue.Queue["Values | BaseException"]
"""Values of servers, or what ended all."""


def samples(cli: Cli, text: str) -> Iterator[ServerSample]:
    """Samples of the servers that a TARGET means now, as they arrive.

    Raises:
        NotFound: it means none.
        InvalidInput: it means too many for a socket each.
    """
    target = parse_target(text)
    news = News(cli.out.say)
    if target.one is not None:
        with suppress(ChatOpsError):  # what follows says it
            _say_away(cli, servers_of(cli, text))
        return each_once(cli.client.metrics.watch(target.one, on_change=news.change))
    servers = meant(cli, text)
    if len(servers) > MOST:
        raise InvalidInput(
            f"{text[:80]!r} means {len(servers)} servers; whole samples come from at most {MOST}",
            hint="name fewer; on a terminal the table and `chatops top` take any number",
        )
    _say_away(cli, servers)
    return _merged(cli, servers, news)


def _say_away(cli: Cli, servers: Iterable[Server]) -> None:
    """Say of which servers nothing can come now."""
    if away := [server.name for server in servers if server.status != "online"]:
        names = shorten(", ".join(away), _NAMED)
        cli.out.say(f"not online now: {escape(names)}; samples come when that changes")


def meant(cli: Cli, text: str) -> list[Server]:
    """The servers that a TARGET of several means now.

    Raises:
        NotFound: it means none.
    """
    servers = servers_of(cli, text)
    if not servers:
        raise NotFound(
            f"no server matches {text[:80]!r}",
            hint="`chatops servers list` shows those you may see",
        )
    return servers


def each_once(live: Iterator[ServerSample]) -> Iterator[ServerSample]:
    """One server's samples without those that the hub sent before the connection was lost.

    Raises:
        NotFound: the server is not there, or (when samples have come) not there any more.
    """
    seen: deque[str] = deque(maxlen=_SEEN)
    name = ""
    try:
        for sample in live:
            if sample.ts not in seen:
                seen.append(sample.ts)
                name = sample.server
                yield sample
    except NotFound:
        if not seen:
            raise
        raise gone(name) from None


def gone(name: str) -> NotFound:
    """The end of what was followed of a server."""
    return NotFound(
        f"{name} is not there any more, or no longer shared with you",
        hint="`chatops servers list` shows what you may see",
    )


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


def _merged(cli: Cli, servers: Sequence[Server], news: News) -> Iterator[ServerSample]:
    feed = follow(cli, [server.id for server in servers], news)  # names may change
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
                for sample in each_once(live):
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


def follow_values(cli: Cli, target: Target, metrics: Sequence[str], news: News) -> LiveFeed:
    """Begin to follow some values of all servers of a TARGET, with one socket and one thread."""
    feed: LiveFeed = queue.Queue(_WAITING)
    client = cli.client_for(cli.connection._replace(token=cli.client.token))
    live = client.metrics.values(str(target), metrics)  # in this thread: see client.sockets

    def pass_on() -> None:
        try:
            with client:
                for values in _for_ever(live, news):
                    feed.put(values)
        except BaseException as error:  # noqa: BLE001  (raised where it can be told)
            feed.put(error)

    threading.Thread(target=pass_on, name="watch values", daemon=True).start()
    return feed


def _for_ever(live: LiveValues, news: News) -> Iterator[Values]:
    """Values without end; a lost connection is made again."""
    backoff, away = Backoff(), False

    def stands(_: str | None) -> None:
        nonlocal away
        if away:
            news.change("back")
        away = False

    while True:
        began = time.monotonic()
        try:
            yield from live.follow(stands)
        except HubUnreachable:
            if not away:
                news.change("lost")
            away = True
            time.sleep(backoff.ended(began, time.monotonic()))
