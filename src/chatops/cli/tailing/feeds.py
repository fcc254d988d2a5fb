"""What files and journals of a server have in common as lines: a feed that goes on where it was
lost, and the look for the last lines that are wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Generic, Protocol, TypeVar

from chatops.cli.reopening import PASSING, reopened
from chatops.cli.several import named
from chatops.cli.tailing.filtering import Wanted
from chatops.cli.tailing.lines import Line
from chatops.cli.tailing.shipped import shipped_lines
from chatops.client import Client
from chatops.errors import ChatOpsError, NotPermitted, Refused
from chatops.text import escape


class Noticed(Protocol):
    """A feed that may have something to say before it begins."""

    @property
    def notice(self) -> str | None: ...


F = TypeVar("F", bound=Noticed)


class FeedLines(Generic[F]):
    """The lines of one server's feed. ``source`` is what the hub calls them when they are shipped
    to it, which serves where the agent does not let them be read."""

    def __init__(
        self, client: Client, server: str, source: str, say: Callable[[str], None], wanted: Wanted
    ) -> None:
        self.name = server
        self._client = client
        self._source = source
        self._say_it = say
        self._wanted = wanted
        self._following = wanted.follow and not wanted.looks

    def lines(self) -> Iterator[Sequence[Line]]:
        """Lines as they come, to the end of what is there or (followed) without one.

        Raises:
            ChatOpsError: they cannot be had, or are lost for good.
        """
        with self._client:
            try:
                feed = self._begin()
            except (Refused, NotPermitted) as error:
                yield from self._shipped(error)
            else:
                yield from self._chosen(feed)

    # -- of each kind ---------------------------------------------------------------------------

    def _open(self) -> F:
        """A feed from the present place on."""
        raise NotImplementedError

    def _begin(self) -> F:
        """The first one."""
        return self._open()

    def _read(self, feed: F) -> Iterator[Sequence[Line]]:
        """Its lines; it is closed in the end."""
        raise NotImplementedError

    def _rest(self, feed: F) -> Iterable[Sequence[Line]]:
        """What is left when it has ended."""
        return ()

    # -- of all ---------------------------------------------------------------------------------

    def _shipped(self, error: ChatOpsError) -> Iterator[Sequence[Line]]:
        return shipped_lines(
            self._client, self.name, self._source, error, self._say, self._wanted
        )  # fmt: skip

    def _chosen(self, feed: F) -> Iterator[Sequence[Line]]:
        """The wanted lines. Where the last ones are looked for all is read to its end first;
        another feed goes on at that place."""
        if feed.notice is not None:
            self._say(escape(feed.notice))
        if not self._wanted.looks:
            yield from map(self._wanted.filter.of, self._whole(feed))
            return
        yield self._wanted.last(self._whole(feed), self._say)
        if self._wanted.follow:
            self._following = True
            yield from map(self._wanted.filter.of, self._whole(None))

    def _whole(self, feed: F | None) -> Iterator[Sequence[Line]]:
        """A feed (None: one from the present place on), and those that go on where it was lost."""
        while True:
            try:
                feed = feed or self._open()
                yield from self._read(feed)
                break
            except PASSING as error:
                if not self._wanted.follow:
                    raise
                feed = reopened(self._open, error, self._say)
        yield from self._rest(feed)

    def _say(self, text: str) -> None:
        self._say_it(named(self.name, text))
