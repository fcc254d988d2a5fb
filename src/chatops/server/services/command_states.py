"""The states of a command on the hub, and which may follow which. Pure.

queued ──► sent ──► running ──► succeeded │ failed │ timed_out │ cancelled
  │          │         │
  │          └─────────┴──► lost ──► (the true outcome, when it arrives late)
  ├──► offline    └──► refused
  └──► cancelled
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chatops.protocol.rest import CommandStatus

_OUTCOMES: Final[frozenset[CommandStatus]] = frozenset(
    ("succeeded", "failed", "timed_out", "cancelled", "refused")
)
NEXT: Final[Mapping[CommandStatus, frozenset[CommandStatus]]] = {
    "queued": frozenset(("sent", "offline", "cancelled")),
    "sent": _OUTCOMES | {"running", "lost", "offline"},
    "running": _OUTCOMES | {"lost"},
    "lost": _OUTCOMES,
    "offline": frozenset(),
    "refused": frozenset(),
    "succeeded": frozenset(),
    "failed": frozenset(),
    "timed_out": frozenset(),
    "cancelled": frozenset(),
}
OPEN: Final[frozenset[CommandStatus]] = frozenset(("queued", "sent", "running"))


def before(status: CommandStatus) -> list[CommandStatus]:
    """The states from which ``status`` may be entered."""
    return [state for state, following in NEXT.items() if status in following]
