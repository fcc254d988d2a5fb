"""[policy.docker]: which containers the hub sees, what it may do with them, and where the engine
is. It holds only where ``allow`` has docker."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from chatops.protocol.facts import DockerFacts

Mode = Literal["full", "read-only"]
MODES: tuple[Mode, ...] = ("full", "read-only")


@dataclass(frozen=True, slots=True, kw_only=True)
class DockerPolicy:
    """The table, key by key. ``containers`` are patterns of whole names (None: every one); what
    no pattern names does not exist for the hub, in samples too. ``host`` is the engine's socket,
    ``unix:///…``; None: where it usually is. ``exec``: where the mode is full, the hub may also
    run commands in them."""

    mode: Mode = "full"
    containers: tuple[re.Pattern[str], ...] | None = None
    host: str | None = None
    exec: bool = True

    @property
    def may_change(self) -> bool:
        """Whether the hub may do more than look."""
        return self.mode == "full"

    def facts(self) -> DockerFacts:
        """What the hub may know."""
        return DockerFacts(mode=self.mode, named=self.containers is not None, exec=self.exec)

    def sees(self, name: str) -> bool:
        """Whether there is a container of that name, as far as the hub is concerned."""
        return self.containers is None or any(one.fullmatch(name) for one in self.containers)
