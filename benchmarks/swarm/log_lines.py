"""Lines as logs have them: requests, sign-ins, key=value and free text, 90 bytes on average; and
an agent that ships them."""

from __future__ import annotations

import functools
import json
import random
from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import Final

from chatops.protocol.limits import MAX_LOG_MESSAGE, MAX_UNACKED_LOGS

_WORDS: Final = (
    "connection", "timeout", "request", "upstream", "closed", "reset", "peer", "worker", "started",
    "finished", "job", "queue", "retry", "user", "session", "login", "failed", "accepted", "cache",
    "miss", "hit", "backend", "database", "query", "slow", "took", "disk", "write", "read", "flush",
    "commit", "snapshot", "lease", "renewed", "expired", "node", "pod", "container", "image",
    "pulled", "created", "deleted", "scheduled", "health", "check", "passing", "memory", "pressure",
    "evicted", "certificate", "handshake", "client", "server", "listening", "shutdown", "signal",
    "config", "reloaded", "unknown", "invalid", "token", "permission", "denied", "path", "file",
    "missing", "replica", "leader", "election", "quorum", "segment", "compaction", "offset",
    "partition", "consumer",
)  # fmt: skip
_PATHS: Final = (
    "/api/v1/users", "/api/v1/orders", "/static/app.js", "/health", "/login", "/api/v2/search",
)  # fmt: skip


class Shipper:
    """The lines of one agent, from one source, by the rules of a real one: a message has 64 KiB at
    most, 256 KiB may be under way, and in a new session all that is not acked goes again."""

    def __init__(self, epoch: str, first: int) -> None:
        self._epoch = epoch.encode()
        self._first = first
        self._made = self._sent = self._acked = 0
        self._under_way: deque[tuple[int, int, float]] = deque()
        """Of each message the number of its last line, its bytes, and when it went."""
        self._size = 0

    def make(self, count: int) -> None:
        """So many lines more have been written."""
        self._made += count

    def restart(self) -> None:
        """A session begins."""
        self._sent = self._acked
        self._under_way.clear()
        self._size = 0

    def next(self, now: float, wall: float, *, more: bool) -> bytes | None:
        """The message that may go now, if there is one; ``more``: lines are written as fast as
        they go."""
        if self._size >= MAX_UNACKED_LOGS:
            return None
        entries, size, after = [], 0, self._sent
        while size < MAX_LOG_MESSAGE - 1000 and (more or self._sent < self._made):
            self._sent += 1
            entries.append(self._line(self._sent, wall))
            size += len(entries[-1])
        if not entries:
            return None
        self._under_way.append((self._sent, size, now))
        self._size += size
        head = b'{"type":"log","source":"/var/log/app.log","epoch":"%b","after":%d,"entries":[%b]}'
        return head % (self._epoch, after if len(self._under_way) > 1 else 0, b",".join(entries))

    def ack(self, seq: int) -> Iterator[tuple[int, float]]:
        """For each message that the hub has committed: how many lines, and when it went."""
        before = self._acked
        while self._under_way and self._under_way[0][0] <= seq:
            last, size, at = self._under_way.popleft()
            self._size -= size
            yield last - before, at
            before = self._acked = last

    def _line(self, number: int, wall: float) -> bytes:
        pool = _pool()
        return b'{"ts":%.3f,%b n=%d","seq":%d}' % (
            wall, pool[(self._first + number) % len(pool)], self._first + number, number,
        )  # fmt: skip


@functools.cache
def _pool() -> list[bytes]:
    """Level and message as JSON, without the end."""
    made = islice(lines(1), 50_000)
    return [f'"level":"{level}","message":{json.dumps(text)[:-1]}'.encode() for level, text in made]


def lines(seed: int) -> Iterator[tuple[str, str]]:
    """Level and text, without end; the same for a seed."""
    chance = random.Random(seed)
    while True:
        kind = chance.random()
        if kind < 0.35:
            yield _request(chance)
        elif kind < 0.6:
            yield _sign_in(chance)
        elif kind < 0.85:
            yield _pairs(chance)
        else:
            yield _failure(chance)


def _request(chance: random.Random) -> tuple[str, str]:
    status = chance.choice((200, 200, 200, 200, 200, 304, 404, 500))
    text = (
        f'{_address(chance)} - - "GET {chance.choice(_PATHS)}/{chance.randrange(100_000)} HTTP/1.1"'
        f" {status} {chance.randrange(100, 90_000)} rt={chance.random():.3f}"
        f" rid={chance.getrandbits(48):012x}"
    )
    return "error" if status == 500 else "info", text


def _sign_in(chance: random.Random) -> tuple[str, str]:
    what = chance.choice(("Accepted publickey", "Failed password", "Connection closed"))
    return "info", (
        f"sshd[{chance.randrange(1000, 60_000)}]: {what} for user{chance.randrange(500)}"
        f" from {_address(chance)} port {chance.randrange(1024, 65_535)} ssh2"
    )


def _pairs(chance: random.Random) -> tuple[str, str]:
    words = " ".join(chance.choices(_WORDS, k=6))
    return "info", (
        f'msg="{words}" id={chance.getrandbits(48):012x} took={chance.randrange(2000)}ms'
        f" shard={chance.randrange(16)}"
    )


def _failure(chance: random.Random) -> tuple[str, str]:
    words = " ".join(chance.choices(_WORDS, k=8))
    level = chance.choice(("warning", "warning", "error", "critical"))
    return level, f"[worker-{chance.randrange(32)}] {words}: code={chance.randrange(600)}"


def _address(chance: random.Random) -> str:
    return f"10.{chance.randrange(4)}.{chance.randrange(256)}.{chance.randrange(1, 255)}"
