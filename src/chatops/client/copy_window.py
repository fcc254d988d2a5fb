"""How many bytes of a copy may be sent now."""

from __future__ import annotations

import threading


class Stopped(Exception):
    """Nothing more is to be sent."""


class Window:
    """Filled by one thread, used by another."""

    def __init__(self) -> None:
        self._room = 0
        self._stopped = False
        self._change = threading.Condition()

    def grant(self, count: int) -> None:
        """So many bytes more may be sent."""
        with self._change:
            self._room += count
            self._change.notify_all()

    def take(self, most: int) -> int:
        """How many bytes, of ``most``, may be sent; waits until there are any.

        Raises:
            Stopped: there will be none.
        """
        with self._change:
            self._change.wait_for(lambda: self._room or self._stopped)
            if self._stopped:
                raise Stopped
            taken = min(self._room, most)
            self._room -= taken
            return taken

    def check(self) -> None:
        """
        Raises:
            Stopped: nothing more may be sent.
        """
        if self._stopped:
            raise Stopped

    def stop(self) -> None:
        """Let nobody wait any longer."""
        with self._change:
            self._stopped = True
            self._change.notify_all()
