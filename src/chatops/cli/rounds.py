"""The same question to several servers again and again; one that is slow delays no other."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final, Generic, NamedTuple, TypeVar

from chatops.cli.context import Cli
from chatops.client import Client
from chatops.errors import ChatOpsError

AT_ONCE: Final = 16
"""Servers that are asked at the same time."""

T = TypeVar("T")


class Answer(NamedTuple, Generic[T]):
    """What a server answered, or why it did not."""

    server: str
    told: T | ChatOpsError


class Rounds(Generic[T]):
    """Asks each server for ever, ``every`` seconds after its last answer; who does not take what
    comes is waited for."""

    def __init__(
        self, cli: Cli, names: Sequence[str], ask: Callable[[Client, str], T], every: float
    ) -> None:
        self._answers: queue.Queue[Answer[T] | BaseException] = queue.Queue(4 * AT_ONCE)
        self._cli = cli
        self._ask = ask
        self._every = every
        self._due: queue.SimpleQueue[tuple[float, str]] = queue.SimpleQueue()
        for name in names:
            self._due.put((0.0, name))
        where = cli.connection._replace(token=cli.client.token)
        for _ in range(min(AT_ONCE, len(names))):
            client = cli.client_for(where)  # in this thread: see chatops.client.sockets
            threading.Thread(target=self._work, args=(client,), daemon=True).start()

    def next(self, within: float | None = None) -> Answer[T]:
        """The next answer.

        Raises:
            Empty: none came ``within`` so many seconds.
            BaseException: whatever ended a thread.
        """
        one = self._answers.get(timeout=within)
        if isinstance(one, BaseException):
            raise one
        return one

    def _work(self, client: Client) -> None:
        try:
            with client:
                while True:
                    at, name = self._due.get()
                    time.sleep(max(at - time.monotonic(), 0.0))
                    self._answers.put(Answer(name, self._once(client, name)))
                    self._due.put((time.monotonic() + self._every, name))
        except BaseException as error:  # noqa: BLE001  (raised where it can be told)
            self._answers.put(error)

    def _once(self, client: Client, name: str) -> T | ChatOpsError:
        try:
            return self._ask(client, name)
        except ChatOpsError as error:
            return error
