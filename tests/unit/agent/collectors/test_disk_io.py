"""Which block devices are disks, and that this host's are listed."""

from __future__ import annotations

from pathlib import Path

from chatops.agent.collectors.disk_io import DiskIoCollector, is_whole_disk


def test_only_whole_disks_that_stand_for_themselves(tmp_path: Path) -> None:
    for name in ("sda", "nvme0n1", "dm-0", "loop0", "ram1", "zram0", "cciss!c0d0"):
        (tmp_path / name / "slaves").mkdir(parents=True)
    (tmp_path / "dm-0/slaves/sda").touch()
    (tmp_path / "vda").mkdir()
    names = ["sda", "sda1", "nvme0n1", "nvme0n1p1", "dm-0", "loop0", "ram1", "zram0",
             "cciss/c0d0", "vda"]  # fmt: skip
    whole = [name for name in names if is_whole_disk(name, tmp_path)]
    assert whole == ["sda", "nvme0n1", "cciss/c0d0", "vda"]


def test_the_disks_of_this_host_are_there_from_the_first_look() -> None:
    collector = DiskIoCollector()
    first = {io.device for io in collector()}
    assert first == {io.device for io in collector()}
    assert first == {path.name for path in Path("/sys/block").iterdir() if is_whole_disk(path.name)}
