"""KeptStream against a model: the first and the last bytes, at their offsets, and the count."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.server.services.output import IN_MEMORY, KeptStream
from chatops.server.services.output_file import OutputFile

HEAD, TAIL = 7, 5


def expected(total: bytes) -> bytes:
    """What must be kept of a stream that came whole."""
    if len(total) <= HEAD + TAIL:
        return total
    return total[:HEAD] + total[-TAIL:]


@given(st.lists(st.binary(max_size=9), max_size=20))
def test_of_a_whole_stream_head_and_tail_are_kept(chunks: list[bytes]) -> None:
    kept, total = KeptStream(HEAD, TAIL), b"".join(chunks)
    at = 0
    for chunk in chunks:
        piece = kept.feed(at, chunk)
        assert (piece.data if piece else b"") == chunk
        at += len(chunk)
    assert kept.end == len(total)
    assert kept.text() == expected(total)
    assert kept.dropped == len(total) - len(expected(total))
    for piece in kept.pieces():
        assert total[piece.offset : piece.offset + len(piece.data)] == piece.data


@given(
    st.binary(min_size=1, max_size=60), st.lists(st.tuples(st.integers(0, 60), st.integers(1, 12)))
)
def test_bytes_that_come_again_or_not_at_all_are_accounted_for(
    total: bytes, sent: list[tuple[int, int]]
) -> None:
    kept, known = KeptStream(HEAD, TAIL), 0
    for start, length in sent:
        data = total[start : start + length]
        piece = kept.feed(start, data)
        if piece is not None:
            assert piece.offset >= known
            assert total[piece.offset : piece.offset + len(piece.data)] == piece.data
            known = piece.offset + len(piece.data)
        assert kept.end == known
    kept.skip_to(len(total))
    held = sum(len(piece.data) for piece in kept.pieces())
    assert held + kept.dropped == kept.end == max(len(total), known)
    offsets = [piece.offset for piece in kept.pieces()]
    assert offsets == sorted(offsets)
    for piece in kept.pieces():
        assert total[piece.offset : piece.offset + len(piece.data)] == piece.data


def test_many_small_writes_do_not_become_many_pieces() -> None:
    kept = KeptStream(1000, 1000)
    for at in range(10_000):
        kept.feed(at, b"x")
    assert len(list(kept.pieces())) <= 4


def test_a_full_disk_takes_no_slot_for_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = OutputFile(tmp_path)
    kept = KeptStream(file=file)
    with monkeypatch.context() as full:
        full.setattr(OutputFile, "write", lambda *_: False)
        for number in range(3):
            kept.feed(number * IN_MEMORY * 2, b"x" * IN_MEMORY * 2)
    assert kept.dropped == kept.end
    assert file.take() == 0
    file.close()
