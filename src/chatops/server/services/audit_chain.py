"""The chain of the audit trail as pure code: what a record's hash covers, and where a trail is
wrong.

A record's hash is an HMAC over the record and its predecessor's hash, with a key that lies
outside the databases: without the key nobody can change, reorder or leave out a record and have
the chain still verify. See docs/topics/audit.md for the exact bytes.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

GENESIS: Final = "0" * 64
"""What the first record names as its predecessor's hash."""


class Head(NamedTuple):
    """The newest record of a trail, or of a part of it that is gone."""

    id: int
    hash: str


START: Final = Head(0, GENESIS)


class Entry(NamedTuple):
    """A record without its hash; its fields as they stand in an export. ``ts`` is RFC 3339."""

    id: int
    ts: str
    user_id: str | None
    user: str | None
    action: str
    target: str | None
    outcome: str
    address: str | None
    detail: dict[str, Any] | None
    prev_hash: str


def canonical(fields: Mapping[str, Any]) -> bytes:
    """JSON in the one form that is hashed: keys sorted, no blanks, ASCII only. Bytes, which no
    hub writes, become a list, which none writes either."""
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), default=list).encode()


def seal(key: bytes, entry: Entry) -> str:
    """The hash of a record, in hex."""
    return hmac.new(key, canonical(entry._asdict()), hashlib.sha256).hexdigest()


def is_genuine(key: bytes, entry: Entry, digest: object) -> bool:
    """Whether this is the hash of a record. Both may be anything that a database can hold."""
    right = seal(key, entry).encode()
    return isinstance(digest, str) and hmac.compare_digest(right, digest.encode(errors="replace"))


def line(entry: Entry, digest: str) -> bytes:
    """A record as one line of a file or a message of syslog, without the line's end."""
    return canonical({**entry._asdict(), "hash": digest})


@dataclass(frozen=True, slots=True)
class Fault:
    """The first record that is wrong or missing, and why; to ``through`` all are missing."""

    id: int
    reason: str
    through: int | None = None


class ChainCheck:
    """Takes records in the order of their ids, until one of them is wrong.

    What lies at or below ``pruned`` was removed on purpose, as a sealed record says, or is about
    to be. ``head`` is the newest record that is known from outside the database.
    """

    def __init__(self, key: bytes, *, pruned: Head = START, head: Head = START) -> None:
        self._key = key
        self.pruned = pruned
        self._head = head
        self._last: Head | None = None
        self.fault: Fault | None = None
        self.count = 0

    @property
    def last(self) -> Head:
        """The newest record that was right."""
        return self._last or self.pruned

    def missing(self, entry: Entry) -> bool:
        """Whether records before this one are not there, and should be."""
        return entry.id > self.last.id + 1 and entry.id > self.pruned.id + 1

    def take(self, entry: Entry, digest: str) -> bool:
        """The next record. False when it is wrong: ``fault`` says why."""
        reason = self._wrong(entry, digest)
        if self.missing(entry):
            first = max(self.last.id, self.pruned.id) + 1
            self.fault = _gap(first, entry.id - 1)
        elif reason is not None:
            self.fault = Fault(entry.id, reason)
        else:
            self._last = Head(entry.id, digest)
            self.count += 1
        return self.fault is None

    def finish(self) -> Fault | None:
        """There is no further record."""
        if self.fault is None and self._head.id > self.last.id:
            self.fault = _gap(self.last.id + 1, self._head.id, " at the end")
        return self.fault

    def _wrong(self, entry: Entry, digest: str) -> str | None:
        if not is_genuine(self._key, entry, digest):
            return f"record {entry.id} was changed"
        if dict((self.pruned, self._head)).get(entry.id, digest) != digest:
            return f"record {entry.id} is not the one that was written first"
        before = self._before(entry)
        if before is not None and entry.prev_hash != before.hash:
            return f"record {entry.id} does not follow record {entry.id - 1}"
        return None

    def _before(self, entry: Entry) -> Head | None:
        """What must precede a record; None where that was pruned."""
        if self._last is not None and self._last.id == entry.id - 1:
            return self._last
        if entry.id <= self.pruned.id:
            return None
        return self.pruned if self.pruned.id >= self.last.id else self._last


def _gap(first: int, last: int, where: str = "") -> Fault:
    if first == last:
        return Fault(first, f"record {first} is missing{where}", last)
    return Fault(first, f"records {first} to {last} are missing{where}", last)
