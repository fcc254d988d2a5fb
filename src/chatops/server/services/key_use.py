"""Which agents use the identity of a server, and whether there are two that take turns.

A restart makes a new process, and the old one never comes back. So an agent that connects again
after another one did is alive together with it: they share a key. That holds for a cloned
machine too, whose machine id and data are copies, because each process has a random name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from chatops.protocol.messages import Auth

REMEMBERED: Final = 8
"""Processes of one server that are told apart; more come and go only when it is restarted."""
SHARED_FOR: Final = 3600.0
"""Seconds for which a key counts as shared after the last sign of it."""


@dataclass(frozen=True, slots=True)
class User:
    """One process of an agent, where it connects from."""

    instance: str
    machine_id: str
    hostname: str
    address: str
    key_id: str

    @classmethod
    def of(cls, auth: Auth, address: str, key_id: str) -> User:
        """What it says of itself."""
        return cls(auth.instance, auth.host.machine_id, auth.host.hostname[:64], address, key_id)

    @property
    def process(self) -> tuple[str, str]:
        """What tells it from all others."""
        return self.machine_id, self.instance

    def __str__(self) -> str:
        return f"{self.hostname or 'a host without a name'} ({self.address})"


@dataclass(frozen=True, slots=True)
class Sharing:
    """Two agents that use one identity; ``at`` is monotonic, ``ts`` Unix seconds."""

    users: tuple[User, User]
    at: float
    ts: float

    def __str__(self) -> str:
        first, second = self.users
        if first.machine_id != second.machine_id:
            return f"two machines are using one identity: {first} and {second}"
        return (
            f"two agents with the same machine id are using one identity, {first} and {second}: "
            "a cloned machine, or two agents on one"
        )


@dataclass(slots=True)
class _Known:
    users: dict[tuple[str, str], User] = field(default_factory=dict)
    """In the order in which they connected last."""
    sharing: Sharing | None = None


class KeyUse:
    """Remembers the last processes of each server."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}  # at most one a server; a few for removed ones

    def connected(self, server_id: str, user: User, monotonic: float, now: float) -> Sharing | None:
        """An agent was let in. What it shares its identity with, if another one did since this
        one was here before."""
        known = self._known.setdefault(server_id, _Known())
        last = next(reversed(known.users.values()), None)
        came_back = user.process in known.users
        known.users.pop(user.process, None)
        known.users[user.process] = user
        if len(known.users) > REMEMBERED:
            del known.users[next(iter(known.users))]
        if last is None or not came_back or last.process == user.process:
            return None
        known.sharing = Sharing((last, user), monotonic, now)
        return known.sharing

    def sharing(self, server_id: str, monotonic: float) -> Sharing | None:
        """By whom the identity of a server was shared lately, if it was."""
        known = self._known.get(server_id)
        if known is None or known.sharing is None or monotonic - known.sharing.at >= SHARED_FOR:
            return None
        return known.sharing

    def shared(self, monotonic: float) -> dict[str, Sharing]:
        """The servers whose identity was shared lately, and by whom."""
        found = {server_id: self.sharing(server_id, monotonic) for server_id in self._known}
        return {server_id: sharing for server_id, sharing in found.items() if sharing is not None}
