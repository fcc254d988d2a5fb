"""Space of real mounts."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from chatops.agent.collectors.disks import DisksCollector, measure
from chatops.agent.collectors.mounts import Mount


def mount_at(point: str) -> Mount:
    return Mount("8:1", "/", point, "ext4", "/dev/x", "rw")


def test_root_is_measured_as_df_does() -> None:
    disk = DisksCollector()()["/"]()
    assert disk is not None
    seen = shutil.disk_usage("/")
    assert disk.mount == "/"
    assert disk.total == seen.total
    assert disk.percent is not None
    assert abs(disk.percent - 100 * seen.used / (seen.used + seen.free)) < 1
    assert disk.free is not None
    assert disk.inodes_percent is None or 0 <= disk.inodes_percent <= 100


def test_a_file_system_without_a_size_is_left_out_and_one_that_is_gone_raises() -> None:
    assert measure(mount_at("/proc")) is None
    with pytest.raises(OSError):
        measure(mount_at("/no/such/mount"))


@pytest.mark.parametrize(
    ("blocks", "unused", "to_be_had", "used", "free"),
    [(100, 150, 150, 0, 100), (100, 40, 2**64 - 5, 60, 40), (0, 2**64 - 1, 0, 0, 0)],
)
def test_more_free_than_there_is_is_not_believed(
    monkeypatch: pytest.MonkeyPatch,
    blocks: int, unused: int, to_be_had: int, used: int, free: int,
) -> None:  # fmt: skip
    seen = SimpleNamespace(
        f_blocks=blocks, f_bfree=unused, f_bavail=to_be_had, f_frsize=1, f_files=5, f_ffree=9
    )
    monkeypatch.setattr("os.statvfs", lambda _path: seen)
    disk = measure(mount_at("/"))
    assert disk is not None
    assert (disk.used, disk.free, disk.inodes_percent) == (used, free, 0.0)


@pytest.mark.parametrize("name", ["a\rb", "a\u2028b", "a\x0cb", "a\x85b", "a\\012b"])
def test_a_name_may_hold_what_others_take_for_the_end_of_a_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "self").mkdir()
    (tmp_path / "filesystems").write_text("\text4\n")
    line = f"1 0 8:1 / /mnt/{name} rw - ext4 /dev/a rw\n2 1 8:2 / / rw - ext4 /dev/b rw\n"
    (tmp_path / "self/mountinfo").write_bytes(line.encode())
    assert list(DisksCollector(tmp_path)()) == ["/", "/mnt/" + name.replace("\\012", "\n")]


def test_the_list_follows_what_is_mounted(tmp_path: Path) -> None:
    (tmp_path / "self").mkdir()
    (tmp_path / "filesystems").write_text("\text4\n")
    table = tmp_path / "self/mountinfo"
    table.write_text("1 0 8:1 / / rw - ext4 /dev/a rw\n")
    collector = DisksCollector(tmp_path)
    assert list(collector()) == ["/"]
    table.write_text("1 0 8:1 / / rw - ext4 /dev/a rw\n2 1 8:2 / /new rw - ext4 /dev/b rw\n")
    assert list(collector()) == ["/", "/new"]


def test_names_of_any_bytes_become_text(tmp_path: Path) -> None:
    (tmp_path / "self").mkdir()
    (tmp_path / "filesystems").write_text("\text4\n")
    line = b"1 0 8:1 / /mnt/\xff rw - ext4 /dev/a rw\n"
    (tmp_path / "self/mountinfo").write_bytes(line)
    (point,) = DisksCollector(tmp_path)()
    assert point.encode(errors="surrogateescape") == b"/mnt/\xff"
