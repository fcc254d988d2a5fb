"""Records of copies, cut anywhere on their way."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chatops.protocol.copies import Entry, Skipped
from chatops.protocol.pack import (
    Data,
    Kind,
    PackReader,
    pack_data,
    pack_end,
    pack_entry,
    pack_file_end,
    pack_skipped,
)

ENTRY = Entry([b"name"], "file", 0o600, 1, size=7)
SKIPPED = Skipped([b"other"], "why", failed=True)
STREAM = b"".join([
    pack_entry(ENTRY), pack_data(0, b"some"), pack_data(4, b"\0" * 300), pack_data(304, b""),
    pack_file_end(bytes(32)), pack_skipped(Kind.SKIPPED, SKIPPED), pack_end(),
])  # fmt: skip


@given(portions=st.lists(st.integers(0, 120)))
def test_records_are_the_same_in_whatever_portions_they_come(portions: list[int]) -> None:
    reader, rest, found = PackReader(), STREAM, []
    for size in (*portions, len(STREAM)):
        found += list(reader.feed(rest[:size]))
        rest = rest[size:]
    assert [tuple(one) for one in found] == [
        (Kind.ENTRY, ENTRY),
        (Kind.DATA, Data(0, memoryview(b"some"))),
        (Kind.DATA, Data(4, memoryview(bytes(300)))),
        (Kind.DATA, Data(304, memoryview(b""))),
        (Kind.FILE_END, bytes(32)),
        (Kind.SKIPPED, SKIPPED),
        (Kind.END, b""),
    ]
