"""Places that are counted: so many in total, and so many for each who takes some."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from chatops.errors import Busy, TooManyRequests
from chatops.protocol.limits import ASKED_GRACE, STRANGER_GRACE

_RETRY: Final = 1.0
"""Seconds until another attempt makes sense."""


class Places:
    """``what`` there are at most ``total`` of, and at most ``each`` for one holder: an address or
    an account, as ``whose`` says."""

    def __init__(self, total: int, each: int, what: str, whose: str) -> None:
        self._total = total
        self._each = each
        self._what = what
        self._whose = whose
        self._taken: dict[Hashable, int] = {}
        self._count = 0

    def take(self, holder: Hashable) -> None:
        """One more.

        Raises:
            TooManyRequests: the holder has its share.
            Busy: there is no place left for anybody.
        """
        mine = self._taken.get(holder, 0)
        if mine >= self._each:
            raise TooManyRequests(
                f"this {self._whose} has too many {self._what} open: {mine}",
                retry_after=_RETRY,
                hint="let some of them end first",
            )
        if self._count >= self._total:
            raise Busy(f"the hub has too many {self._what} open", hint="try again later")
        self._taken[holder] = mine + 1
        self._count += 1

    def leave(self, holder: Hashable) -> None:
        """One less."""
        left = self._taken[holder] - 1
        self._count -= 1
        if left:
            self._taken[holder] = left
        else:
            del self._taken[holder]

    @contextmanager
    def held(self, holder: Hashable) -> Iterator[None]:
        """A place for as long as the block takes; raises as ``take`` does."""
        self.take(holder)
        try:
            yield
        finally:
            self.leave(holder)

    def __len__(self) -> int:
        return self._count


@dataclass(eq=False)
class Stranger:
    """Somebody who has not signed in. ``evict`` is called when the place is needed."""

    holder: Hashable
    since: float
    evict: Callable[[], object]


class Crowd:
    """Those who have not signed in yet, whom nobody can be told from but by their address.

    One address can take no more than its share. When all places are taken, who has waited
    longest goes from where most have come from, so that a newcomer from elsewhere gets in. In a
    crowd in which nobody has more than the rest, only those go that have said nothing for
    ``grace`` seconds; and never for one whose address has more already.
    """

    def __init__(self, total: int, each: int, grace: float = STRANGER_GRACE) -> None:
        self._total = total
        self._each = each
        self._grace = grace
        self._by_holder: dict[Hashable, dict[Stranger, None]] = defaultdict(dict)
        self._count = 0

    def enter(self, holder: Hashable, now: float, evict: Callable[[], object]) -> Stranger:
        """One more.

        Raises:
            TooManyRequests: the address has its share, and all of them are fresh.
            Busy: there is no place left, and none to be made.
        """
        mine = self._by_holder.get(holder, {})
        if len(mine) >= self._each:
            self._make_room(self._stale(next(iter(mine)), now) or _refuse(len(mine)))
        elif self._count >= self._total:
            self._make_room(self._victim(len(mine), now) or _refuse_all())
        stranger = Stranger(holder, now, evict)
        self._by_holder[holder][stranger] = None
        self._count += 1
        return stranger

    def stir(self, stranger: Stranger, now: float) -> None:
        """This one asked for something, and waits itself now: it is the last of its address to
        go, and goes for nobody as long as an answer may take."""
        mine = self._by_holder.get(stranger.holder, {})
        if stranger in mine:
            stranger.since = now + ASKED_GRACE
            del mine[stranger]
            mine[stranger] = None

    def leave(self, stranger: Stranger) -> None:
        """It signed in, or is gone. One that left already is fine."""
        mine = self._by_holder.get(stranger.holder, {})
        if stranger in mine:
            del mine[stranger]
            self._count -= 1
            if not mine:
                del self._by_holder[stranger.holder]

    def __len__(self) -> int:
        return self._count

    def _victim(self, mine: int, now: float) -> Stranger | None:
        fullest = max(self._by_holder.values(), key=len)
        if len(fullest) > mine + 1:
            return next(iter(fullest))
        oldest = [next(iter(some)) for some in self._by_holder.values() if len(some) >= mine]
        return self._stale(min(oldest, key=lambda one: one.since), now)

    def _stale(self, stranger: Stranger, now: float) -> Stranger | None:
        return stranger if now - stranger.since >= self._grace else None

    def _make_room(self, victim: Stranger) -> None:
        self.leave(victim)
        victim.evict()


def _refuse(count: int) -> Stranger:
    raise TooManyRequests(
        f"this address has too many connections that are not signed in: {count}",
        retry_after=_RETRY,
    )


def _refuse_all() -> Stranger:
    raise Busy("the hub has too many connections that are not signed in", hint="try again later")
