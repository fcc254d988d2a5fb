"""One journalctl that the agent reads from, and that never outlives it."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Callable
from typing import Final

from chatops.agent.guard import Guard
from chatops.agent.logs.journal_entries import EntryReader, JournalEntry
from chatops.agent.logs.journalctl import NoJournal, environment, program, sentence
from chatops.agent.pipes import PipeReader
from chatops.agent.process import Process
from chatops.protocol.limits import KiB

_SAID: Final = 2048
"""Bytes of its complaints that are kept."""
_LITTLE: Final = 16 * KiB
_END: Final = 5.0
"""Seconds from the end of its output to its own."""


class JournalProcess:
    """A running journalctl. ``wake`` is called when a piece of what it writes has come, or its end;
    after each piece ``go_on`` asks for the next.

    Raises:
        NoJournal: it cannot be started.
    """

    def __init__(self, words: list[str], guard: Guard, wake: Callable[[], None]) -> None:
        self.little = False
        """Whether it wrote but little of late: more can be gathered before it is read."""
        self.ended = False
        """Whether all was taken that will ever come."""
        self._wake = wake
        self._entries = EntryReader()
        self._piece = b""
        self._said = b""
        words = [program(), *words]
        out, err = os.pipe2(os.O_CLOEXEC), os.pipe2(os.O_CLOEXEC)
        inode = os.fstat(out[1]).st_ino
        guard.announce(inode)
        try:
            child = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=out[1], stderr=err[1],
                env=environment(), cwd="/", start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            guard.settle(inode, None)
            os.close(out[0])
            os.close(err[0])
            raise NoJournal(f"journalctl cannot be started: {error.strerror}") from None
        finally:
            os.close(out[1])
            os.close(err[1])
        guard.settle(inode, child.pid)
        self._process = Process(
            child, guard, PipeReader(out[0], self._came), PipeReader(err[0], self._complained)
        )

    def go_on(self) -> None:
        """Read the next piece."""
        self._process.stdout.resume()

    def take(self) -> list[JournalEntry]:
        """The entries that came since.

        Raises:
            NoEntry: what came are none.
        """
        piece, self._piece = self._piece, b""
        self.little = 0 < len(piece) < _LITTLE
        self.ended = self._process.stdout.closed
        return self._entries.feed(piece)

    async def ended_well(self) -> None:
        """Its output has ended: see how it did.

        Raises:
            NoJournal: with an error, and what it said.
        """
        await asyncio.wait((self._process.exited,), timeout=_END)
        status = self._process.exited.result() if self._process.exited.done() else None
        if status is None or status.code != 0:
            said = sentence(self._said.decode("utf-8", "replace"))
            raise NoJournal(said or "journalctl was ended")

    def close(self) -> None:
        """End it if it still runs, and let go of it."""
        self._process.release()

    def _came(self, data: bytes) -> None:
        if data:
            self._process.stdout.pause()
            self._piece = data
        self._wake()

    def _complained(self, data: bytes) -> None:
        self._said = (self._said + data)[-_SAID:]
