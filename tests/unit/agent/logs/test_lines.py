"""Bytes into lines, and lines into entries."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from chatops.agent.logs.joining import MOST, Joiner
from chatops.agent.logs.lines import Line, LineSplitter


@given(st.lists(st.binary(max_size=40)), st.integers(0, 1000), st.integers(1, 30))
def test_pieces_make_no_difference(pieces: list[bytes], offset: int, longest: int) -> None:
    splitter = LineSplitter(offset, longest)
    lines = [line for piece in pieces for line in splitter.feed(piece)]
    whole = b"".join(pieces)
    assert splitter.position == offset + len(whole)
    *ends, rest = whole.split(b"\n")
    assert [line.data for line in lines] == [one[:longest] for one in ends]
    assert [line.left_out for line in lines] == [max(len(one) - longest, 0) for one in ends]
    at = offset
    for line, one in zip(lines, ends, strict=True):
        at += len(one) + 1
        assert line.end == at
    assert splitter.begun == bool(rest)
    assert [line.data for line in splitter.finish()] == ([rest[:longest]] if rest else [])
    assert splitter.finish() == []


def test_a_line_of_10_mb_is_cut_and_says_so() -> None:
    splitter = LineSplitter(longest=10)
    for _ in range(1000):
        assert splitter.feed(b"x" * 10_000) == []
    (line,) = splitter.feed(b"\n")
    assert line.text == "xxxxxxxxxx … 9999990 more bytes"


def test_what_is_no_text_is_replaced() -> None:
    assert Line(b"caf\xe9 \xff\x00\r", 9).text == "caf\ufffd \ufffd\x00"


START = re.compile(r"^\S")


def joined(texts: list[bytes], joiner: Joiner) -> list[bytes]:
    entries, end = [], 0
    for text in texts:
        end += len(text) + 1
        entries += joiner.feed(Line(text, end))
    return [entry.data for entry in entries + joiner.finish()]


def test_each_line_is_an_entry_unless_a_pattern_says_otherwise() -> None:
    texts = [b"one", b"  two", b"three"]
    assert joined(texts, Joiner(None)) == texts
    assert joined(texts, Joiner(START)) == [b"one\n  two", b"three"]
    assert joined([b"  lost", b"one"], Joiner(START)) == [b"  lost", b"one"]


def test_an_entry_ends_where_its_last_line_does() -> None:
    joiner = Joiner(START)
    assert joiner.feed(Line(b"one", 4)) == []
    assert joiner.holds
    joiner.feed(Line(b"  two", 10, left_out=3))
    assert joiner.feed(Line(b"next", 15)) == [Line(b"one\n  two", 10, 3)]
    assert joiner.finish() == [Line(b"next", 15)]
    assert not joiner.holds


def test_an_entry_that_never_ends_is_cut_into_several() -> None:
    texts = [b" x"] * (MOST * 2 + 5)
    assert [entry.count(b"\n") + 1 for entry in joined(texts, Joiner(START))] == [MOST, MOST, 5]
    assert len(joined([b"x" * 60, b" " * 60], Joiner(START, longest=100))) == 2
