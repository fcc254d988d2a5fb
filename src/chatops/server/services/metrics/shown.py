"""Samples and histories as the API shows them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from chatops.protocol import rest
from chatops.protocol.metrics import Process, Processes, Sample
from chatops.server.services.metrics.history import History
from chatops.server.services.metrics.span import Plan, write_cursor
from chatops.units import format_time, time_or_none


def to_server_sample(server: str, ts: float, skew: float | None, data: Sample) -> rest.ServerSample:
    """A sample as the API shows it."""
    return rest.ServerSample(
        server=server,
        ts=format_time(ts),
        cpu=data.cpu,
        load=data.load,
        memory=data.memory,
        swap=data.swap,
        disks=data.disks,
        disk_io=data.disk_io,
        network=data.network,
        temperatures=data.temperatures,
        uptime_s=data.uptime_s,
        process_count=data.process_count,
        containers=data.containers,
        missing=data.missing,
        clock_skew=skew,
        processes=_to_top(data.processes),
        units=data.units,
        container_count=data.container_count,
        custom=data.custom,
        agent=data.agent,
    )


def _to_top(found: Processes | None) -> rest.TopProcesses | None:
    if found is None:
        return None
    return rest.TopProcesses(
        ts=format_time(found.ts),
        by_cpu=[to_process(one) for one in found.by_cpu],
        by_memory=[to_process(one) for one in found.by_memory],
    )


def to_process(one: Process) -> rest.ServerProcess:
    """A process as the API shows it."""
    return rest.ServerProcess(
        pid=one.pid, ppid=one.ppid, user=one.user, name=one.name, command=one.command,
        cpu_percent=one.cpu_percent, memory_percent=one.memory_percent, rss=one.rss,
        started_at=time_or_none(one.started_at),
    )  # fmt: skip


def history_page(server: str, found: History, how: Plan) -> rest.HistoryPage[rest.HistoryRow]:
    """The history of one server."""
    items = [
        rest.HistoryRow(
            ts=format_time(p.ts), metric=p.metric, value=p.value, min=p.least, max=p.most
        )
        for p in found.points
    ]
    return rest.HistoryPage(
        items=items,
        next=write_cursor(found.next, how.step),
        step=how.step,
        gaps=_gaps(server, found),
    )


def histories_page(
    found: Sequence[tuple[str, History]], how: Plan, limit: int
) -> rest.HistoryPage[rest.ServerHistoryRow]:
    """The histories of several servers, given in order of name, as one."""
    cuts = [history.next for _, history in found if history.next is not None]
    cut = min(cuts, default=None)
    rows = [
        (point.ts, server, point)
        for server, history in found
        for point in history.points
        if cut is None or point.ts < cut
    ]
    rows.sort(key=lambda row: row[0])  # a stable sort: names and metrics keep their order
    items: list[rest.ServerHistoryRow] = []
    for ts, group in itertools.groupby(rows, key=lambda row: row[0]):
        if len(items) >= limit:
            cut = ts
            break
        items += [
            rest.ServerHistoryRow(
                server=server, ts=format_time(ts), metric=p.metric, value=p.value, min=p.least,
                max=p.most,
            )
            for _, server, p in group
        ]  # fmt: skip
    gaps = [gap for server, history in found for gap in _gaps(server, history)]
    return rest.HistoryPage(items=items, next=write_cursor(cut, how.step), step=how.step, gaps=gaps)


def _gaps(server: str, found: History) -> list[rest.HistoryGap]:
    return [
        rest.HistoryGap(
            server=server, since=format_time(gap.since), until=format_time(gap.until),
            samples=gap.samples, reason=gap.reason,
        )
        for gap in found.gaps
    ]  # fmt: skip
