"""The one stream of bytes that files and folders are on their way: records, one after another.

Each has a head of 5 bytes, big endian: its kind (u8) and the length of what follows (u32). There is
no answer to a record, so ten thousand small files take no longer than one that is as large. Names
are bytes: none is re-encoded. Append-only.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import Final, Literal, NamedTuple

from msgspec import DecodeError, Struct, msgpack

from chatops.errors import ProtocolError
from chatops.protocol.copies import Entry, Skipped
from chatops.protocol.limits import MAX_HUB_FRAME

_HEAD: Final = struct.Struct(">BI")
_DATA_HEAD: Final = struct.Struct(">BIQ")
_OFFSET: Final = struct.Struct(">Q")
DATA_HEAD: Final = _DATA_HEAD.size
"""Bytes of a record of data before these."""
DIGEST: Final = 32
"""Bytes of a SHA-256."""


class Kind(IntEnum):
    """What a record is."""

    ENTRY = 1
    """An Entry: a folder, a link, or a file whose bytes follow."""
    DATA = 2
    """Where in the file they stand (u64), and bytes of it. What lies between them is a hole."""
    FILE_END = 3
    """The SHA-256 of the whole file."""
    FILE_BROKEN = 4
    """A Skipped: the file that was begun could not be read to its end."""
    SKIPPED = 5
    """A Skipped: it is not copied."""
    END = 6
    """There is no more."""


class Data(NamedTuple):
    """Some bytes of a file, and where in it they begin."""

    offset: int
    data: memoryview


class Record(NamedTuple):
    """One record, taken apart."""

    kind: Kind
    value: Entry | Data | Skipped | bytes
    """Data are good until the next record is asked for."""


def pack_entry(entry: Entry) -> bytes:
    """The record of an entry."""
    return _framed(Kind.ENTRY, msgpack.encode(entry))


def pack_data(offset: int, data: bytes) -> bytes:
    """The record of some bytes of a file."""
    return _DATA_HEAD.pack(Kind.DATA, _OFFSET.size + len(data), offset) + data


def pack_skipped(kind: Literal[Kind.FILE_BROKEN, Kind.SKIPPED], skipped: Skipped) -> bytes:
    """The record of what is not copied."""
    return _framed(kind, msgpack.encode(skipped))


def pack_file_end(digest: bytes) -> bytes:
    """The record behind a file's last byte."""
    return _framed(Kind.FILE_END, digest)


def pack_end() -> bytes:
    """The last record."""
    return _framed(Kind.END, b"")


class PackReader:
    """Cuts bytes, fed in any portions, back into records."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> Iterator[Record]:
        """The records that ``data`` completes.

        Raises:
            ProtocolError: no record begins there, or it is none that fits.
        """
        held: bytes | bytearray = data
        if self._rest:
            self._rest += data
            held = self._rest
        view, begin = memoryview(held), 0
        try:
            while len(view) - begin >= _HEAD.size:
                kind, length = _HEAD.unpack_from(view, begin)
                if length > MAX_HUB_FRAME:
                    raise ProtocolError("a record of a copy is too long")
                end = begin + _HEAD.size + length
                if len(view) < end:
                    return
                body = view[begin + _HEAD.size : end]
                begin = end
                yield _record(kind, body)
        finally:
            if begin or held is data:  # else it only grew
                self._rest = bytearray(view[begin:])


def _framed(kind: Kind, body: bytes) -> bytes:
    return _HEAD.pack(kind, len(body)) + body


def _record(number: int, body: memoryview) -> Record:
    try:
        kind = Kind(number)
        if kind is Kind.DATA:
            return Record(kind, Data(_OFFSET.unpack_from(body)[0], body[_OFFSET.size :]))
        if kind in (Kind.FILE_END, Kind.END):
            return Record(kind, bytes(body))
        return Record(kind, _decode(body, Entry if kind is Kind.ENTRY else Skipped))
    except (ValueError, struct.error, DecodeError) as error:
        raise ProtocolError(f"a record of a copy cannot be read: {error}") from None


def _decode(body: memoryview, kind: type[Entry] | type[Skipped]) -> Entry | Skipped:
    found: Struct = msgpack.decode(body, type=kind)
    assert isinstance(found, Entry | Skipped)
    return found
