"""LogShipping: lines from agents to ``logs.db``, once each, acked after the commit.

Servers take turns at the writer. A message that finds no room is left out without an ack: its agent
still has it, and sends it again, as well as all that follows it (decision 15).
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from chatops.clock import Clock
from chatops.errors import ChatOpsError
from chatops.protocol.limits import (
    MAX_LABEL,
    MAX_LOG_EPOCHS,
    MAX_LOG_LINE,
    MAX_SERVER_LOGS,
    MAX_WAITING_LOGS,
    KiB,
)
from chatops.protocol.messages import Log, LogAck
from chatops.protocol.parts import LogLine
from chatops.server.crud import log_entries, log_positions
from chatops.server.crud.log_entries import NewLogEntry
from chatops.server.db.engine import Database
from chatops.server.db.transactions import Transaction
from chatops.server.services.agent_manager import AgentSession
from chatops.text import counted

LEVELS: Final = log_entries.LEVELS
LINGER: Final = 0.02
"""Seconds between two commits: what comes meanwhile shares the next one."""
RETRY_AFTER: Final = 1.0
COMPLAIN: Final = 10.0
"""Seconds between two lines of the hub's own log about lines that found no room."""
MESSAGES: Final = 64
"""Messages of one server that are stored in its turn."""
STEP: Final = 192 * KiB
"""Bytes of lines, counted as those that wait, that hold the writer together: about 7 ms."""
_OVERHEAD: Final = 200
"""Bytes that a message or a line takes beside its text, about."""
_log = logging.getLogger(__name__)

Publish = Callable[[str, Sequence[NewLogEntry]], None]


class Shipment(NamedTuple):
    """A message that waits, and whose session is to hear of it."""

    session: AgentSession
    message: Log
    received_at: float
    size: int


class _Place(NamedTuple):
    """What remembers up to where it is stored."""

    server_id: str
    epoch: str


class Settled(NamedTuple):
    """What of a message is new. ``seq`` is the place up to which its epoch is stored then."""

    lines: list[LogLine]
    seq: int


def settle(stored: int | None, message: Log) -> Settled | None:
    """What is to be stored of a message of an epoch that is stored up to some place (None: not
    known); None when lines before it are missing. Pure."""
    if message.after > (stored or 0):
        return None
    seq, lines = stored or 0, []
    for line in message.entries:
        if line.seq > seq:
            seq = line.seq
            lines.append(line)
    return Settled(lines, seq)


def row_of(server_id: str, source: str, line: LogLine, received_at: float) -> NewLogEntry:
    """A line as it is stored: its texts bounded, its level one that there is."""
    return NewLogEntry(
        server_id=server_id,
        ts=line.ts,
        received_at=received_at,
        level=line.level if line.level in LEVELS else "info",
        source=source[:MAX_LABEL],
        message=line.message[:MAX_LOG_LINE],
    )


def pieces(message: Log, most: int) -> Iterator[tuple[Log, int]]:
    """The message in pieces of about ``most`` bytes, with their sizes. Pure."""
    lines: list[LogLine] = []
    size, after = _OVERHEAD, message.after
    for line in message.entries:
        more = min(len(line.message), MAX_LOG_LINE) + _OVERHEAD
        if lines and size + more > most:
            yield replace(message, entries=lines, after=after), size
            lines, size, after = [], _OVERHEAD, lines[-1].seq
        lines.append(line)
        size += more
    whole = len(lines) == len(message.entries)
    yield message if whole else replace(message, entries=lines, after=after), size


class _Outcome(NamedTuple):
    """What a transaction did: the rows by server, up to where each epoch is stored, lines by
    kind."""

    rows: dict[str, list[NewLogEntry]]
    stored: dict[_Place, int]
    counts: Counter[str]


class LogShipping:
    """What agents ship and is not stored yet. ``publish`` gets what was committed, by server id."""

    def __init__(self, database: Database, clock: Clock, publish: Publish) -> None:
        self._database = database
        self._clock = clock
        self._publish = publish
        self._waiting: dict[str, deque[Shipment]] = {}
        self._sizes: Counter[str] = Counter()
        self._size = 0
        self._left_out = 0
        self._complained = -COMPLAIN
        self._arrived = asyncio.Event()
        self.counts = Counter(stored=0, duplicate=0, no_room=0, out_of_turn=0)
        """Lines so far, by what became of them."""

    @property
    def size(self) -> int:
        """Bytes that wait for the writer, about."""
        return self._size

    def submit(self, session: AgentSession, message: Log) -> None:
        """Take a message of a session's server, as far as there is room for it."""
        server_id, now = session.server_id, self._clock.now()
        for piece, size in pieces(message, STEP):
            if not self._has_room(server_id, size):
                self.counts["no_room"] += len(piece.entries)
                self._left_out += len(piece.entries)
                continue
            queue = self._waiting.setdefault(server_id, deque())
            queue.append(Shipment(session, piece, now, size))
            self._weigh(server_id, size)
        self._arrived.set()

    def _has_room(self, server_id: str, size: int) -> bool:
        of_server, of_all = self._sizes[server_id] + size, self._size + size
        return of_server <= MAX_SERVER_LOGS and of_all <= MAX_WAITING_LOGS

    def forget(self, server_id: str) -> None:
        """The server is gone: what of it waits goes, too."""
        if self._waiting.pop(server_id, None) is not None:
            self._weigh(server_id, -self._sizes[server_id])

    async def run(self) -> None:
        """Commit what waits, for as long as the hub runs."""
        while True:
            await self._arrived.wait()
            await asyncio.sleep(LINGER if await self.flush() else RETRY_AFTER)

    async def flush(self) -> bool:
        """Give each server that has something one turn at the writer; False if that failed."""
        self._arrived.clear()
        turn = [one for server_id in list(self._waiting) for one in self._take(server_id)]
        done = 0
        for batch in _steps(turn):
            if not await self._store(batch):
                self._put_back(turn[done:])
                break
            done += len(batch)
        self._complain()
        if self._waiting:
            self._arrived.set()
        return done == len(turn)

    async def drain(self) -> None:
        """Commit what waits when the hub stops. What cannot be stored now its agent still has."""
        while self._waiting and await self.flush():
            pass

    def _complain(self) -> None:
        now = self._clock.monotonic()
        if self._left_out and now - self._complained >= COMPLAIN:
            _log.warning("no room for %s, to be sent again", counted(self._left_out, "log line"))
            self._left_out, self._complained = 0, now

    def _weigh(self, server_id: str, size: int) -> None:
        self._size += size
        self._sizes[server_id] += size
        if not self._sizes[server_id]:
            del self._sizes[server_id]

    def _take(self, server_id: str) -> list[Shipment]:
        queue, size = self._waiting[server_id], 0
        turn: list[Shipment] = []
        while queue and len(turn) < MESSAGES and size < STEP:
            turn.append(queue.popleft())
            size += turn[-1].size
        if not queue:
            del self._waiting[server_id]
        return turn

    def _put_back(self, batch: Sequence[Shipment]) -> None:
        for one in reversed(batch):
            if one.session.server_id in self._sizes:  # else it was removed meanwhile
                self._waiting.setdefault(one.session.server_id, deque()).appendleft(one)

    async def _store(self, batch: Sequence[Shipment]) -> bool:
        try:
            outcome = await self._database.transact(lambda tx: _write(tx, batch))
        except ChatOpsError as error:
            _log.error("log lines cannot be stored: %s", error.message)
            return False
        for one in batch:
            if one.session.server_id in self._sizes:
                self._weigh(one.session.server_id, -one.size)
        self.counts.update(outcome.counts)
        self._tell(batch, outcome)
        return True

    def _tell(self, batch: Sequence[Shipment], outcome: _Outcome) -> None:
        sessions = {_place(one): one.session for one in batch}
        for place, seq in outcome.stored.items():
            sessions[place].post(LogAck(epoch=place.epoch, seq=seq))
        for server_id, rows in outcome.rows.items():
            self._publish(server_id, rows)


def _steps(shipments: Sequence[Shipment]) -> Iterator[list[Shipment]]:
    """What is stored in one transaction each."""
    step: list[Shipment] = []
    size = 0
    for one in shipments:
        if step and size + one.size > STEP:
            yield step
            step, size = [], 0
        step.append(one)
        size += one.size
    if step:
        yield step


def _place(shipment: Shipment) -> _Place:
    return _Place(shipment.session.server_id, shipment.message.epoch)


def _write(tx: Transaction, batch: Sequence[Shipment]) -> _Outcome:
    """Store what is new, and up to where each epoch is stored with it."""
    rows: dict[str, list[NewLogEntry]] = {}
    stored: dict[_Place, int] = {}
    counts: Counter[str] = Counter()
    for one in batch:
        lines, place = one.message.entries, _place(one)
        if place.epoch:
            known = stored.get(place)
            before = log_positions.find(tx, *place) if known is None else known
            settled = settle(before, one.message)
            if settled is None:
                counts["out_of_turn"] += len(lines)
                continue
            counts["duplicate"] += len(lines) - len(settled.lines)
            lines, stored[place] = settled
            _note(tx, place, before, settled.seq, one.received_at)
        counts["stored"] += len(lines)
        source, at = one.message.source, one.received_at
        rows.setdefault(place.server_id, []).extend(
            row_of(place.server_id, source, line, at) for line in lines
        )
    log_entries.insert_many(tx, [row for some in rows.values() for row in some])
    return _Outcome(rows, stored, counts)


def _note(tx: Transaction, place: _Place, before: int | None, seq: int, at: float) -> None:
    if seq == before:
        return
    server_id, epoch = place
    log_positions.put(tx, {"server_id": server_id, "epoch": epoch, "seq": seq, "at": at})
    if before is None:
        log_positions.trim(tx, server_id, MAX_LOG_EPOCHS)
