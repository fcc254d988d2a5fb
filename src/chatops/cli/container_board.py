"""What is known of containers of several servers while they are asked again and again. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from chatops.cli.several import not_asked
from chatops.errors import ChatOpsError, NotPermitted, NotSignedIn
from chatops.protocol.rest import ContainerStats
from chatops.text import counted

Found = list[ContainerStats]
_FINAL: Final = (NotSignedIn, NotPermitted)
"""What no further question changes."""


class Board:
    """The last answer of each server, and why there is none."""

    def __init__(self) -> None:
        self._found: dict[str, Found] = {}
        self._why: dict[str, str] = {}

    def put(self, server: str, told: Found | ChatOpsError) -> tuple[Found, str | None]:
        """Take an answer. What is new of it: containers that were looked at since, the most CPU
        first, and why there are none, if that was not said before.

        Raises:
            ChatOpsError: the user may not ask any more.
        """
        if isinstance(told, _FINAL):
            raise told
        if isinstance(told, ChatOpsError):
            self._found.pop(server, None)
            before, self._why[server] = self._why.get(server), not_asked(server, told)
            return [], None if before == self._why[server] else self._why[server]
        self._why.pop(server, None)
        seen = {one.id: one.ts for one in self._found.get(server, ())}
        self._found[server] = told
        return by_cpu(one for one in told if seen.get(one.id) != one.ts), None

    def rows(self) -> Found:
        """All containers, the most CPU first."""
        return by_cpu(one for found in self._found.values() for one in found)

    @property
    def trouble(self) -> str:
        """Who has not answered, in a line; foreign parts are escaped."""
        if not self._why:
            return ""
        first, *others = self._why.values()
        return first + (f"; and {counted(len(others), 'more server')}" if others else "")


def by_cpu(rows: Iterable[ContainerStats]) -> Found:
    """The most CPU first."""
    return sorted(rows, key=lambda one: (-(one.cpu_percent or 0.0), one.server, one.name))
