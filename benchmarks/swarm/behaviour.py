"""How the agents of a swarm behave; may be changed while they do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Flood = Literal["no", "acks", "wild"]


@dataclass
class Behaviour:
    """
    ``interval``: seconds between samples, 0: what the hub says. ``jitter``: how much of the
    interval a sample may be early or late, so that no two agents keep step.
    ``flood``: samples without a pause, ``acks``: as acks make room for them, ``wild``: as fast as
    the kernel takes them.
    ``drop``, ``stall``: how often a minute a connection is cut, or not read for ``stall_for``
    seconds. ``backlog``: samples of an outage that each agent begins with; ``spread`` draws
    their number evenly up to that.
    ``output``: bytes that a command prints, unless its words are ``write BYTES``.
    ``answer_after``: seconds that it takes.
    ``logs``: lines a second that each ships, twice a second; -1: as acks make room for them.
    ``connect_rate``: agents a second that connect at the beginning.
    """

    interval: float = 0.0
    jitter: float = 0.05
    flood: Flood = "no"
    drop: float = 0.0
    stall: float = 0.0
    stall_for: float = 10.0
    backlog: int = 0
    spread: bool = False
    output: int = 0
    answer_after: float = 0.0
    logs: float = 0.0
    connect_rate: float = 500.0
