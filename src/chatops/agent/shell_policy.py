"""[policy.shell]: how long a terminal may stay, on the host or in a container. What may run at one
on the host is bounded by [policy.exec]."""

from __future__ import annotations

from dataclasses import dataclass

from chatops.protocol.facts import ShellFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class ShellPolicy:
    """The table, key by key, in seconds; None: no limit. ``idle`` counts while nothing is typed and
    nothing printed, ``total`` in any case."""

    idle: float | None = None
    total: float | None = None

    def facts(self) -> ShellFacts:
        """What the hub may know."""
        return ShellFacts(idle=self.idle, total=self.total)
