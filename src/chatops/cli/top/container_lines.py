"""Containers as lines. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from chatops.cli import show
from chatops.cli.projects import by_project
from chatops.cli.top.detail import Detail
from chatops.cli.top.spans import Spans, Style, heat, left, right
from chatops.cli.top.titles import titles
from chatops.protocol.metrics import Container
from chatops.protocol.rest import ServerContainer

AnyContainer = ServerContainer | Container
_STATES: Final[dict[str, Style]] = {"running": "good", "exited": "dim", "dead": "bad"}


class Room(NamedTuple):
    """Columns of what is as long as somebody wrote it."""

    name: int
    project: int
    image: int


def known(detail: Detail) -> Sequence[AnyContainer]:
    """What is shown: what the engine said; if it says nothing now, what the newest sample tells,
    or, if that has none either, what was known last."""
    sampled = detail.sample.containers if detail.sample is not None else []
    answers = "containers" not in detail.notes or not sampled
    if detail.containers is not None and answers:
        return by_project(detail.containers)
    return by_project(sampled)


def why_none(detail: Detail) -> str:
    """What stands in the place of containers."""
    if detail.sample is None and detail.containers is None:
        return "waiting for the hub …"
    count = detail.sample.container_count if detail.sample is not None else None
    return (
        "no containers"
        if detail.containers is not None or count == 0
        else "no engine that may be asked"
    )


def head(width: int) -> Spans:
    """The titles of ``line``."""
    room = _room(width)
    return titles(
        ("NAME", -room.name), ("STATE", -10), ("HEALTH", -9), ("CPU", 7), ("MEMORY", 10),
        ("PROJECT", -room.project), ("IMAGE", -room.image),
    )  # fmt: skip


def line(one: AnyContainer, width: int) -> Spans:
    """One container."""
    room, ill = _room(width), one.health == "unhealthy"
    return [
        (left(one.name, room.name), "head"),
        (" " + left(one.state, 10), _STATES.get(one.state, "warn")),
        (" " + left(one.health or "", 9), "bad" if ill else ""),
        (" " + right(show.percent(one.cpu_percent), 7), heat(one.cpu_percent)),
        (" " + right(show.size(one.memory), 10), ""),
        (" " + left(one.project or "", room.project), ""),
        (" " + left(one.image, room.image), "dim"),
    ]


def _room(width: int) -> Room:
    left_over = max(width - 42, 24)
    name, project = left_over * 2 // 5, left_over // 4
    return Room(name, project, left_over - name - project)
