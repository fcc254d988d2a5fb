"""Messages and bytes: JSON text frames with a ``type``, read strictly, written compactly."""

from __future__ import annotations

import functools
from typing import Any, Final, Generic, TypeVar, get_args

import msgspec

from chatops.errors import ProtocolError
from chatops.protocol.feed_messages import FeedRequest, FeedResponse
from chatops.protocol.messages import (
    Auth,
    AuthSuccess,
    Command,
    CommandAck,
    CommandCancel,
    CommandResponse,
    DockerCommand,
    DockerResponse,
    Error,
    Log,
    LogAck,
    Message,
    Metrics,
    MetricsAck,
    MetricsGap,
    Notice,
    Ping,
    Pong,
    ProcessesRequest,
    ProcessesResponse,
    Resize,
    SnapshotRequest,
    SnapshotResponse,
    StreamClose,
    StreamCredit,
    StreamOpen,
)
from chatops.text import escape, shorten

AgentMessage = (
    Auth
    | Metrics
    | MetricsGap
    | CommandResponse
    | DockerResponse
    | FeedResponse
    | SnapshotResponse
    | ProcessesResponse
    | Log
    | StreamCredit
    | StreamClose
    | Error
    | Ping
    | Pong
)
"""What a hub may receive from an agent."""

HubMessage = (
    AuthSuccess
    | MetricsAck
    | LogAck
    | Command
    | CommandCancel
    | CommandAck
    | DockerCommand
    | FeedRequest
    | SnapshotRequest
    | ProcessesRequest
    | Resize
    | StreamOpen
    | StreamCredit
    | StreamClose
    | Notice
    | Error
    | Ping
    | Pong
)
"""What an agent may receive from a hub."""

T = TypeVar("T")
_MAX_REASON: Final = 200
_encode = msgspec.json.Encoder().encode


class UnusableFrame(ProtocolError):
    """A frame that is not a message of this protocol; the session may go on.

    ``reason`` is one of ``malformed_json``, ``invalid_message``, ``unknown_type``. The message
    may quote the peer, so it is escaped and cut.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(shorten(escape(message), _MAX_REASON))
        self.reason = reason


class Codec(Generic[T]):
    """Reads one direction's messages. ``union`` is the union type of them all."""

    def __init__(self, union: Any) -> None:
        self._decoder: msgspec.json.Decoder[T] = msgspec.json.Decoder(union)
        self._types = frozenset(cls.__struct_config__.tag for cls in get_args(union))

    def decode(self, data: str | bytes) -> T:
        """The message in one text frame.

        Raises:
            UnusableFrame: no JSON, no known type, or fields of the wrong type.
        """
        try:
            return self._decoder.decode(data)
        except msgspec.ValidationError as error:
            raise self._explain(data, error) from None
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise UnusableFrame("malformed_json", f"not JSON: {error}") from None

    def _explain(self, data: str | bytes, error: msgspec.ValidationError) -> UnusableFrame:
        kind = _type_of(data)
        if isinstance(kind, str) and kind not in self._types:
            return UnusableFrame("unknown_type", f"unknown message type {kind[:40]!r}")
        return UnusableFrame("invalid_message", str(error))


class _Probe(msgspec.Struct):
    type: object = None


_probe: Final = msgspec.json.Decoder(_Probe)


def _type_of(data: str | bytes) -> object:
    try:
        return _probe.decode(data).type
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


@functools.cache
def from_agent() -> Codec[AgentMessage]:
    """What the hub reads from agents."""
    return Codec(AgentMessage)


@functools.cache
def from_hub() -> Codec[HubMessage]:
    """What an agent reads from the hub."""
    return Codec(HubMessage)


def encode(message: Message) -> str:
    """One message as the text of a frame."""
    return _encode(message).decode()
