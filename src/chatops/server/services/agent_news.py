"""What is written down and said of agents that come and go: events, and lines of the logs."""

from __future__ import annotations

import logging

from chatops.clock import Clock
from chatops.errors import ChatOpsError
from chatops.server.crud import servers as crud
from chatops.server.db.engine import Database
from chatops.server.db.transactions import Transaction
from chatops.server.services.event_pace import EventPace, Kind, Moment
from chatops.server.services.events import EventService
from chatops.server.services.log_entries import LogService
from chatops.tasks import Tasks

_log = logging.getLogger(__name__)


class AgentNews:
    """Records events of connections, those of one server no faster than EventPace lets them."""

    def __init__(
        self, database: Database, events: EventService, logs: LogService, tasks: Tasks, clock: Clock
    ) -> None:
        """``tasks`` do what cannot wait to be done."""
        self._database = database
        self._events = events
        self._logs = logs
        self._tasks = tasks
        self._clock = clock
        self._pace = EventPace()

    def now(
        self, event: Kind, server_id: str, server: str, address: str, reason: str | None = None
    ) -> Moment | None:
        """What is to be recorded of what happens now; None if that is kept back."""
        moment = Moment(event, server_id, self._clock.now(), address, reason, server)
        held = len(self._pace)
        admitted = self._pace.admit(moment, self._clock.monotonic())
        if len(self._pace) > held:
            _log.warning(
                "an agent comes and goes all the time: some of its events are left out",
                extra={"server": server, "address": address},
            )
        return admitted

    def note(self, tx: Transaction, moment: Moment) -> None:
        """Record an event in the caller's transaction; ``say`` follows the commit."""
        self._events.note(tx, moment)

    def warn(self, server_id: str, text: str) -> None:
        """Say something else that an operator should know of a server."""
        self._logs.note(server_id, "warning", "hub", text)

    def say(self, moment: Moment) -> None:
        """Tell of an event in the hub's log, and in the server's own."""
        facts = {"server": moment.server, "address": moment.address, "reason": moment.reason}
        usual = moment.event in ("connected", "disconnected")
        _log.log(logging.INFO if usual else logging.WARNING, "agent %s", moment.event, extra=facts)
        if moment.server_id is not None and usual:
            level = "info" if moment.event == "connected" else "warning"
            self._logs.note(moment.server_id, level, "hub", moment.sentence)

    async def tell(self, moment: Moment) -> None:
        """Record an event, and say it."""
        self.say(moment)
        await self._write(moment.server_id, moment)

    def soon(self, moment: Moment) -> None:
        """The same, without waiting for it."""
        self._tasks.spawn(self.tell(moment), name=moment.event)

    def gone(self, server_id: str, moment: Moment | None, heard: float) -> None:
        """The same of an agent that is gone; when it was last heard is recorded in any case."""
        if moment is not None:
            self.say(moment)
        self._tasks.spawn(self._write(server_id, moment, heard), name="gone")

    def catch_up(self) -> None:
        """Record what was kept back and has room now; called every second."""
        for moment in self._pace.due(self._clock.monotonic()):
            self.soon(moment)

    def close(self) -> None:
        """Record all that was kept back: the hub stops."""
        for moment in self._pace.rest():
            self.soon(moment)

    async def _write(
        self, server_id: str | None, moment: Moment | None, heard: float | None = None
    ) -> None:
        """It cannot wait for better times: a busy hub leaves it to the log."""
        try:
            async with self._database.write() as session:
                if server_id and server_id not in await crud.existing(session, [server_id]):
                    return
                if server_id and heard is not None:
                    await crud.touch(session, {server_id: heard})
                if moment is not None:
                    await self._events.record(session, moment)
        except ChatOpsError as error:
            facts = {"server_id": server_id, "event": moment and moment.sentence}
            _log.error("an event cannot be recorded: %s", error.message, extra=facts)
