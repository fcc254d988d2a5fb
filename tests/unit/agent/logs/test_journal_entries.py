"""What journalctl writes, taken apart: any bytes, cut anywhere, in bounded memory."""

from __future__ import annotations

import pytest

from chatops.agent.logs.journal_entries import EntryReader, JournalEntry, NoEntry
from chatops.agent.logs.lines import LONGEST

SERIES = "bcdbab3362b14e41a18e08f4364e1db2"


def written(number: int, **fields: bytes) -> bytes:
    """An entry in the form of ``--output=export``, each value as bytes of a known length."""
    head = f"__CURSOR=s={SERIES};i={number:x};b=d0;m=a6;t=66;x=e7\n__REALTIME_TIMESTAMP=1500000\n"
    values = (
        name.encode() + b"\n" + len(value).to_bytes(8, "little") + value + b"\n"
        for name, value in fields.items()
    )
    return head.encode() + b"".join(values) + b"\n"


def one(**fields: bytes) -> JournalEntry:
    (entry,) = EntryReader().feed(written(1, **fields))
    return entry


def test_an_entry_has_its_place_time_unit_level_and_message() -> None:
    data = (
        f"__CURSOR=s={SERIES};i=1f;b=d0;m=a6;t=66;x=e7\n__REALTIME_TIMESTAMP=1795658009429668\n"
        "PRIORITY=3\n_SYSTEMD_UNIT=nginx.service\nMESSAGE=a=b is no field\n\n"
    )
    (entry,) = EntryReader().feed(data.encode())
    assert (entry.series, entry.number, entry.ts) == (SERIES, 31, 1795658009.429668)
    assert (entry.source, entry.level) == ("unit:nginx.service", "error")
    assert (entry.line.text, entry.line.end) == ("a=b is no field", 31)
    assert entry.cursor == f"s={SERIES};i=1f;b=d0;m=a6;t=66;x=e7"


def test_cut_anywhere_it_is_the_same() -> None:
    data = b"".join(
        written(number, MESSAGE=text, _SYSTEMD_UNIT=b"a.service")
        for number, text in enumerate(
            (b"plain", b"", b"\n\nx=y\n\n", b"\xff\x00\x1b[31m", b"M\n" * 9)
        )
    )
    whole = EntryReader().feed(data)
    assert len(whole) == 5
    for size in (1, 3, 7, 64):
        reader = EntryReader()
        pieces = [data[at : at + size] for at in range(0, len(data), size)]
        assert [entry for piece in pieces for entry in reader.feed(piece)] == whole


@pytest.mark.parametrize("text", [b"x", b"\xff"])
def test_a_huge_message_is_cut_and_said_and_never_held(text: bytes) -> None:
    reader = EntryReader()
    size = 10_000_000
    plain = written(7).removesuffix(b"\n")
    name = b"MESSAGE=" if text == b"x" else b"MESSAGE\n" + size.to_bytes(8, "little")
    assert reader.feed(plain + name) == []
    for _ in range(size // 100_000):
        assert reader.feed(text * 100_000) == []
        assert len(reader._rest) < 100
    (entry,) = reader.feed(b"\n\n")
    assert entry.line.data == text * LONGEST
    assert entry.line.text.endswith(f" … {size - LONGEST} more bytes")


@pytest.mark.parametrize(
    ("fields", "source"),
    [
        ({"_SYSTEMD_UNIT": b"init.scope", "UNIT": b"db.service", "_PID": b"1"}, "unit:db.service"),
        ({"_SYSTEMD_UNIT": b"a.service", "UNIT": b"db.service", "_PID": b"9"}, "unit:a.service"),
        ({"COREDUMP_UNIT": b"db.service", "_UID": b"0"}, "unit:db.service"),
        ({"COREDUMP_UNIT": b"db.service", "_UID": b"9", "_COMM": b"me"}, "journal:me"),
        ({"SYSLOG_IDENTIFIER": b"kernel", "_TRANSPORT": b"kernel"}, "journal:kernel"),
        ({}, "journal:unknown"),
    ],
)
def test_the_source_is_what_nobody_can_pretend_to_be(fields: dict[str, bytes], source: str) -> None:
    assert one(**fields).source == source


@pytest.mark.parametrize(
    ("priority", "transport", "message", "level"),
    [
        (b"0", b"journal", b"", "critical"),
        (b"4", b"syslog", b"ERROR: no", "warning"),
        (b"7", b"kernel", b"", "debug"),
        (b"6", b"stdout", b"ERROR: it is", "error"),
        (b"6", b"stdout", b"as usual", "info"),
        (b"3", b"stdout", b"as usual", "error"),
        (b"9", b"journal", b"", "info"),
        (b"", b"journal", b"", "info"),
    ],
)
def test_the_level_is_the_priority_or_what_a_printed_line_says(
    priority: bytes, transport: bytes, message: bytes, level: str
) -> None:
    assert one(PRIORITY=priority, _TRANSPORT=transport, MESSAGE=message).level == level


@pytest.mark.parametrize("text", [b"-- No entries --\n", b"x" * 1000])
def test_what_is_no_entry_is_refused(text: bytes) -> None:
    with pytest.raises(NoEntry):
        EntryReader().feed(text)


def test_an_entry_without_a_place_is_passed_over() -> None:
    assert [one.number for one in EntryReader().feed(b"MESSAGE=a\n\n" + written(5))] == [5]
