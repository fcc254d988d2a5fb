"""The files that copies are written to: locked by who writes them, cleared when nobody does."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatops.copying.parts import clear_parts, open_part, part_name
from chatops.copying.receiving import Receiver
from chatops.protocol.copies import Entry
from chatops.protocol.pack import pack_entry


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[int]:
    descriptor = os.open(tmp_path, os.O_PATH | os.O_DIRECTORY)
    yield descriptor
    os.close(descriptor)


def a_name() -> str:
    return part_name(secrets.token_hex(16)).decode()


def test_what_nobody_writes_is_cleared_and_nothing_else(tmp_path: Path, folder: int) -> None:
    written, left, link, other, strangers = (a_name() for _ in range(5))
    (tmp_path / "target").write_text("mine")
    (tmp_path / link).symlink_to("target")
    for name in (left, strangers, f"{other}.old", ".chatops-notes.part"):
        (tmp_path / name).write_text("some")
    os.chown(tmp_path / strangers, 12345, 12345)
    os.mkfifo(tmp_path / other)
    descriptor = open_part(folder, written.encode())
    clear_parts(folder)
    assert set(os.listdir(tmp_path)) == {  # noqa: PTH208
        "target", written, link, other, strangers, f"{other}.old", ".chatops-notes.part",
    }  # fmt: skip
    os.close(descriptor)
    clear_parts(folder)
    assert not (tmp_path / written).exists()


def test_a_part_that_is_taken_for_left_before_it_is_locked_is_made_again(
    folder: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, lock = a_name(), fcntl.flock
    calls = []

    def late(descriptor: int, how: int) -> None:
        calls.append(how)
        if len(calls) == 1:
            clear_parts(folder)
        lock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", late)
    descriptor = open_part(folder, name.encode())
    assert os.path.samestat(os.fstat(descriptor), (tmp_path / name).stat())
    assert len(calls) == 3, "the first, that of who clears, and one more"
    os.close(descriptor)


def test_a_folder_that_cannot_be_looked_into_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    descriptor = os.open(tmp_path / "file", os.O_RDONLY)
    clear_parts(descriptor)
    os.close(descriptor)
    assert (tmp_path / "file").exists()


def test_a_receiver_tells_of_folders_that_were_there_before(tmp_path: Path, folder: int) -> None:
    (tmp_path / "copy" / "old").mkdir(parents=True)
    left = tmp_path / "copy" / "old" / a_name()
    left.touch()
    receiver = Receiver(secrets.token_hex(16), os.dup(folder), b"copy", "copy")
    receiver.on_old_folder = clear_parts
    receiver.feed(pack_entry(Entry([], "folder", 0o700, 0)))
    receiver.feed(pack_entry(Entry([b"new"], "folder", 0o700, 0)))
    assert left.exists()
    receiver.feed(pack_entry(Entry([b"old"], "folder", 0o700, 0)))
    assert not left.exists()
    receiver.abandon()
