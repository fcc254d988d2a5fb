"""Containers of a server, as its engine knows them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from chatops.protocol.rest.common import ErrorDetail, Request, Timestamp

ContainerVerb = Literal["start", "stop", "restart", "pause", "unpause", "kill", "rm"]


class ServerContainer(Struct, kw_only=True):
    """One container. ``status`` is the engine's sentence, ``project`` the Compose project,
    ``cpu_percent`` of one core and ``memory`` in bytes as its agent last measured them."""

    server: str
    id: str
    name: str
    image: str
    state: str
    status: str
    health: str | None
    ports: list[str]
    project: str | None
    created_at: Timestamp | None
    cpu_percent: float | None
    memory: int | None


class ContainerStats(Struct, kw_only=True):
    """What one container used at the time ``ts``: per cent of one core, bytes of memory and of the
    limit that holds for it (the host's memory, where it has none of its own), bytes a second of
    network and block I/O, processes and threads. Rates are null until it was measured twice."""

    server: str
    id: str
    name: str
    cpu_percent: float | None
    memory: int | None
    memory_limit: int | None
    memory_percent: float | None
    rx_bps: float | None
    tx_bps: float | None
    read_bps: float | None
    write_bps: float | None
    pids: int | None
    project: str | None
    ts: Timestamp


class ContainerDetail(Struct, kw_only=True):
    """What the engine knows of a container, in its own words; of its environment only the names
    of the variables."""

    server: str
    id: str
    name: str
    detail: dict[str, Any]


class Image(Struct, kw_only=True):
    """An image that lies on a server; ``size`` is bytes."""

    server: str
    id: str
    tags: list[str]
    size: int | None
    created_at: Timestamp | None


class ContainerProcess(Struct, kw_only=True):
    """A process of a container, with its id on the host."""

    pid: int
    ppid: int | None
    user: str | None
    command: str


class ContainerAction(Request, kw_only=True):
    """``timeout`` is seconds: how long the engine gets, and a container that is stopped until it
    is killed."""

    timeout: Annotated[float, Meta(ge=0, le=600)] | None = None


class ContainerChange(Struct, kw_only=True):
    """What came of an action; ``state`` is null when the container is gone."""

    server: str
    id: str
    name: str
    action: ContainerVerb
    state: str | None


class LogsEvent(Struct, omit_defaults=True, kw_only=True):
    """A text frame of a container's log, whose bytes come in binary frames between them.

    ``start`` comes first: whose log it is, and the numbers of its streams; with a terminal
    (``tty``) all comes on ``stdout``. ``end`` comes last, ``error`` in its place when the log
    cannot go on.
    """

    event: Literal["start", "end", "error"]
    server: str | None = None
    container: str | None = None
    tty: bool = False
    stdout: int | None = None
    stderr: int | None = None
    error: ErrorDetail | None = None


class ImagePull(Request, kw_only=True):
    """``image`` is what to pull, as `docker pull` takes it; without a tag ``latest``."""

    image: Annotated[str, Meta(min_length=1, max_length=512)]


class PulledImage(Struct, kw_only=True):
    """An image that is there now."""

    server: str
    image: str
    id: str


class PullEvent(Struct, omit_defaults=True, kw_only=True):
    """A frame of a pull. ``progress``: what the engine does with a layer, or says of the whole;
    ``current`` and ``total`` are bytes. At the end ``result``, or ``error``."""

    event: Literal["progress", "result", "error"]
    layer: str | None = None
    status: str | None = None
    current: int | None = None
    total: int | None = None
    result: PulledImage | None = None
    error: ErrorDetail | None = None


class PruneRequest(Request, kw_only=True):
    """``dry_run`` removes nothing, ``volumes`` takes anonymous volumes too."""

    dry_run: bool = False
    volumes: bool = False


class PrunedThing(Struct, kw_only=True):
    """Something that nothing used. ``kind`` is container, image, network, volume or cache,
    ``size`` bytes, where the engine tells; ``error``: why it is still there."""

    kind: str
    id: str
    name: str
    size: int | None
    error: str | None


class PruneReport(Struct, kw_only=True):
    """What went, or (``dry_run``) would; ``space`` is the bytes of it. Of very many things
    ``items`` has only the first of ``count``."""

    server: str
    dry_run: bool
    count: int
    space: int
    items: list[PrunedThing]
