"""Facts of this host, and of made-up ones."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chatops.agent.facts import host_facts


def write(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_this_host() -> None:
    facts = host_facts()
    assert facts.hostname == os.uname().nodename
    assert facts.kernel.endswith(os.uname().release)
    assert facts.cpu_count
    assert facts.memory_total
    assert facts.boot_time
    assert facts.os
    machine_id = Path("/etc/machine-id")
    assert not machine_id.exists() or machine_id.read_text().strip() not in facts.machine_id


def test_a_host_made_of_files(tmp_path: Path) -> None:
    write(tmp_path, "etc/os-release", 'NAME="Debian"\nPRETTY_NAME="Debian GNU/Linux 12"\n')
    write(tmp_path, "etc/machine-id", "0123456789abcdef0123456789abcdef\n")
    write(tmp_path, "proc/cpuinfo", "processor\t: 0\nmodel name\t: Fast  CPU\nflags\t\t: fpu\n")
    write(tmp_path, "proc/meminfo", "MemTotal:       1024 kB\n")
    write(tmp_path, "proc/stat", "cpu 1 2 3\nbtime 1700000000\n")
    facts = host_facts(tmp_path)
    assert facts.os == "Debian GNU/Linux 12"
    assert facts.cpu_model == "Fast CPU"
    assert facts.memory_total == 1024 * 1024
    assert facts.boot_time == 1_700_000_000
    assert len(facts.machine_id) == 64
    assert facts.virtualization == "none"


def test_a_host_without_any_file_has_empty_facts(tmp_path: Path) -> None:
    facts = host_facts(tmp_path)
    assert (facts.machine_id, facts.cpu_model, facts.memory_total) == ("", "", None)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (".dockerenv", "", "docker"),
        ("proc/1/cgroup", "0::/docker/abc\n", "docker"),
        ("proc/1/cgroup", "3:cpu:/kubepods/besteffort/pod1\n", "kubernetes"),
        ("proc/1/cgroup", "0::/libpod_parent/libpod-1\n", "podman"),
        ("proc/1/cgroup", "1:name=systemd:/lxc/web\n", "lxc"),
        ("sys/class/dmi/id/sys_vendor", "QEMU\n", "kvm"),
        ("sys/class/dmi/id/sys_vendor", "VMware, Inc.\n", "vmware"),
        ("sys/class/dmi/id/sys_vendor", "Dell Inc.\n", "none"),
        ("proc/cpuinfo", "flags\t: fpu hypervisor lm\n", "vm"),
    ],
)
def test_virtualization_is_told_from_files(
    tmp_path: Path, name: str, text: str, expected: str
) -> None:
    write(tmp_path, name, text)
    assert host_facts(tmp_path).virtualization == expected
