"""Recordings as lines, and how they go on after a hub was killed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.clock import FakeClock
from chatops.server.services.asciicast import Cast, header, resumed
from chatops.server.services.recorder import Recorder

HEAD = header(24, 80, 0.0)


def events(lines: bytes) -> list[list[Any]]:
    return [json.loads(line) for line in lines.splitlines()]


def text(lines: bytes) -> str:
    return "".join(data for _, code, data in events(lines) if code == "o")


def test_a_character_that_comes_in_parts_is_written_once_it_is_whole() -> None:
    cast = Cast()
    first, rest = "ü".encode()[:1], "ü".encode()[1:]
    assert cast.output(0.5, 0, b"a" + first) == b'[0.5,"o","a"]\n'
    assert cast.output(0.6, 2, rest) == '[0.6,"o","ü"]\n'.encode()


def test_what_is_no_text_is_replaced_and_what_is_missing_is_marked() -> None:
    cast = Cast()
    assert events(cast.output(1, 0, b"a\xffb")) == [[1, "@", "3"], [1, "o", "a\ufffdb"]]
    assert events(cast.output(2, 10, b"c")) == [
        [2, "m", "7 bytes are missing here"], [2, "@", "11"], [2, "o", "c"],
    ]  # fmt: skip
    assert events(cast.resize(1.5, 40, 120)) == [[2, "r", "120x40"]]  # time never goes back


@given(st.lists(st.binary(min_size=1, max_size=6), max_size=12), st.data())
def test_wherever_it_was_cut_it_goes_on_and_nothing_comes_twice_or_is_lost(
    parts: list[bytes], data: st.DataObject
) -> None:
    def play(cast: Cast) -> bytes:
        lines, offset = b"", 0
        for part in parts:
            lines += cast.output(0, offset, part)
            offset += len(part)
        return lines

    whole = play(Cast())
    cut = (HEAD + whole)[: data.draw(st.integers(len(HEAD), len(HEAD + whole)))]
    cast, size = resumed(cut.splitlines(keepends=True))
    assert cut[:size].endswith(b"\n")
    again = cut[len(HEAD) : size] + play(cast)
    assert text(again).replace("\ufffd", "") == text(whole).replace("\ufffd", "")
    assert all(code != "m" for _, code, _ in events(again))


def recorder(folder: Path, most: int = 10_000) -> Recorder:
    return Recorder(folder / "r.cast", 100.0, FakeClock(100.0), most)


def test_the_file_of_a_hub_that_was_killed_goes_on(tmp_path: Path) -> None:
    one = recorder(tmp_path)
    one.begin(24, 80, title="t")
    one.output(0, b"hello ")
    with (tmp_path / "r.cast").open("ab") as file:
        file.write(b'[0.1,"o","wor')
    one.close()
    other = recorder(tmp_path)
    other.resume()
    other.output(0, b"hello world")
    other.close()
    whole = (tmp_path / "r.cast").read_bytes()
    assert text(whole.partition(b"\n")[2]) == "hello world"
    assert other.size == len(whole)
    assert (tmp_path / "r.cast").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("left", [None, b"", b'{"version":2,"wid'])
def test_a_file_that_is_gone_or_damaged_does_not_go_on(tmp_path: Path, left: bytes | None) -> None:
    if left is not None:
        (tmp_path / "r.cast").write_bytes(left)
    with pytest.raises(OSError, match=r"damaged|No such file"):
        recorder(tmp_path).resume()


def test_what_cannot_be_written_down_is_told_once(tmp_path: Path) -> None:
    told: list[str] = []
    one = recorder(tmp_path, most=300)
    one.failed = told.append
    one.begin(24, 80)
    one.output(0, b"x" * 400)
    one.output(400, b"y")
    assert told == ["it is as long as recordings may be"]
    assert (tmp_path / "r.cast").stat().st_size == one.size <= 300
