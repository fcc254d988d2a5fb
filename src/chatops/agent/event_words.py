"""What the engine says that happened to a container, and what is said of it. Pure."""

from __future__ import annotations

import signal
from typing import Final, NamedTuple

import msgspec

from chatops.agent.collectors.labels import clean
from chatops.agent.event_journal import Key
from chatops.text import escape

ACTIONS: Final = (
    "start", "die", "oom", "health_status", "pause", "unpause", "rename", "destroy",
)  # fmt: skip
"""What is worth a line. Stop, kill and restart are told by the ``die`` and ``start`` then."""
_SIGNALLED: Final = 128
"""What a shell, and the engine, add to the number of a signal."""
_LONGEST_ID: Final = 64


class ContainerEvent(NamedTuple):
    """One event. ``health`` is ``healthy`` or ``unhealthy``, of a ``health_status``.
    ``out_of_memory``: a process of the container was killed for that just before."""

    nano: int
    container: str
    action: str
    name: str
    exit_code: int | None = None
    health: str = ""
    old_name: str = ""
    out_of_memory: bool = False

    @property
    def key(self) -> Key:
        return Key(self.nano, self.container[:12], self.action + self.health)

    @property
    def ts(self) -> float:
        """Unix seconds."""
        return self.nano / 1e9


class _Attributes(msgspec.Struct):
    name: str = ""
    exit_code: str | int = msgspec.field(name="exitCode", default="")
    old_name: str = msgspec.field(name="oldName", default="")
    health_status: str = ""


class _Actor(msgspec.Struct):
    id: str = msgspec.field(name="ID", default="")
    attributes: _Attributes = msgspec.field(name="Attributes", default_factory=_Attributes)


class _Told(msgspec.Struct):
    """An event as Docker's API has it; Podman's does, too."""

    kind: str = msgspec.field(name="Type", default="")
    action: str = msgspec.field(name="Action", default="")
    actor: _Actor = msgspec.field(name="Actor", default_factory=_Actor)
    nano: int = msgspec.field(name="timeNano", default=0)


_decode: Final = msgspec.json.Decoder(_Told).decode


def time_of(data: bytes) -> int | None:
    """When an event of any kind happened, in nanoseconds; None if that cannot be read."""
    told = _told(data)
    return told.nano if told is not None else None


def read(data: bytes) -> ContainerEvent | None:
    """The event in a line of the engine's; None if it is none that is worth a line."""
    told = _told(data)
    if told is None or told.kind != "container" or not told.actor.id:
        return None
    action, _, detail = told.action.partition(": ")
    if action not in ACTIONS:
        return None
    given = told.actor.attributes
    health = detail or given.health_status
    if action == "health_status" and health not in ("healthy", "unhealthy"):
        return None
    return ContainerEvent(
        nano=told.nano,
        container=clean(told.actor.id, _LONGEST_ID),
        action=action,
        name=_safe(given.name) or clean(told.actor.id, 12),
        exit_code=_number(given.exit_code),
        health=health if action == "health_status" else "",
        old_name=_safe(given.old_name.removeprefix("/")),
    )


def words(event: ContainerEvent) -> tuple[str, str]:
    """Level and sentence."""
    name = event.name
    match event.action:
        case "die":
            return _died(event)
        case "oom":
            return "error", f"a process of container {name} was killed: out of memory"
        case "health_status":
            level = "info" if event.health == "healthy" else "warning"
            return level, f"container {name} is {event.health}"
        case "rename":
            before = f"container {event.old_name} is called {name} now"
            return "info", before if event.old_name else f"container {name} has this name now"
    verb = {"start": "started", "pause": "was paused", "unpause": "was unpaused"}
    return "info", f"container {name} {verb.get(event.action, 'was removed')}"


def _died(event: ContainerEvent) -> tuple[str, str]:
    code = event.exit_code
    if code == 0 and not event.out_of_memory:
        return "info", f"container {event.name} ended with exit code 0"
    why = "out of memory" if event.out_of_memory else _signal(code)
    shown = "an unknown exit code" if code is None else f"exit code {code}"
    return "error", f"container {event.name} died with {shown}" + (f" ({why})" if why else "")


def _signal(code: int | None) -> str:
    try:
        return signal.Signals((code or 0) - _SIGNALLED).name
    except ValueError:
        return ""


def _told(data: bytes) -> _Told | None:
    try:
        return _decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _number(text: str | int) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None


def _safe(name: str) -> str:
    return clean(escape(name))
