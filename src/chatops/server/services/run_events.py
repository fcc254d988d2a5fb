"""What is told of a run to who follows it, as frames: the same over HTTP and WebSocket. Pure."""

from __future__ import annotations

import msgspec

from chatops.protocol.frames import StreamFrame
from chatops.protocol.rest import StreamEvent
from chatops.server.services.watching import Bytes, Ended, Item, OutputName, Started


class Teller:
    """Turns what happens into events and stream frames; numbers the streams of each command."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def run(self, run_id: str, servers: int) -> StreamEvent:
        """The first event."""
        return StreamEvent(event="run", run_id=run_id, servers=servers)

    def tell(self, item: Item) -> StreamEvent | StreamFrame:
        """The event or frame for something that happened."""
        if isinstance(item, Bytes):
            return StreamFrame(self._number(item.command_id, item.stream), item.offset, item.data)
        if isinstance(item, Started):
            return StreamEvent(
                event="start",
                server=item.server,
                command_id=item.command_id,
                run_id=item.run_id,
                stdout=self._number(item.command_id, "stdout"),
                stderr=self._number(item.command_id, "stderr"),
            )
        return self._end(item)

    def _end(self, item: Ended) -> StreamEvent:
        bare = msgspec.structs.replace(
            item.result, stdout=None, stderr=None, stdout_b64=None, stderr_b64=None
        )
        return StreamEvent(
            event="end",
            server=bare.server,
            command_id=bare.command_id,
            run_id=bare.run_id,
            result=bare,
            stdout_bytes=item.stdout_bytes,
            stderr_bytes=item.stderr_bytes,
        )

    def _number(self, command_id: str, stream: OutputName) -> int:
        first = self._numbers.setdefault(command_id, 2 * len(self._numbers) + 1)
        return first if stream == "stdout" else first + 1
