"""What the bar of a copy goes by: how much there is, and how much is there."""

from __future__ import annotations

import os
from pathlib import Path

from chatops.client.copy_progress import Meter
from chatops.copying.counting import Moved, size_below
from chatops.copying.sending import Source
from chatops.protocol.copies import CopyPlace


def test_the_files_of_a_folder_are_counted_where_that_is_soon_done(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "one").write_bytes(bytes(5))
    (tmp_path / "a" / "b" / "two").write_bytes(bytes(7))
    (tmp_path / "a" / "link").symlink_to("/etc")
    os.truncate(tmp_path / "one", 1000)
    folder = os.open(tmp_path, os.O_RDONLY)
    assert size_below(folder) == 1007
    assert size_below(folder, seconds=-1) is None
    os.close(folder)


def test_holes_count_and_what_was_there_before_does_not(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"begin")
    os.truncate(path, 1_000_000)
    with path.open("ab") as file:
        file.write(b"end")
    found = path.stat()
    for have, moved in ((0, 1_000_003), (300_000, 700_003), (1_000_001, 2)):
        source = Source(os.open(path, os.O_RDONLY), "it", recursive=False)
        place = CopyPlace(None, [], found.st_size, found.st_mtime_ns, have)
        for _ in source.chunks(place):
            pass
        source.close()
        assert source.moved == Moved(moved, 1)


def test_a_copy_that_begins_anew_takes_back_what_it_told() -> None:
    told: list[tuple[int, int]] = []
    moved = Moved()
    meter = Meter(moved, lambda count, files: told.append((count, files)))
    moved.bytes, moved.files = 10, 1
    meter.tell()
    meter.tell()
    moved.bytes = 15
    meter.again()
    moved.bytes = 3
    meter.tell()
    assert told == [(10, 1), (-10, -1), (3, 0)]
