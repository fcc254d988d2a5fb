"""Which mounts are watched: mountinfo of real hosts, by hand."""

from __future__ import annotations

from chatops.agent.collectors.mounts import Mount, choose, device_types, parse

ON_DEVICES = frozenset(("ext4", "xfs", "vfat", "btrfs", "squashfs"))


def points(text: str) -> list[str]:
    return [mount.point for mount in choose(parse(text), ON_DEVICES)]


def test_a_plain_server() -> None:
    text = """\
22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
23 22 0:21 / /proc rw - proc proc rw
24 22 0:22 / /run rw - tmpfs tmpfs rw
25 22 254:2 / /var/lib/data rw shared:5 - xfs /dev/vda2 rw
26 22 0:40 / /mnt/nfs rw - nfs4 server:/export rw
27 22 7:0 / /snap/core/1 ro - squashfs /dev/loop0 ro
"""
    assert points(text) == ["/", "/mnt/nfs", "/var/lib/data"]


def test_bind_mounts_are_listed_once_under_the_whole_file_system() -> None:
    text = """\
1 0 8:1 / / rw - ext4 /dev/sda1 rw
2 1 8:2 /sub /srv rw - ext4 /dev/sda2 rw
3 1 8:2 / /mnt/whole rw - ext4 /dev/sda2 rw
4 1 8:1 /home /x rw - ext4 /dev/sda1 rw
"""
    assert points(text) == ["/", "/mnt/whole"]


def test_a_container_shows_its_overlay_root_and_its_volumes() -> None:
    text = """\
1 0 0:50 / / rw - overlay overlay rw,lowerdir=/a
2 1 8:1 /docker/hosts /etc/hosts rw - ext4 /dev/sda1 rw
3 1 8:1 /docker/resolv.conf /etc/resolv.conf rw - ext4 /dev/sda1 rw
4 1 8:1 /srv/data /data rw - ext4 /dev/sda1 rw
5 1 0:60 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw
"""
    assert points(text) == ["/", "/data"]


def test_btrfs_subvolumes_are_file_systems_of_their_own() -> None:
    text = """\
1 0 0:30 /@ / rw - btrfs /dev/sda2 rw,subvolid=256,subvol=/@
2 1 0:30 /@home /home rw - btrfs /dev/sda2 rw,subvolid=257,subvol=/@home
3 1 0:30 /@home/x /mnt rw - btrfs /dev/sda2 rw,subvolid=257,subvol=/@home
"""
    assert points(text) == ["/", "/home"]


def test_the_last_mount_on_a_point_is_the_one_that_is_seen() -> None:
    text = "1 0 8:1 / / rw - ext4 /dev/old rw\n2 1 8:2 / / rw - xfs /dev/new rw\n"
    (mount,) = choose(parse(text), ON_DEVICES)
    assert mount.source == "/dev/new"


def test_root_is_listed_whatever_it_is() -> None:
    assert points("1 0 0:2 / / rw - rootfs rootfs rw\n") == ["/"]
    assert points("1 0 0:2 / / rw - tmpfs none rw\n") == ["/"]


def test_names_are_unescaped_and_lines_that_are_none_passed_over() -> None:
    text = "nonsense\n1 0 8:1 / /mnt/a\\040b\\134 rw - ext4 /dev/x\\011y rw\n- - -\n"
    assert parse(text) == [Mount("8:1", "/", "/mnt/a b\\", "ext4", "/dev/x\ty", "rw")]


def test_types_that_need_a_device() -> None:
    assert device_types("nodev\tproc\n\text4\nnodev\ttmpfs\n\txfs\n") == {"ext4", "xfs"}
