"""What is known of the server on the screen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from chatops.protocol.rest import (
    ProcessPage,
    Server,
    ServerContainer,
    ServerDetail,
    ServerSample,
)


@dataclass(slots=True)
class Detail:
    """What the hub answered, by the names of the agenda's kinds. ``history`` has times and values
    by METRIC; ``notes`` say why a part is not to be had; ``by`` is what processes are sorted by."""

    server: Server
    info: ServerDetail | None = None
    sample: ServerSample | None = None
    processes: ProcessPage | None = None
    containers: list[ServerContainer] | None = None
    history: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    by: Literal["cpu", "memory"] = "cpu"
