"""LogShipping: lines from agents to ``logs.db``, once each, acked after the commit.

Servers take turns at the writer. A message that finds no room is left out without an ack: its agent
still has it, and sends it again, as well as all that follows it (decision 15).
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from chatops.clock import Clock
from chatops.errors import ChatOpsError
from chatops.protocol.limits import (
    MAX_LABEL,
    MAX_LOG_EPOCHS,
    MAX_LOG_LINE,
    MAX_LOG_LINES,
    MAX_SERVER_LOGS,
    MAX_WAITING_LOGS,
)
from chatops.protocol.messages import Log, LogAck
from chatops.protocol.parts import LogLine
from chatops.server.crud import log_entries, log_positions
from chatops.server.crud.log_entries import NewLogEntry
from chatops.server.db.engine import Database
from chatops.server.db.transactions import Transaction
from chatops.server.services.agent_manager import AgentSession
from chatops.text import counted

LINGER: Final = 0.02
"""Seconds between two commits: what comes meanwhile shares the next one."""
RETRY_AFTER: Final = 1.0
COMPLAIN: Final = 10.0
"""Seconds between two lines of the hub's own log about lines that found no room."""
MESSAGES: Final = 64
"""Messages of one server that are stored at a time."""
LEVELS: Final = ("debug", "info", "warning", "error", "critical")
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


class _Outcome(NamedTuple):
    """What a transaction did: the rows, up to where each epoch is stored, lines by kind."""

    rows: list[NewLogEntry]
    stored: dict[str, int]
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
        """Take a message of a session's server, if there is room for it."""
        server_id = session.server_id
        size = _OVERHEAD + sum(len(line.message) + _OVERHEAD for line in message.entries)
        if self._sizes[server_id] + size > MAX_SERVER_LOGS or self._size + size > MAX_WAITING_LOGS:
            self.counts["no_room"] += len(message.entries)
            self._left_out += len(message.entries)
            return
        queue = self._waiting.setdefault(server_id, deque())
        queue.append(Shipment(session, message, self._clock.now(), size))
        self._weigh(server_id, size)
        self._arrived.set()

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
        turns = [(server_id, self._take(server_id)) for server_id in list(self._waiting)]
        stored = await asyncio.gather(*(self._store(*turn) for turn in turns))
        self._complain()
        if self._waiting:
            self._arrived.set()
        return all(stored)

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
        queue, lines = self._waiting[server_id], 0
        batch: list[Shipment] = []
        while queue and len(batch) < MESSAGES and lines < MAX_LOG_LINES:
            batch.append(queue.popleft())
            lines += len(batch[-1].message.entries)
        if not queue:
            del self._waiting[server_id]
        return batch

    async def _store(self, server_id: str, batch: list[Shipment]) -> bool:
        size = sum(one.size for one in batch)
        try:
            outcome = await self._database.transact(lambda tx: _write(tx, server_id, batch))
        except ChatOpsError as error:
            _log.error("log lines cannot be stored: %s", error.message)
            if server_id in self._sizes:  # else it was removed meanwhile
                self._waiting.setdefault(server_id, deque()).extendleft(reversed(batch))
            return False
        if server_id in self._sizes:
            self._weigh(server_id, -size)
        self.counts.update(outcome.counts)
        sessions = {one.message.epoch: one.session for one in batch}
        for epoch, seq in outcome.stored.items():
            sessions[epoch].post(LogAck(epoch=epoch, seq=seq))
        self._publish(server_id, outcome.rows)
        return True


def _write(tx: Transaction, server_id: str, batch: Sequence[Shipment]) -> _Outcome:
    """Store what is new, and up to where each epoch is stored with it."""
    rows: list[NewLogEntry] = []
    stored: dict[str, int] = {}
    counts: Counter[str] = Counter()
    for _session, message, received_at, _size in batch:
        lines = message.entries
        if message.epoch:
            known = stored.get(message.epoch)
            before = log_positions.find(tx, server_id, message.epoch) if known is None else known
            settled = settle(before, message)
            if settled is None:
                counts["out_of_turn"] += len(lines)
                continue
            counts["duplicate"] += len(lines) - len(settled.lines)
            lines, stored[message.epoch] = settled
            _note(tx, server_id, message.epoch, before, settled.seq, received_at)
        counts["stored"] += len(lines)
        rows += [row_of(server_id, message.source, line, received_at) for line in lines]
    log_entries.insert_many(tx, rows)
    return _Outcome(rows, stored, counts)


def _note(
    tx: Transaction, server_id: str, epoch: str, before: int | None, seq: int, at: float
) -> None:
    if seq == before:
        return
    log_positions.put(tx, {"server_id": server_id, "epoch": epoch, "seq": seq, "at": at})
    if before is None:
        log_positions.trim(tx, server_id, MAX_LOG_EPOCHS)
