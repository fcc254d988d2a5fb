"""A command's standard input on its way from who feeds it to its agent.

The hub holds none of it: the agent grants credit, the source sends so much, and what is lost
with a connection the source sends again from the offset that the agent names.
"""

from __future__ import annotations

from collections.abc import Callable

from chatops.errors import ProtocolError
from chatops.protocol import closing
from chatops.protocol.client_messages import StreamCut
from chatops.protocol.frames import encode_frame
from chatops.protocol.messages import Message, StreamClose, StreamCredit, StreamOpen
from chatops.server.services.agent_manager import AgentSession

Source = Callable[[Message], object]
"""Takes what a source of input is told. Its streams have the number 0."""


class StandardInput:
    """The way between one source at a time and one session of the agent at a time."""

    def __init__(self, command_id: str) -> None:
        self._command_id = command_id
        self._session: AgentSession | None = None
        self._number = 0
        self._limit = 0
        self._source: Source | None = None
        self._asked = False
        self._closed = False

    # -- the agent's side ---------------------------------------------------------------

    @property
    def has_source(self) -> bool:
        """Whether somebody feeds it."""
        return self._source is not None

    def came(self, session: AgentSession) -> None:
        """The agent is there, on ``session``; nobody feeds it yet."""
        self._session = session
        self._number = 0

    def open(self, session: AgentSession) -> StreamOpen:
        """Have the input go over ``session``; its agent says from which offset on."""
        if self._session is not None:
            self._session.inputs.pop(self._number, None)
        self._session = session
        self._number = session.open_input(self)
        self._asked = True
        self._tell(StreamOpen(stream=0, command_id=self._command_id, name="stdin"))
        return StreamOpen(stream=self._number, command_id=self._command_id, name="stdin")

    def on_credit(self, message: StreamCredit) -> None:
        """The agent takes more. The first time in a session it also says what it has."""
        self._limit = (message.offset if self._asked else self._limit) + message.credit
        self._asked = False
        self._tell(StreamCredit(stream=0, credit=message.credit, offset=message.offset))

    def on_close(self) -> None:
        """The command takes no more."""
        self._closed = True
        self._tell(StreamClose(stream=0, reason="closed"))

    def close(self) -> None:
        """The command is over."""
        if self._session is not None:
            self._session.inputs.pop(self._number, None)
        self._session = None
        self._closed = True

    def session_ended(self) -> None:
        """The agent is gone; what comes before it is back is refused."""
        self._session = None
        self._limit = 0
        self._tell(StreamCut(stream=0))

    # -- the source's side --------------------------------------------------------------

    def attach(self, source: Source) -> None:
        """A source begins; one before it is let go. It is told from which offset on to send."""
        self.detach(self._source)
        self._source = source
        if self._closed:
            self.on_close()
        elif self._session is not None:
            self._session.post(self.open(self._session))

    def feed(self, source: Source, offset: int, data: bytes) -> None:
        """Bytes of the input; of a source that was let go they count no more.

        Raises:
            ProtocolError: more than the agent takes.
        """
        if source != self._source or self._session is None or self._asked or self._closed:
            return  # it will be told where to go on
        if offset + len(data) > self._limit:
            raise ProtocolError("more input came than the command has credit for")
        if not self._session.connection.post(encode_frame(self._number, offset, data)):
            # Part of an input would be worse than none: on its return the agent says what it has.
            self._session.connection.close(closing.SILENT, "the agent does not read its input")

    def end(self, source: Source, length: int) -> None:
        """The input is so long, and there is no more."""
        if source == self._source and self._session is not None and not self._asked:
            self._session.post(StreamClose(stream=self._number, offset=length, reason="eof"))

    def detach(self, source: Source | None) -> None:
        """The source is gone. The agent ends the command if no other comes soon, unless it had
        all of the input."""
        if source is None or source != self._source:
            return
        self._source = None
        if self._session is not None and not self._closed:
            self._session.post(StreamClose(stream=self._number, reason="detached"))

    def _tell(self, message: Message) -> None:
        if self._source is not None:
            self._source(message)
