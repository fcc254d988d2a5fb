"""Columns of numbers as few bytes, and back: the form of closed raw data.

A column of whole numbers is its differences (of time the differences of those would be smaller,
but the jitter of real clocks eats that up), zigzag so that small ones are small whatever their
sign; a column of doubles is the XOR of neighbours. Of all of them the bytes of equal weight stand
together, most are zero, and the whole is deflated. About 1.2 bytes a value for gauges
(benchmarks/storage.py). The idea of byte planes is that of the HDF5 shuffle filter.

Layout: version, then raw deflate of: number of rows (4 bytes), number of columns (2), a byte for
each column (its kind and number of planes), the first values (8 bytes each), the presence bits of
columns with gaps, the planes by weight, the lowest first. Integers are little-endian.
"""

from __future__ import annotations

import struct
import sys
import zlib
from array import array
from collections.abc import Collection, Sequence
from itertools import accumulate
from operator import sub, xor
from typing import Any, Final

Value = int | float | None
VERSION: Final = 1
LARGEST: Final = 2**62
"""Whole numbers are smaller than this, so that their differences fit into 64 bits."""

_HEAD: Final = struct.Struct("<IH")
_PLANES: Final = 0x0F
_GAPS: Final = 0x10
_DOUBLES: Final = 0x20
_LEVEL: Final = 6
_MOST: Final = 64 * 1024 * 1024
"""Bytes that unpacking may give: what no chunk of ours is near, but a broken file might claim."""


class Broken(ValueError):
    """Bytes that are no packed columns."""


def pack(columns: Sequence[Sequence[Value]]) -> bytes:
    """Columns of equal length as bytes. A column holds whole numbers below LARGEST (either
    sign), or else floats, and None where there is no value."""
    rows = len(columns[0])
    kinds, firsts, gaps, planes = bytearray(), array("Q"), bytearray(), []
    for column in columns:
        present = column
        if None in column:
            present = [value for value in column if value is not None]
        kind, first, own = _encode(present)
        if len(present) < rows:
            kind |= _GAPS
            gaps += _bits(column)
        kinds.append(kind)
        firsts.append(first)
        planes.append(own)
    body = [_HEAD.pack(rows, len(columns)), bytes(kinds), _little(firsts), bytes(gaps)]
    body += [own[weight] for weight in range(8) for own in planes if len(own) > weight]
    deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, -15)
    return bytes([VERSION]) + deflate.compress(b"".join(body)) + deflate.flush()


def unpack(data: bytes, wanted: Collection[int] | None = None) -> dict[int, list[Value]]:
    """The columns by their numbers; only those that are ``wanted``, if that is given.

    Raises:
        Broken: these are no packed columns.
    """
    try:
        return _unpack(_inflate(data), wanted)
    except (struct.error, zlib.error, IndexError, ValueError) as error:
        raise Broken(f"a chunk cannot be read: {error}") from error


def _inflate(data: bytes) -> bytes:
    if not data or data[0] != VERSION:
        raise Broken("a chunk of an unknown form")
    inflate = zlib.decompressobj(-15)
    body = inflate.decompress(data[1:], _MOST)
    if not inflate.eof:
        raise Broken("a chunk is cut short")
    return body


def _unpack(body: bytes, wanted: Collection[int] | None) -> dict[int, list[Value]]:
    rows, count = _HEAD.unpack_from(body)
    at = _HEAD.size + count
    kinds = body[_HEAD.size : at]
    firsts = _words(body[at : at + 8 * count])
    at += 8 * count
    bitmaps: dict[int, bytes] = {}
    for number, kind in enumerate(kinds):
        if kind & _GAPS:
            bitmaps[number] = body[at : at + (rows + 7) // 8]
            at += (rows + 7) // 8
    lengths = [
        _ones(bitmaps[number]) if number in bitmaps else rows for number in range(len(kinds))
    ]
    planes = _find_planes(body, at, kinds, lengths)
    return {
        number: _spread(
            _decode(kinds[number], firsts[number], planes[number], lengths[number]),
            bitmaps.get(number), rows,
        )
        for number in (range(count) if wanted is None else wanted)
    }  # fmt: skip


def _find_planes(body: bytes, at: int, kinds: bytes, lengths: list[int]) -> list[list[bytes]]:
    planes: list[list[bytes]] = [[] for _ in kinds]
    for weight in range(8):
        for number, kind in enumerate(kinds):
            if kind & _PLANES > weight:
                planes[number].append(body[at : at + lengths[number]])
                at += lengths[number]
    if at != len(body):
        raise Broken("a chunk has another length than it says")
    return planes


def _encode(values: Sequence[Any]) -> tuple[int, int, list[bytes]]:
    """Kind, first value and planes of the values that are there."""
    if not values:
        return 0, 0, []
    try:
        # first minus itself: the first difference is 0, the first value stands apart
        differences = map(sub, values, [values[0], *values])
        words = array("Q", [d << 1 if d >= 0 else (-d << 1) - 1 for d in differences])
        first, kind = values[0] & 0xFFFF_FFFF_FFFF_FFFF, 0
    except TypeError:  # some are floats, which have no bits to be moved
        bits = _words(_little(array("d", values)))
        words = array("Q", map(xor, bits, [bits[0], *bits]))
        first, kind = bits[0], _DOUBLES
    raw = _little(words)
    planes = [raw[weight::8] for weight in range(8)]
    while planes and not planes[-1].strip(b"\0"):
        planes.pop()
    return kind | len(planes), first, planes


def _decode(kind: int, first: int, planes: list[bytes], length: int) -> list[Value]:
    if not length:
        return []
    raw = bytearray(8 * length)
    for weight, plane in enumerate(planes):
        raw[weight::8] = plane
    words = _words(bytes(raw))
    if kind & _DOUBLES:
        doubles = array("d", _little(array("Q", accumulate(words, xor, initial=first))[1:]))
        return _host_order(doubles)
    differences = ((word >> 1) ^ -(word & 1) for word in words)
    start = first - (1 << 64) if first >> 63 else first
    values: list[Value] = list(accumulate(differences, initial=start))
    return values[1:]


def _spread(values: list[Value], bitmap: bytes | None, rows: int) -> list[Value]:
    """The values where they were, None between them."""
    if bitmap is None:
        return values
    bits = int.from_bytes(bitmap, "little")
    following = iter(values)
    return [next(following) if bits >> row & 1 else None for row in range(rows)]


def _bits(column: Sequence[Value]) -> bytes:
    bits = sum(1 << row for row, value in enumerate(column) if value is not None)
    return bits.to_bytes((len(column) + 7) // 8, "little")


def _ones(bitmap: bytes) -> int:
    return int.from_bytes(bitmap, "little").bit_count()


def _little(words: array[int] | array[float]) -> bytes:
    if sys.byteorder == "big":
        words = words[:]
        words.byteswap()
    return words.tobytes()


def _words(raw: bytes) -> array[int]:
    words = array("Q", raw)
    if sys.byteorder == "big":
        words.byteswap()
    return words


def _host_order(doubles: array[float]) -> list[Value]:
    if sys.byteorder == "big":
        doubles.byteswap()
    return list(doubles)
