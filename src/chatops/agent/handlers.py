"""What the agent does with each type of message: one table, closed until the hub is known."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from chatops.agent.answers import Answers
from chatops.agent.container_requests import ContainerRequests
from chatops.agent.executor import Executor
from chatops.agent.feed_requests import FeedRequests
from chatops.agent.feeds import Feeds
from chatops.agent.process_list import ProcessList
from chatops.agent.shipper import Shipper
from chatops.agent.spool import Spool
from chatops.errors import ProtocolError
from chatops.protocol.feed_messages import FeedRequest
from chatops.protocol.frames import decode_frame
from chatops.protocol.messages import (
    Command,
    CommandAck,
    CommandCancel,
    DockerCommand,
    Error,
    LogAck,
    Message,
    MetricsAck,
    Notice,
    Ping,
    Pong,
    ProcessesRequest,
    Resize,
    SnapshotRequest,
    StreamClose,
    StreamCredit,
    StreamOpen,
)

Handler = Callable[[Any], Message | None]
_log = logging.getLogger(__name__)


class Handlers:
    """Answers messages. Nothing but a refusal comes out before ``verified`` is set."""

    def __init__(
        self,
        executor: Executor,
        spool: Spool,
        containers: ContainerRequests,
        processes: ProcessList,
        answers: Answers,
        shipper: Shipper,
        feeds: Feeds,
        feed_requests: FeedRequests,
    ) -> None:
        self.verified = False
        self._executor = executor
        self._feeds = feeds
        self._inputs = feed_requests.copies.inputs
        self._table: Mapping[type[Message], Handler] = {
            MetricsAck: lambda message: spool.ack(message.epoch, message.seq),
            LogAck: lambda message: shipper.ack(message.epoch, message.seq),
            Command: executor.start,
            CommandCancel: executor.cancel,
            CommandAck: executor.ack,
            Resize: executor.resize,
            StreamOpen: executor.open,
            StreamCredit: self._credit,
            StreamClose: self._shut,
            DockerCommand: containers.ask,
            FeedRequest: feed_requests.ask,
            SnapshotRequest: answers.snapshot,
            ProcessesRequest: processes.ask,
            Ping: lambda message: Pong(id=message.id),
            Pong: lambda _message: None,
            Notice: _note_notice,
            Error: _note_error,
        }

    def handle(self, message: Message) -> Message | None:
        """The reply to a message, if it has one. A handler that fails still replies."""
        if not self.verified and not isinstance(message, Error):
            return _refusal(message, "not_signed_in", "the session is not signed in yet")
        handler = self._table.get(type(message))
        if handler is None:
            return _refusal(message, "protocol", "this message has no place here")
        try:
            return handler(message)
        except Exception:  # noqa: BLE001  (whatever fails, the hub must not wait in vain)
            _log.exception("a message could not be handled")
            return _refusal(message, "internal", "the agent had an internal fault")

    def take(self, frame: bytes) -> None:
        """Bytes of a stream.

        Raises:
            ProtocolError: nothing was to come there.
        """
        if not self.verified:
            raise ProtocolError("the session is not signed in yet")
        found = decode_frame(frame)
        if not self._inputs.take(found):
            self._executor.feed(found)

    def _credit(self, message: StreamCredit) -> None:
        if not self._feeds.credit(message):
            self._executor.credit(message)

    def _shut(self, message: StreamClose) -> Message | None:
        if self._feeds.shut(message) or self._inputs.shut(message):
            return None
        return self._executor.shut(message)


def _refusal(message: Message, code: str, text: str) -> Error:
    request = getattr(message, "id", None)  # a ping's is a number, and names no request
    return Error(code=code, message=text, re=request if isinstance(request, str) else None)


def _note_error(message: Error) -> None:
    _log.warning("the hub says: %s", message.message, extra={"code": message.code})


def _note_notice(message: Notice) -> None:
    _log.warning("the hub warns: %s", message.message, extra={"code": message.code})
