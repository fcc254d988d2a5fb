"""What the feed tells the screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from chatops.cli.top.agenda import Kind
from chatops.protocol.rest import Alert, Server, ServerHistoryRow


class Listed(NamedTuple):
    """The servers that the TARGET means now."""

    servers: list[Server]


class Alerted(NamedTuple):
    """All open alerts that the caller may see."""

    alerts: list[Alert]


class Filled(NamedTuple):
    """What some servers measured before."""

    rows: list[ServerHistoryRow]


@dataclass(frozen=True, slots=True)
class Told:
    """An answer about one server, or one alert; ``note`` says why there is none."""

    about: str
    kind: Kind
    answer: object = None
    note: str | None = None


class Failed(NamedTuple):
    """A fault of chatops itself in one of the feed's threads."""

    error: BaseException


News = Listed | Alerted | Filled | Told | Failed
