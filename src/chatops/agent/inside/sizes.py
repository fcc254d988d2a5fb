"""The sizes that a command's terminal in a container is to have, as the agent writes them into a
pipe: lines of ``ROWS COLS``, the first one before the start; ``ROWS COLS redraw`` where what is
shown has to be drawn anew."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Final

from chatops.agent.inside.engine_api import EngineApi, EngineRefused

_ALL: Final = 65536
"""Bytes that a pipe holds."""


class Sizes:
    """Reads them from the pipe ``source``, of which the newest counts."""

    def __init__(self, source: int) -> None:
        self.source = source
        """-1 once there will be no more."""
        self.newest = (0, 0)
        self._told = False
        self._redraw = False
        self.take()

    def take(self) -> None:
        """Read what has come."""
        data = os.read(self.source, _ALL)
        if not data:
            os.close(self.source)
            self.source = -1
        for line in data.decode().splitlines():  # each was written at once
            rows, cols, *more = line.split()
            size = (int(rows), int(cols))
            self._told = self._told and size == self.newest
            self.newest, self._redraw = size, self._redraw or bool(more)

    def tell(self, api: EngineApi, exec_id: str) -> bool:
        """Let the command, which runs, have the newest one; whether it is to draw itself anew."""
        redraw, self._redraw = self._redraw, False
        if not self._told:
            with suppress(OSError, EngineRefused):  # it is over, or the engine hangs
                api.resize(exec_id, *self.newest)
                self._told = True
        return redraw
