"""Lines on their way to a hub that acks when it is told to."""

from __future__ import annotations

from chatops.agent.shipper import Shipper
from chatops.protocol.codec import from_agent
from chatops.protocol.messages import Log
from chatops.protocol.parts import LogLine
from tests.support.waiting import until_async


class Ships:
    """What a shipper has sent so far."""

    def __init__(self, shipper: Shipper) -> None:
        self.shipper = shipper
        self.messages: list[Log] = []
        shipper.connected(lambda: None)

    @property
    def lines(self) -> list[LogLine]:
        """All lines, in order."""
        self.look()
        return [line for message in self.messages for line in message.entries]

    @property
    def texts(self) -> list[str]:
        """Their texts."""
        return [line.message for line in self.lines]

    def look(self) -> list[tuple[str, str, str]]:
        """Source, level and text of all lines."""
        while (frame := self.shipper.next_frame()) is not None:
            message = from_agent().decode(frame)
            assert isinstance(message, Log)
            self.messages.append(message)
        return [
            (message.source, line.level, line.message)
            for message in self.messages
            for line in message.entries
        ]

    def ack(self) -> None:
        """The hub has all of them."""
        for message in self.messages:
            self.shipper.ack(message.epoch, message.entries[-1].seq)

    async def until(self, *texts: str) -> None:
        """Wait until these lines have come, and no others."""
        await until_async(lambda: self.texts == list(texts), what=f"{texts}")

    async def until_last(self, text: str) -> None:
        """Wait for a line."""
        await until_async(lambda: self.texts[-1:] == [text], what=text)
