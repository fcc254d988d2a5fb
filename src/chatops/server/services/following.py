"""All that happens to a command or a run, for one reader: what is over already as the database
tells it, then what still goes on."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, NamedTuple, Protocol, TypeVar

from chatops.errors import ChatOpsError
from chatops.server.services.access import Holder
from chatops.server.services.losses import Loss
from chatops.server.services.watching import Item, Watcher

T = TypeVar("T")


class Stored(NamedTuple):
    """A command that is over, and from which offsets of its streams it is to be told."""

    command_id: str
    server: str
    offsets: tuple[int, int]


_REMEMBERED: Final = 10_000
"""Cuts that are remembered for who is just being let in."""
Load = Callable[[str, str, tuple[int, int]], Awaitable[list[Item]]]


class Following:
    """One reader's way through a run of ``servers`` commands."""

    def __init__(
        self, run_id: str, servers: int, stored: Iterable[Stored], watcher: Watcher, load: Load
    ) -> None:
        self.on_close: Callable[[], object] = lambda: None
        self.on_cut: Callable[[ChatOpsError], object] = lambda error: None
        """Told at once; who reads here hears of it only when what it had last is on its way."""
        self.run_id = run_id
        self.servers = servers
        self._stored = deque(stored)
        self._ready: deque[Item] = deque()
        self._watcher = watcher
        self._load = load
        self._lost: ChatOpsError | None = None

    async def next(self) -> Item | None:
        """What happened next; None when all is over and was told.

        Raises:
            ChatOpsError: the reader may not go on.
        """
        while self._stored and not self._ready:
            first = self._stored[0]
            items = await self._load(*first)  # a reader that gives up here asks for it again
            if self._stored:  # and one that was cut meanwhile gets nothing of it
                self._stored.popleft()
                self._ready.extend(items)
        return self._ready.popleft() if self._ready else await self._watcher.next()

    async def unless_cut(self, work: Callable[[], Awaitable[T]]) -> T:
        """What comes of ``work``, for a reader that waits for it and for nothing else here.

        Raises:
            ChatOpsError: the reader may not have it any more.
        """
        if self._lost is not None:
            raise self._lost
        now = asyncio.get_running_loop().time
        try:
            async with asyncio.timeout(None) as patience:
                self.on_cut = lambda _: patience.reschedule(now())
                return await work()
        except TimeoutError as error:
            raise self._lost or error from None
        finally:
            self.on_cut = lambda _: None

    def cut(self, error: ChatOpsError) -> None:
        """The reader lost the right to this: it gets nothing more but the error."""
        if self._lost is not None:
            return
        self._lost = error
        self._stored.clear()
        self._ready.clear()
        self._watcher.cut(error)
        self.on_cut(error)

    def close(self) -> None:
        """Stop following; everything goes on."""
        self._watcher.close()
        self.on_close()


class Follower(Protocol):
    """Something that goes on by somebody's rights, and can be cut."""

    on_close: Callable[[], object]

    def cut(self, error: ChatOpsError) -> None:
        """The rights are gone: give nothing more but the error."""
        ...


F = TypeVar("F", bound=Follower)


class Cut(NamedTuple):
    """A revocation: what somebody follows, or does on one server, has ended."""

    number: int
    loss: Loss
    error: ChatOpsError


class Followings:
    """All who follow something now: those of whom rights are taken are cut.

    Rights are read from the database before anybody is added here. So ``now`` is asked before
    that, and given with ``add``: who lost them in between is cut at once.
    """

    def __init__(self) -> None:
        self._all: dict[Follower, tuple[Holder, frozenset[str]]] = {}
        self._cuts: deque[Cut] = deque(maxlen=_REMEMBERED)
        self._count = 0

    @property
    def now(self) -> int:
        """How often somebody was cut so far."""
        return self._count

    def add(self, following: F, holder: Holder, server_ids: Iterable[str], *, since: int) -> F:
        """``holder``, whose rights were read after ``since``, follows something on these
        servers."""
        servers = frozenset(server_ids)
        self._all[following] = (holder, servers)
        following.on_close = lambda: self._all.pop(following, None)
        for cut in self.since(since, holder, servers):
            following.cut(cut.error)
        return following

    def since(self, count: int, holder: Holder, server_ids: Iterable[str]) -> list[Cut]:
        """What ``holder`` lost on these servers after the first ``count`` revocations."""
        servers = frozenset(server_ids)
        return [one for one in self._cuts if one.number > count and one.loss.meets(holder, servers)]

    def cut(self, loss: Loss, error: ChatOpsError) -> None:
        """Rights were taken back: cut those who follow something by them."""
        self._count += 1
        self._cuts.append(Cut(self._count, loss, error))
        for following, (holder, servers) in list(self._all.items()):
            if loss.meets(holder, servers):
                following.cut(error)

    def stop(self, error: ChatOpsError) -> None:
        """Cut everybody: the hub stops."""
        for following in list(self._all):
            following.cut(error)

    def __len__(self) -> int:
        return len(self._all)
