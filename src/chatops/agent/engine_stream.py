"""An answer of the container engine that goes on, read as it comes: the log of a container, the
progress of a pull.

The SDK reads such answers chunk by chunk and cannot be interrupted by another thread. So this is a
connection of its own, and HTTP/1.0: after the head the engine sends the bytes as they are, until
it closes.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Final, Self
from urllib.parse import urlencode

import msgspec

from chatops.agent.engine import CODES, Engine, EngineError, unreachable
from chatops.protocol.limits import KiB
from chatops.text import shorten

QUIET: Final = 30.0
"""Seconds of silence, after which it is looked whether the engine is still there."""
_SOME: Final = 64 * KiB
_LITTLE: Final = 16 * KiB
_REST: Final = 0.001
"""Seconds between two reads while little comes at a time: the engine sends each line by itself, and
to read them so would cost several times as much."""
_LONGEST_HEAD: Final = 64 * KiB

OnEnd = Callable[[Callable[[], object]], None]


class EngineStream:
    """The body of one answer. Each ``with`` is one request; what breaks raises EngineError."""

    def __init__(self, engine: Engine, seconds: float) -> None:
        self._engine = engine
        self._path = engine.address.removeprefix("unix://")
        self._seconds = seconds
        self._rest = b""
        self._little = False
        self._socket = socket.socket(socket.AF_UNIX)

    @classmethod
    @contextmanager
    def opened(
        cls,
        engine: Engine,
        method: str,
        path: str,
        query: Mapping[str, str | int],
        *,
        headers: Mapping[str, str] | None = None,
        seconds: float,
        on_end: OnEnd,
    ) -> Iterator[Self]:
        """The answer to a request, whose head came within ``seconds``. ``on_end`` is given what
        ends the reading from another thread."""
        stream = cls(engine, seconds)
        try:
            stream._connect()
            on_end(stream.interrupt)  # not earlier: what is not connected cannot be ended
            stream._ask(f"{method} {path}?{urlencode(query)}", headers or {})
            yield stream
        except OSError as error:
            raise unreachable(error, stream._path, seconds) from None
        finally:
            stream._socket.close()

    def read(self) -> bytes:
        """The next bytes, at most 64 KiB; none at the end.

        Raises:
            EngineError: the engine does not answer any more.
        """
        if self._rest:
            found, self._rest = self._rest, b""
            return found
        if self._little:
            time.sleep(_REST)
        while True:
            try:
                found = self._socket.recv(_SOME)
                self._little = 0 < len(found) < _LITTLE
                return found
            except TimeoutError:
                with self._engine.client(self._seconds):
                    pass  # it is there, and has nothing to say

    def interrupt(self) -> None:
        """Have ``read`` find the end now; the engine drops what it did for us."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def _connect(self) -> None:
        self._socket.settimeout(self._seconds)
        self._socket.connect(self._path)

    def _ask(self, request: str, headers: Mapping[str, str]) -> None:
        lines = [f"{request} HTTP/1.0", "Host: docker", *(f"{k}: {v}" for k, v in headers.items())]
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode())
        status = self._head()
        if status >= 300:
            raise _refusal(status, self._whole())
        self._socket.settimeout(QUIET)

    def _head(self) -> int:
        data = b""
        while b"\r\n\r\n" not in data and len(data) < _LONGEST_HEAD:
            more = self._socket.recv(_SOME)
            if not more:
                raise ConnectionError("it closed within its answer")
            data += more
        head, _, self._rest = data.partition(b"\r\n\r\n")
        words = head.split(None, 2)
        if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].isdigit():
            raise ConnectionError("it does not speak HTTP")
        return int(words[1])

    def _whole(self) -> bytes:
        data = self._rest
        while len(data) < _SOME and (more := self._socket.recv(_SOME)):
            data += more
        return data


class _Told(msgspec.Struct):
    message: str = ""


def _refusal(status: int, body: bytes) -> EngineError:
    try:
        text = msgspec.json.decode(body, type=_Told).message
    except (msgspec.DecodeError, UnicodeDecodeError):
        text = f"status {status}"
    code = CODES.get(status, "conflict")
    return EngineError(code, shorten(f"the engine says: {text or status}", 500))
