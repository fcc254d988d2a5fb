"""The questions of the agenda, and their answers."""

from __future__ import annotations

from typing import Final

from chatops.cli.top.agenda import Job
from chatops.cli.top.alarms import MOST_ALERTS, OPEN
from chatops.cli.top.fleet import TRAILS, seconds
from chatops.cli.top.news import Alerted, Filled, Listed, News, Told
from chatops.cli.top.panels import CHARTS, SPAN
from chatops.cli.top.trail import KEPT, STEP
from chatops.client import Client
from chatops.errors import NotFound
from chatops.protocol.rest import Server
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
    (about,) = job.about
    if job.kind == "alert":
        return Told(about, job.kind, client.alerts.get(about))
    if job.kind == "ack":
        return Told(about, job.kind, client.alerts.ack(about))
    if job.kind == "info":
        return Told(about, job.kind, client.servers.get(about))
    if job.kind == "sample":
        return Told(about, job.kind, client.metrics.latest(about))
    if job.kind == "processes":
        return Told(about, job.kind, client.processes.list(about, limit=0))
    return Told(about, job.kind, _history(client, about, now))


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
