"""The questions of the agenda, and their answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, cast

from chatops.cli.top.agenda import Job, Kind
from chatops.cli.top.alarms import MOST_ALERTS, OPEN
from chatops.cli.top.fleet import TRAILS, seconds
from chatops.cli.top.news import Alerted, Filled, Listed, News, Told
from chatops.cli.top.panels import CHARTS, SPAN
from chatops.cli.top.trail import KEPT, STEP
from chatops.client import Client
from chatops.errors import NotFound
from chatops.protocol.rest import ContainerVerb, Server
from chatops.protocol.target import Facts, Target

_CHART_STEP: Final = 15.0


def answer(client: Client, job: Job, target: Target, now: float) -> News:
    """What the hub says; ``now`` is its time.

    Raises:
        ChatOpsError: it refuses, or says nothing.
    """
    if job.kind == "servers":
        return Listed(listed(client, target))
    if job.kind == "alerts":
        return Alerted(list(client.alerts.list(states=OPEN, limit=MOST_ALERTS)))
    if job.kind == "fill":
        return _past(client, job.about, now)
    if job.kind == "change":
        server_id, container, verb = job.about
        changed = client.docker.change(server_id, container, cast("ContainerVerb", verb))
        return Told(server_id, job.kind, changed)
    (about,) = job.about
    if job.kind == "history":
        return Told(about, job.kind, _history(client, about, now))
    return Told(about, job.kind, _OF_ONE[job.kind](client, about))


_OF_ONE: Final[dict[Kind, Callable[[Client, str], object]]] = {
    "alert": lambda client, alert: client.alerts.get(alert),
    "ack": lambda client, alert: client.alerts.ack(alert),
    "info": lambda client, server: client.servers.get(server),
    "sample": lambda client, server: client.metrics.latest(server),
    "processes": lambda client, server: client.processes.list(server, limit=0),
    "containers": lambda client, server: client.docker.ps(server, every=True),
}
"""What is asked about one server, or one alert."""


def listed(client: Client, target: Target) -> list[Server]:
    """The servers that a TARGET means now; none is no error."""
    return [server for server in client.servers.list() if target.covers(facts_of(server))]


def facts_of(server: Server) -> Facts:
    """What a TARGET looks at."""
    return Facts(server.id, server.name, server.tags)


def _past(client: Client, names: tuple[str, ...], now: float) -> Filled:
    """The last minutes of some servers; nothing of those that are gone since they were asked for.
    The sparklines then begin with what comes."""
    try:
        rows = client.metrics.histories(",".join(names), TRAILS, since=now - KEPT * STEP, step=STEP)
        return Filled(list(rows))
    except NotFound:
        return Filled([])


def _history(client: Client, server_id: str, now: float) -> dict[str, list[tuple[float, float]]]:
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in CHARTS}
    since = now - SPAN
    for row in client.metrics.history(server_id, CHARTS, since=since, step=_CHART_STEP):
        ts = seconds(row.ts)
        if ts is not None:
            found[row.metric].append((ts, row.value))
    return found
