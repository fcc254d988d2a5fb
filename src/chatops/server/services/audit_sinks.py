"""Where copies of the audit trail go as it happens: a file of JSON lines, or syslog.

Both are written to in threads; what they raise is told by the feed that fills them (audit_feed).
"""

from __future__ import annotations

import errno
import os
import re
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

from chatops.errors import InvalidInput
from chatops.server.services.audit_chain import Entry, line
from chatops.server.settings import HubSettings

Record = tuple[Entry, str]
"""A record and its hash."""
_UDP: Final = re.compile(r"udp://(\[[0-9a-fA-F:.%]+\]|[^\[\]/:@?#]+):([0-9]{1,5})")
_MESSAGE: Final = 8 * 1024
"""Bytes of one message: what common daemons take whole."""
_PATIENCE: Final = 5.0
_GOOD: Final = ("ok", "sent")
_AUTHPRIV: Final = 10 << 3
_WARNING: Final = 4
_NOTICE: Final = 5


class Sink(Protocol):
    """A place for copies. ``name`` tells it from others, also after a restart; ``batch`` is how
    many records it takes at once."""

    name: str
    batch: int

    def write(self, records: Sequence[Record]) -> None:
        """Take all of these, in order.

        Raises:
            OSError: it cannot; it may have some of them.
        """

    def close(self) -> None:
        """Let go of what is open."""


def make_sinks(settings: HubSettings) -> list[Sink]:
    """The copies that the settings ask for.

    Raises:
        InvalidInput: the address of syslog is none.
    """
    found: list[Sink] = []
    if settings.audit_file is not None:
        found.append(FileSink(settings.audit_file))
    if settings.audit_syslog is not None:
        found.append(SyslogSink(settings.audit_syslog))
    return found


class FileSink:
    """Appends lines to a file, 0600 when it is made here. It is opened anew each time, so it may be
    rotated at any moment and needs no signal."""

    batch = 200

    def __init__(self, path: Path) -> None:
        self.name = f"file:{path}"
        self._path = path

    def write(self, records: Sequence[Record]) -> None:
        """All of them, or none."""
        data = b"".join(line(*record) + b"\n" for record in records)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        handle = os.open(self._path, flags, 0o600)
        try:
            before = os.fstat(handle).st_size
            self._append(handle, data, before)
        finally:
            os.close(handle)

    def close(self) -> None:
        """Nothing stays open."""

    def _append(self, handle: int, data: bytes, before: int) -> None:
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(handle, view) :]
        except OSError:  # half a line would spoil the next one
            os.ftruncate(handle, before)
            raise


class SyslogSink:
    """Sends a datagram a record, facility authpriv: refusals as warnings, the rest as notices."""

    batch = 1

    def __init__(self, address: str) -> None:
        self.name = f"syslog:{address}"
        self._address = parse_syslog(address)
        self._socket: socket.socket | None = None

    def write(self, records: Sequence[Record]) -> None:
        """Send them; what the kernel takes counts as taken."""
        try:
            self._socket = self._socket or _connect(self._address)
            for record in records:
                self._socket.send(_message(*record))
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Close the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def parse_syslog(text: str) -> str | tuple[str, int]:
    """The path of a local socket, or host and port of ``udp://HOST:PORT``.

    Raises:
        InvalidInput: it is neither.
    """
    if text.startswith("/"):
        return text
    match = _UDP.fullmatch(text)
    if match is None or not 0 < int(match[2]) <= 65_535:
        raise InvalidInput(
            f"audit_syslog: {text!r} is no address of syslog",
            hint="write it like /dev/log or udp://127.0.0.1:514",
        )
    return match[1].strip("[]"), int(match[2])


def _connect(address: str | tuple[str, int]) -> socket.socket:
    if isinstance(address, str):
        family, where = socket.AF_UNIX, address
    else:
        found = socket.getaddrinfo(*address, type=socket.SOCK_DGRAM)
        family, where = found[0][0], found[0][4]  # type: ignore[assignment]  # a path or a pair
    made = socket.socket(family, socket.SOCK_DGRAM)
    try:
        made.settimeout(_PATIENCE)
        made.connect(where)
    except OSError:
        made.close()
        raise
    return made


def _message(entry: Entry, digest: str) -> bytes:
    """One record as BSD syslog has it; a long one goes without its detail, which the hub has."""
    text = line(entry, digest)
    if len(text) > _MESSAGE:
        text = line(entry._replace(detail={"left_out": len(text)}), digest)
    severity = _NOTICE if entry.outcome in _GOOD else _WARNING
    return b"<%d>chatops: %s" % (_AUTHPRIV | severity, text)


def reason(error: OSError) -> str:
    """Why a sink failed, in few words."""
    if error.errno == errno.ENOENT:
        return "it is not there"
    return (error.strerror or str(error) or type(error).__name__).lower()
