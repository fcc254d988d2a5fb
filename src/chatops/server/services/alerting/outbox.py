"""The seam between alerts and their delivery: what delivery is told, and when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol

from chatops.protocol.rest import Alert
from chatops.protocol.target import Facts
from chatops.server.db.transactions import Transaction

AlertEvent = Literal["firing", "acknowledged", "resolved"]


class Affected(NamedTuple):
    """A server that an alert is about, as it is called and tagged now, and whose it is."""

    server: Facts
    owner_id: str | None


class AlertChange(NamedTuple):
    """Something that happened to an alert. ``alert`` is as an administrator sees it afterwards.
    ``servers`` are those it is about: one, or those that dropped together."""

    event: AlertEvent
    alert: Alert
    servers: tuple[Affected, ...]


class Outbox(Protocol):
    """What takes changes to those who shall hear of them."""

    def note(self, tx: Transaction, changes: Sequence[AlertChange]) -> None:
        """Keep changes for delivery, in the transaction that writes them: both stand, or neither.

        It runs in the writer's thread: it makes statements there, touches nothing of the event
        loop's, and takes no time. Changes of one alert come in the order in which they happened.
        """
        ...

    def wake(self) -> None:
        """What was noted is committed. In the event loop; waits for nothing."""
        ...
