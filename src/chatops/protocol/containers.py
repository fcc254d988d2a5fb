"""What a ``docker_response`` carries: the ``data`` of each action of a ``docker_command``.

Append-only, as the messages are. Times are Unix seconds, memory is bytes.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from chatops.protocol.integers import Int
from chatops.protocol.metrics import Container


class DockerArgs(Struct, kw_only=True):
    """The arguments of every action. ``container`` is a name or id, ``all`` adds containers that
    do not run, ``timeout`` is seconds.

    Of ``logs``: ``follow`` goes on with what is logged from now on, ``tail`` is how many of the
    last lines (None: all), ``since`` a Unix time, ``timestamps`` puts the engine's time and a
    space before each line. ``image`` is what to pull. Of ``prune``: ``dry_run`` removes nothing,
    ``volumes`` takes anonymous volumes too."""

    container: str = ""
    all: bool = False
    timeout: float | None = None
    follow: bool = False
    tail: Int | None = None
    since: float | None = None
    timestamps: bool = False
    image: str = ""
    dry_run: bool = False
    volumes: bool = False


class ContainerInfo(Struct, kw_only=True):
    """``ps``: one container. ``status`` is the engine's sentence (``Up 5 minutes``), ``ports`` are
    like ``0.0.0.0:8080->80/tcp``, ``project`` is the Compose project. ``cpu_percent`` (of one core)
    and ``memory`` are of the agent's last look, within seconds."""

    id: str
    name: str
    image: str = ""
    state: str = ""
    status: str = ""
    health: str | None = None
    ports: list[str] = []
    project: str | None = None
    created_at: float | None = None
    cpu_percent: float | None = None
    memory: Int | None = None


class ContainerFigures(Struct, kw_only=True):
    """``stats``: what was measured of the containers that run, at the time ``ts``."""

    ts: float
    containers: list[Container] = []


class ImageInfo(Struct, kw_only=True):
    """``images``: one image."""

    id: str
    tags: list[str] = []
    size: Int | None = None
    created_at: float | None = None


class ContainerProcess(Struct, kw_only=True):
    """``top``: one process of a container, with its id on the host."""

    pid: Int
    ppid: Int | None = None
    user: str | None = None
    command: str = ""


class ContainerDetail(Struct, kw_only=True):
    """``inspect``: what the engine knows of a container, in its own words; of its environment only
    the names of the variables, as their values are often secrets."""

    id: str
    name: str
    detail: dict[str, Any]


class ContainerChange(Struct, kw_only=True):
    """What came of an action that changes a container; ``state`` is None when it is gone."""

    id: str
    name: str
    state: str | None = None


class LogsBegin(Struct, kw_only=True):
    """``logs``: whose lines follow on the feed's streams. With a terminal (``tty``) the container
    has only one stream."""

    id: str
    name: str
    tty: bool = False


class PullStep(Struct, omit_defaults=True, kw_only=True):
    """``pull``: a line of the feed. What the engine does with a layer, or (without ``layer``) says
    of the whole; ``current`` and ``total`` are bytes. The last line has only the image's ``id``."""

    layer: str | None = None
    status: str = ""
    current: Int | None = None
    total: Int | None = None
    id: str | None = None


class Pruned(Struct, kw_only=True):
    """Something that nothing uses. ``kind`` is container, image, network, volume or cache;
    ``size`` bytes, where the engine tells. ``error``: why it is still there."""

    kind: str
    id: str
    name: str = ""
    size: Int | None = None
    error: str | None = None


class PruneResult(Struct, kw_only=True):
    """``prune``: what went, or would; ``space`` is the bytes of all of it. Of very many things
    only the first are named, ``count`` is all."""

    items: list[Pruned] = []
    count: Int = 0
    space: Int = 0
