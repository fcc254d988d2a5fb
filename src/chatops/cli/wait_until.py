"""``chatops wait``: follows servers until all conditions hold on all of them."""

from __future__ import annotations

import queue
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from chatops.cli.conditions import Condition, Standing, WaitState
from chatops.cli.context import Cli
from chatops.cli.rounds import Rounds
from chatops.cli.running.following import PASSING
from chatops.cli.watching import News, follow, meant, new_feed
from chatops.errors import ChatOpsError, HubUnreachable, NotFound, TimedOut
from chatops.protocol.rest import ContainerDetail, Server
from chatops.text import counted, escape

if TYPE_CHECKING:
    from chatops.client import Client

ASK_AGAIN: Final = 1.0
"""Seconds after which the hub is asked again which servers are online, and of their alerts."""
_ANSWER: Final = 5.0
"""Seconds that it gets to answer."""
_TICK: Final = 0.2
Told = dict[str, ContainerDetail | ChatOpsError]
_NAMED: Final = 5
"""Servers that an error names."""


class Look(NamedTuple):
    """What the hub knows: servers by id, and the rules of open alerts by server's name."""

    servers: dict[str, Server]
    alerts: dict[str, list[str]]


class Wait:
    """One wait. The servers are those that TARGET means when it begins."""

    def __init__(self, cli: Cli, target: str, make: Callable[[], list[Condition]]) -> None:
        self._cli = cli
        servers = meant(cli, target)
        self._servers = {one.id: Standing(one, make()) for one in servers}
        self._by_name = {one.name: self._servers[one.id] for one in servers}
        self._news = News(cli.out.say)
        self._looks: queue.SimpleQueue[Look | ChatOpsError] = queue.SimpleQueue()
        self._seen = False
        self._feed = new_feed()
        self._unfollowed: set[str] = set()
        self._engines: Rounds[Told] | None = None

    def run(self, timeout: float | None) -> list[WaitState]:
        """Wait until it is so.

        Raises:
            TimedOut: it was not in time; names the servers and their last values.
            NotFound: one of the servers was removed.
            ChatOpsError: the hub does not let them be followed any longer.
        """
        until = None if timeout is None else time.monotonic() + timeout
        self._begin()
        while True:
            self._take()
            states = self.states()
            if self._seen and all(one.met for one in states):
                return states
            if until is not None and time.monotonic() >= until:
                raise self._late(states)
            self._cli.out.progress("waiting: " + _not_met(states, 1))

    def states(self) -> list[WaitState]:
        """How it stands, by name."""
        return sorted((one.state() for one in self._servers.values()), key=lambda s: s.server)

    def _begin(self) -> None:
        where = self._cli.connection._replace(token=self._cli.client.token)
        client = self._cli.client_for(where, timeout=_ANSWER)
        threading.Thread(target=self._ask, args=(client,), daemon=True).start()
        if any(one.of_samples for one in self._servers.values()):
            follow(self._cli, self._by_name, self._news, self._feed)
        names = {one.name for standing in self._servers.values() for one in standing.containers}
        if names:
            self._engines = Rounds(self._cli, list(self._servers), _ask_engine(names), ASK_AGAIN)

    def _take(self) -> None:
        """Whatever comes within a moment."""
        with suppress(queue.Empty):
            name, item = self._feed.get(timeout=_TICK)
            if isinstance(item, HubUnreachable):
                self._unfollowed.add(name)  # it went before it let the follower in
            elif isinstance(item, BaseException):
                raise item
            else:
                self._by_name[name].take(item)
        while not self._looks.empty():
            self._see(self._looks.get())
        while self._engines is not None:
            try:
                server_id, told = self._engines.next(0.0)
            except queue.Empty:
                return
            if isinstance(told, dict):
                self._servers[server_id].engine(told)

    def _see(self, look: Look | ChatOpsError) -> None:
        if isinstance(look, ChatOpsError):
            raise look
        for server_id, standing in self._servers.items():
            server = look.servers.get(server_id)
            if server is None:
                raise NotFound(f"{standing.name} was removed")
            standing.look(server, look.alerts.get(server.name, ()), time.time())
        self._seen = True
        if self._unfollowed:  # the hub is there again
            again, self._unfollowed = self._unfollowed, set()
            follow(self._cli, again, self._news, self._feed)

    def _ask(self, client: Client) -> None:
        """Ask again and again, in a thread: a hub that does not answer delays no timeout."""
        away = False
        with client:
            while True:
                try:
                    self._looks.put(self._look(client))
                    if away:
                        self._news.change("back")
                    away = False
                except PASSING:
                    if not away:
                        self._news.change("lost")
                    away = True
                except ChatOpsError as error:
                    self._looks.put(error)
                    return
                time.sleep(ASK_AGAIN)

    def _look(self, client: Client) -> Look:
        one = next(iter(self._servers)) if len(self._servers) == 1 else None
        found = client.servers.list() if one is None else [client.servers.get(one)]
        servers = {server.id: server for server in found}
        alerts: defaultdict[str, list[str]] = defaultdict(list)
        if any(standing.of_alerts for standing in self._servers.values()):
            for alert in client.alerts.list(states=["firing", "acknowledged"], server=one):
                for name in [alert.server] if alert.server else alert.servers or ():
                    alerts[name].append(alert.threshold_name)
        return Look(servers, alerts)

    def _late(self, states: Sequence[WaitState]) -> TimedOut:
        away = "the hub is away" if self._news.away else None
        return TimedOut(f"not true in time: {_not_met(states, _NAMED)}", hint=away)


def _ask_engine(names: Iterable[str]) -> Callable[[Client, str], Told]:
    """How a server's engine is asked of containers; what it says of each stands by its name."""

    def one(client: Client, server: str, name: str) -> ContainerDetail | ChatOpsError:
        try:
            return client.docker.inspect(server, name)
        except NotFound as error:
            client.servers.get(server)  # else it is the server that is not there
            return error
        except ChatOpsError as error:
            return error

    return lambda client, server: {name: one(client, server, name) for name in names}


def _not_met(states: Sequence[WaitState], named: int) -> str:
    """``web-1 (cpu is 93.1%), db-1 (offline) and 3 more servers``."""
    left = [one for one in states if not one.met]
    texts = [f"{escape(one.server)} ({_why(one)})" for one in left[:named]]
    more = f" and {counted(len(left) - named, 'more server')}" if len(left) > named else ""
    return ", ".join(texts) + more


def _why(state: WaitState) -> str:
    reasons = dict.fromkeys(escape(one.text) for one in state.conditions if not one.met)
    return "; ".join(reasons)
