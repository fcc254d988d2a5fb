"""What a swarm counts."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

_BUCKETS: Final = 50
"""Of latencies, for each e-fold: what is told of them is right within 2 %."""


@dataclass
class Latencies:
    """How long things took, in seconds: a histogram that can be added to others."""

    counts: Counter[int] = field(default_factory=Counter)
    most: float = 0.0

    def add(self, seconds: float) -> None:
        """One more."""
        self.counts[math.ceil(math.log(max(seconds, 1e-6)) * _BUCKETS)] += 1
        self.most = max(self.most, seconds)

    def merge(self, other: Latencies) -> None:
        """All of another."""
        self.counts.update(other.counts)
        self.most = max(self.most, other.most)

    def percentile(self, percent: float) -> float:
        """The time that so many of a hundred did not exceed; 0 when there are none."""
        left = self.counts.total() * percent / 100
        for bucket in sorted(self.counts):
            left -= self.counts[bucket]
            if left <= 0:
                return min(math.exp(bucket / _BUCKETS), self.most)
        return self.most


@dataclass
class Figures:
    """What happened in some seconds, and how it stands at their end (``agents``, ``connected``,
    ``waiting``: samples that are not acked). ``acks`` are from sent to acked, ``lines`` those of
    logs that were acked, ``line_acks`` of each message of these, ``errors`` by the code that a
    hub said, ``lost`` connections by reason."""

    seconds: float = 0.0
    agents: int = 0
    connected: int = 0
    waiting: int = 0
    sent: int = 0
    acked: int = 0
    commands: int = 0
    connects: int = 0
    acks: Latencies = field(default_factory=Latencies)
    lines: int = 0
    line_acks: Latencies = field(default_factory=Latencies)
    errors: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)

    def merge(self, other: Figures) -> None:
        """Those of another swarm in the same time."""
        self.seconds = max(self.seconds, other.seconds)
        self.agents += other.agents
        self.connected += other.connected
        self.waiting += other.waiting
        self.count(other)

    def follow(self, later: Figures) -> None:
        """Those of the same swarm in the time after this."""
        self.seconds += later.seconds
        self.agents, self.connected = later.agents, later.connected
        self.waiting = later.waiting
        self.count(later)

    def count(self, other: Figures) -> None:
        """What happened to another, not how it stands."""
        self.sent += other.sent
        self.acked += other.acked
        self.commands += other.commands
        self.connects += other.connects
        self.acks.merge(other.acks)
        self.lines += other.lines
        self.line_acks.merge(other.line_acks)
        self.errors.update(other.errors)
        self.lost.update(other.lost)

    def clear(self) -> None:
        """Begin again."""
        vars(self).update(vars(Figures()))

    def summary(self) -> dict[str, Any]:
        """The same as plain values: rates a second, milliseconds."""
        seconds = self.seconds or 1.0
        return {
            "seconds": round(self.seconds, 1),
            "agents": self.agents,
            "connected": self.connected,
            "sent_ps": round(self.sent / seconds, 1),
            "acked_ps": round(self.acked / seconds, 1),
            "waiting": self.waiting,
            "ack_p50_ms": round(self.acks.percentile(50) * 1000, 2),
            "ack_p99_ms": round(self.acks.percentile(99) * 1000, 2),
            "ack_max_ms": round(self.acks.most * 1000, 2),
            "lines_ps": round(self.lines / seconds, 1),
            "line_ack_p50_ms": round(self.line_acks.percentile(50) * 1000, 2),
            "line_ack_p99_ms": round(self.line_acks.percentile(99) * 1000, 2),
            "commands": self.commands,
            "connects": self.connects,
            "errors": dict(self.errors),
            "lost": dict(self.lost),
        }
