"""What the engine says of containers, in the words of samples and of ``docker ps``. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from msgspec.structs import replace

from chatops.agent.collectors.labels import clean
from chatops.agent.container_figures import Caches, Figures
from chatops.agent.event_words import ContainerEvent
from chatops.protocol.containers import ContainerInfo
from chatops.protocol.metrics import Container

PROJECTS: Final = ("com.docker.compose.project", "io.podman.compose.project")
"""Labels that hold the name of a container's Compose project."""
_HEALTH: Final = {
    "(healthy)": "healthy", "(unhealthy)": "unhealthy", "(health: starting)": "starting",
    "(starting)": "starting",
}  # fmt: skip
_NANO: Final = 1e7
"""Nanoseconds of one core in a second, for one per cent."""

Row = Mapping[str, Any]


def name_of(row: Row) -> str:
    """The name of a container in a list; links give it further ones, with a / in them."""
    names = [str(one).removeprefix("/") for one in row.get("Names") or ()]
    return clean(next((one for one in names if "/" not in one), str(row["Id"])[:12]))


def health_of(status: str) -> str | None:
    """The result of the health check, which a list tells only at the end of its status."""
    return next((word for end, word in _HEALTH.items() if status.endswith(end)), None)


def project_of(row: Row) -> str | None:
    """The Compose project that a container belongs to."""
    labels = row.get("Labels") or {}
    return next((clean(labels[key]) for key in PROJECTS if key in labels), None)


def info(row: Row, measured: Container | None) -> ContainerInfo:
    """A row of ``docker ps``."""
    status = str(row.get("Status") or "")
    return ContainerInfo(
        id=row["Id"],
        name=name_of(row),
        image=clean(str(row.get("Image") or "")),
        state=str(row.get("State") or ""),
        status=clean(status),
        health=health_of(status),
        ports=sorted({_port(one) for one in row.get("Ports") or ()}),
        project=project_of(row),
        created_at=row.get("Created"),
        cpu_percent=measured.cpu_percent if measured else None,
        memory=measured.memory if measured else None,
    )


def plain(row: Row) -> Container:
    """A container as a sample has it, before anything is measured."""
    return Container(
        id=row["Id"],
        name=name_of(row),
        image=clean(str(row.get("Image") or "")),
        state=str(row.get("State") or ""),
        health=health_of(str(row.get("Status") or "")),
        project=project_of(row),
    )


def dead(container: Container) -> Container:
    """The same container, as one that has ended."""
    return Container(
        id=container.id, name=container.name, image=container.image, state="exited",
        health=container.health, project=container.project,
    )  # fmt: skip


def changed(containers: Iterable[Container], event: ContainerEvent) -> list[Container]:
    """What a look gave, as it is after an event. One that it did not know a look has to tell of."""
    after = (_after(one, event) if one.id == event.container else one for one in containers)
    return [one for one in after if one is not None]


def _after(one: Container, event: ContainerEvent) -> Container | None:
    match event.action:
        case "destroy":
            return None
        case "die":
            return dead(one)
        case "health_status":
            return replace(one, health=event.health)
        case "rename":
            return replace(one, name=event.name)
        case "pause":
            return replace(one, state="paused")
        case "unpause":
            return replace(one, state="running")
        case "start":
            return replace(one, state="running", health=one.health and "starting")
    return one


def counters(figures: Figures) -> tuple[int, int, int, int, int]:
    """Nanoseconds of processor time, then bytes received, sent, read and written so far."""
    networks = (figures.networks or {}).values()
    blocks = figures.blkio_stats.io_service_bytes_recursive or ()
    return (
        figures.cpu_stats.cpu_usage.total_usage,
        sum(one.rx_bytes for one in networks),
        sum(one.tx_bytes for one in networks),
        sum(one.value for one in blocks if one.op.lower() == "read"),
        sum(one.value for one in blocks if one.op.lower() == "write"),
    )


def measure(container: Container, figures: Figures, rates: tuple[float | None, ...]) -> None:
    """Fill in what the engine measured; ``rates`` are those of ``counters``."""
    memory = figures.memory_stats
    if memory.usage is not None:
        container.memory = max(memory.usage - (memory.stats or Caches()).unused, 0)
    container.memory_limit = memory.limit
    container.pids = figures.pids_stats.current
    nano, *others = rates
    container.cpu_percent = None if nano is None else round(nano / _NANO, 2)
    container.rx_bps, container.tx_bps, container.read_bps, container.write_bps = others


def _port(port: Row) -> str:
    inside = f"{port.get('PrivatePort')}/{port.get('Type')}"
    if not port.get("PublicPort"):
        return inside
    host = str(port.get("IP") or "")
    shown = f"[{host}]" if ":" in host else host
    return f"{shown}:{port['PublicPort']}->{inside}"
