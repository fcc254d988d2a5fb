"""The fleet as rules see it: servers, their tags and owners, and who may operate them."""

from __future__ import annotations

import json
from collections import defaultdict

from chatops.protocol.target import Facts
from chatops.server.crud import fleet as crud
from chatops.server.services.alerting.outbox import Affected
from chatops.server.services.alerting.plans import Scope


class FleetView:
    """What was last read. A scope covers what its owner may operate, as the owner is now."""

    def __init__(self) -> None:
        self._read = crud.FleetRows([], [], [])
        self._servers: dict[str, Affected] = {}
        self._operators: dict[str, frozenset[str]] = {}
        self._roles: dict[str, str] = {}

    def update(self, rows: crud.FleetRows) -> set[str]:
        """Take over what was read; the ids of servers for which something changed."""
        if rows == self._read:
            return set()
        before, operators = self._servers, self._operators
        everybody = rows.users != self._read.users
        self._read = rows
        self._servers = {
            id_: Affected(Facts(id_, name, json.loads(tags)), owner)
            for id_, name, tags, owner in rows.servers
        }
        self._roles = dict(rows.users)
        shared = defaultdict(set)
        for server_id, user_id in rows.operators:
            shared[server_id].add(user_id)
        self._operators = {server_id: frozenset(users) for server_id, users in shared.items()}
        known = before.keys() | self._servers.keys()
        if everybody:
            return set(known)
        return {
            one for one in known
            if before.get(one) != self._servers.get(one)
            or operators.get(one) != self._operators.get(one)
        }  # fmt: skip

    def covers(self, scope: Scope, server_id: str) -> bool:
        """Whether a scope covers a server."""
        server = self._servers.get(server_id)
        return (
            server is not None
            and self._operates(scope.owner, server)
            and scope.target.covers(server.server)
        )

    def facts(self, server_id: str) -> Facts | None:
        """What a target looks at."""
        server = self._servers.get(server_id)
        return server.server if server else None

    def get(self, server_id: str) -> Affected | None:
        """A server, with its owner."""
        return self._servers.get(server_id)

    def name(self, server_id: str) -> str | None:
        """What a server is called."""
        facts = self.facts(server_id)
        return facts.name if facts else None

    def ids(self) -> list[str]:
        """All servers."""
        return list(self._servers)

    def __contains__(self, server_id: object) -> bool:
        return server_id in self._servers

    def _operates(self, user_id: str | None, server: Affected) -> bool:
        if user_id is None:
            return True
        role = self._roles.get(user_id)
        if role == "admin":
            return True
        return role == "operator" and (
            server.owner_id == user_id
            or user_id in self._operators.get(server.server.id, frozenset())
        )
