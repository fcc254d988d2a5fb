"""What does not change while a host is up, read from files: no process is started."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Final

import psutil

from chatops.agent.collectors.labels import clean
from chatops.protocol.facts import HostFacts

_GUESTS: Final = {
    "qemu": "kvm", "kvm": "kvm", "amazon ec2": "kvm", "google": "kvm", "openstack": "kvm",
    "vmware": "vmware", "virtualbox": "virtualbox", "innotek": "virtualbox", "xen": "xen",
    "microsoft corporation": "hyperv", "parallels": "parallels", "bochs": "bochs",
}  # fmt: skip
_CONTAINERS: Final = ("docker", "kubepods", "lxc", "libpod", "containerd", "machine.slice")


def host_facts(root: Path = Path("/")) -> HostFacts:
    """The facts of this host. What cannot be read is left empty; nothing is raised."""
    uname = os.uname()
    return HostFacts(
        hostname=clean(uname.nodename),
        os=_os_name(root),
        kernel=clean(f"{uname.sysname} {uname.release}"),
        arch=clean(uname.machine),
        cpu_model=_cpu_model(root),
        cpu_count=psutil.cpu_count(),
        memory_total=_memory_total(root),
        machine_id=_machine_id(root),
        boot_time=_boot_time(root),
        virtualization=_virtualization(root),
    )


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return clean(file.read(64 * 1024).decode("utf-8", "replace"), width=64 * 1024)
    except OSError:
        return ""


def _os_name(root: Path) -> str:
    for line in (_read(root / "etc/os-release") or _read(root / "usr/lib/os-release")).split("\n"):
        key, _, value = line.partition("=")
        if key == "PRETTY_NAME":
            return clean(value.strip().strip("\"'"))
    return clean(os.uname().sysname)


def _cpu_model(root: Path) -> str:
    for line in _read(root / "proc/cpuinfo").split("\n"):
        key, _, value = line.partition(":")
        if key.strip() in ("model name", "Model", "cpu model"):
            return clean(" ".join(value.split()))
    return ""


def _memory_total(root: Path) -> int | None:
    for line in _read(root / "proc/meminfo").split("\n"):
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) * 1024
    return None


def _boot_time(root: Path) -> float | None:
    for line in reversed(_read(root / "proc/stat").split("\n")):
        if line.startswith("btime "):
            return float(line.split()[1])
    return None


def _machine_id(root: Path) -> str:
    """A digest: the id itself is meant to stay on the host (machine-id(5))."""
    text = _read(root / "etc/machine-id").strip() or _read(root / "var/lib/dbus/machine-id").strip()
    return hashlib.sha256(b"chatops machine id\0" + text.encode()).hexdigest() if text else ""


def _virtualization(root: Path) -> str:
    if (root / ".dockerenv").exists():
        return "docker"
    groups = _read(root / "proc/1/cgroup")
    for name in _CONTAINERS:
        if f"/{name}" in groups:
            return {"libpod": "podman", "kubepods": "kubernetes"}.get(name, name)
    vendor = _read(root / "sys/class/dmi/id/sys_vendor").strip().lower()
    for word, name in _GUESTS.items():
        if word in vendor:
            return name
    flags = next((x for x in _read(root / "proc/cpuinfo").split("\n") if x.startswith("flags")), "")
    return "vm" if "hypervisor" in flags.split() else "none"
