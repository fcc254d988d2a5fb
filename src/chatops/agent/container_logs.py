"""What a container writes, as the engine keeps it: the source of a feed."""

from __future__ import annotations

import time
from typing import Final

from chatops.agent.container_actions import Asked, patience
from chatops.agent.docker_policy import DockerPolicy
from chatops.agent.engine import Engine, EngineError
from chatops.agent.engine_stream import EngineStream
from chatops.agent.feeds import Feed, FeedEnded
from chatops.protocol.containers import DockerArgs, LogsBegin
from chatops.protocol.limits import KiB
from chatops.protocol.messages import StreamName

_HEADER: Final = 8
_NAMES: Final[dict[int, StreamName]] = {0: "stdout", 1: "stdout", 2: "stderr"}
_PART: Final = 16 * KiB
"""Bytes of a line that the engine keeps together; a longer one is several to it."""
_STAMP: Final = 64
"""No time that the engine writes before a line is so long."""
_LOOKS: Final = 10
_BETWEEN: Final = 0.2


def read_logs(engine: Engine, policy: DockerPolicy, args: DockerArgs, feed: Feed) -> None:
    """Write a container's log to a feed, and what is added to it where that is followed.

    Raises:
        EngineError: there is no such container or engine, or the engine broke off.
    """
    seconds = patience(args)
    with engine.client(seconds) as client:
        key, name = Asked(client, args, policy, {}).container()
        found = client.inspect_container(key)
        path = f"/v{client.api_version}/containers/{key}/logs"
    tty, began = bool(found["Config"].get("Tty")), found["State"].get("StartedAt")
    with EngineStream.opened(
        engine, "GET", path, _query(args), seconds=seconds, on_end=feed.on_end
    ) as stream:
        feed.accept(LogsBegin(id=key, name=name, tty=tty))
        reader = (TerminalLog if tty else LogFrames)(timestamps=args.timestamps)
        while data := stream.read():
            for source, piece in reader.take(data):
                feed.write(source, piece)
    if feed.over:
        raise FeedEnded
    _check_end(engine, key, began if args.follow else None, seconds)


def _query(args: DockerArgs) -> dict[str, str | int]:
    query: dict[str, str | int] = {
        "stdout": 1, "stderr": 1, "follow": int(args.follow), "timestamps": int(args.timestamps),
        "tail": "all" if args.tail is None else max(args.tail, 0),
    }  # fmt: skip
    if args.since is not None:
        query["since"] = f"{max(args.since, 0.0):.9f}"
    return query


def _check_end(engine: Engine, key: str, began: str | None, seconds: float) -> None:
    """An end is one only if the engine is there to confirm it, and (where the log is followed) the
    container has stopped since it ``began``. It may take the engine a moment to know that."""
    from docker.errors import NotFound

    for _ in range(_LOOKS):
        with engine.client(seconds) as client:
            try:
                state = client.inspect_container(key)["State"]
            except NotFound:
                return
        if began is None or not state["Running"] or state["StartedAt"] != began:
            return
        time.sleep(_BETWEEN)
    raise EngineError("conflict", "the container engine broke the log off; was it restarted?")


class LogFrames:
    """Takes apart what the engine says of a container without a terminal: frames of 8 bytes of
    header (stream, length) and data, cut anywhere.

    With ``timestamps`` the engine writes the time before each frame, also within a line of more
    than 16 KiB, which it keeps in several; there it is left out.
    """

    def __init__(self, *, timestamps: bool) -> None:
        self._timestamps = timestamps
        self._rest = b""
        self._left = 0
        """Bytes of the present frame that are still to come."""
        self._name: StreamName = "stdout"
        self._inside: dict[StreamName, bool] = {"stdout": False, "stderr": False}
        """Whether a stream is within a line."""
        self._stamp = False
        """Whether the present frame begins with a time that is to be left out."""

    def take(self, data: bytes) -> list[tuple[StreamName, bytes]]:
        """What is in the next bytes; what follows on the same stream comes together."""
        data = self._rest + data if self._rest else data
        found: list[tuple[StreamName, list[bytes]]] = []
        at = 0
        while at < len(data):
            if not self._left:
                if len(data) - at < _HEADER:
                    break
                self._begin(data[at : at + _HEADER])
                at += _HEADER
            if self._stamp:
                length = self._stamp_length(data, at)
                if length is None:
                    break
                at, self._left, self._stamp = at + length, self._left - length, False
            if piece := data[at : at + self._left]:
                at, self._left = at + len(piece), self._left - len(piece)
                self._inside[self._name] = piece[-1] != 0x0A
                if not found or found[-1][0] != self._name:
                    found.append((self._name, []))
                found[-1][1].append(piece)
        self._rest = data[at:]
        return [(name, b"".join(pieces)) for name, pieces in found]

    def _begin(self, header: bytes) -> None:
        if header[0] not in _NAMES:
            raise EngineError("conflict", "the container engine cannot read the log any further")
        self._name = _NAMES[header[0]]
        self._left = int.from_bytes(header[4:])
        self._stamp = self._timestamps and self._inside[self._name] and self._left > 0

    def _stamp_length(self, data: bytes, at: int) -> int | None:
        return _stamp_length(data, at, min(self._left, _STAMP))


class TerminalLog:
    """The same of a container with a terminal: its bytes as they are. With ``timestamps`` the times
    within long lines are found by where they must be."""

    def __init__(self, *, timestamps: bool) -> None:
        self._timestamps = timestamps
        self._rest = b""
        self._inside: int | None = None
        """Bytes of the present part of a line; None at a line's beginning."""

    def take(self, data: bytes) -> list[tuple[StreamName, bytes]]:
        """What is in the next bytes."""
        if not self._timestamps:
            return [("stdout", data)]
        data = self._rest + data
        found, at = [], 0
        while at < len(data):
            if self._inside in (None, _PART):
                length = _stamp_length(data, at, _STAMP)
                if length is None:
                    break
                if self._inside is None:
                    found.append(data[at : at + length])
                at, self._inside = at + length, 0
            piece = self._line(data, at)
            found.append(piece)
            at += len(piece)
        self._rest = data[at:]
        return [("stdout", b"".join(found))]

    def _line(self, data: bytes, at: int) -> bytes:
        """What follows of the present part, to the end of its line if that is there."""
        assert self._inside is not None
        stop = at + _PART - self._inside
        newline = data.find(b"\n", at, stop)
        piece = data[at : newline + 1 if newline >= 0 else stop]
        self._inside = None if newline >= 0 else self._inside + len(piece)
        return piece


def _stamp_length(data: bytes, at: int, room: int) -> int | None:
    """Bytes of the time that begins there, with the space after it, if that comes within ``room``
    bytes (else 0); None when not all of it is there."""
    space = data.find(b" ", at, at + room)
    if space >= 0:
        return space + 1 - at
    return 0 if len(data) - at >= room else None
