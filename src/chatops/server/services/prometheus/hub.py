"""The hub's own health as Prometheus' families, read from where it is counted when it is asked for.

Nothing is done for it on the hot paths but to count with plain numbers. Each ``of_`` function is
one source; what comes to the hub later is one more of them in chatops.server.app.
They run in a thread: they read sizes and copies, and change nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Final

from prometheus_client import CollectorRegistry, Metric, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.registry import Collector

from chatops.server.db.files import Databases
from chatops.server.services.agent_manager import AgentManager
from chatops.server.services.commands import CommandService
from chatops.server.services.log_entries import LogService
from chatops.server.services.metrics.ingest import Ingest
from chatops.server.services.notify.service import NotificationService
from chatops.server.services.ws_manager import WSManager
from chatops.server.settings import HubSettings


class _Sources(Collector):
    def __init__(self, sources: Iterable[Iterable[Metric]]) -> None:
        self._sources = sources

    def collect(self) -> Iterable[Metric]:
        return chain.from_iterable(self._sources)


def text_of(*sources: Iterable[Metric]) -> bytes:
    """The text of some sources, and of the process itself (``process_…``)."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Sources(sources))
    ProcessCollector(registry=registry)
    return generate_latest(registry)


def of_agents(agents: AgentManager) -> Iterable[Metric]:
    """Sessions of agents."""
    yield GaugeMetricFamily("chatops_agents_connected", "Agents that are connected.", len(agents))
    yield CounterMetricFamily(
        "chatops_agent_sessions", "Sessions that agents began.", agents.registered
    )
    yield _counters(
        "chatops_agent_sessions_ended", "Sessions of agents that ended.", "reason", agents.ended
    )
    yield _counters(
        "chatops_agents_refused", "Agents that were turned away.", "reason", agents.refused
    )


def of_samples(ingest: Ingest) -> Iterable[Metric]:
    """Ingest: what came, what waits, what was lost."""
    counts = ingest.counts
    yield _counters(
        "chatops_samples_stored", "Samples committed, live or of an outage (late).", "kind",
        {"live": counts.live, "late": counts.late},
    )  # fmt: skip
    yield _counters(
        "chatops_samples_rejected",
        "Samples left out: stored already, older than any history, or without room for now.",
        "reason",
        {"duplicate": counts.duplicate, "too_old": counts.too_old, "no_room": counts.no_room},
    )
    yield CounterMetricFamily(
        "chatops_samples_lost", "Samples that agents lost with their spool.", counts.lost
    )
    yield _gauges(
        "chatops_samples_waiting", "Samples that wait for the writer.", "queue", ingest.queues
    )
    yield GaugeMetricFamily(
        "chatops_acks_outstanding", "Samples taken whose agents have no ack yet.", ingest.unacked
    )


def of_clients(answers: Mapping[int, int], subscribers: WSManager) -> Iterable[Metric]:
    """Requests and subscriptions."""
    by_status = {str(status): count for status, count in dict(answers).items()}
    yield _counters("chatops_http_answers", "Answers to HTTP requests.", "status", by_status)
    yield GaugeMetricFamily(
        "chatops_subscribers", "Live subscriptions to metrics and logs.", len(subscribers)
    )
    yield CounterMetricFamily(
        "chatops_subscriber_events", "Events sent to subscribers.", subscribers.sent
    )
    yield CounterMetricFamily(
        "chatops_subscriber_events_dropped",
        "Events that slow subscribers did not get.",
        subscribers.dropped,
    )


def of_commands(commands: CommandService) -> Iterable[Metric]:
    """Commands under way."""
    yield GaugeMetricFamily("chatops_commands_open", "Commands that are not over.", len(commands))


def of_logs(logs: LogService) -> Iterable[Metric]:
    """Log entries: the hub's own, and what agents ship."""
    yield _counters(
        "chatops_log_lines", "Log lines of agents, by what became of them.", "outcome",
        logs.shipping.counts,
    )  # fmt: skip
    yield GaugeMetricFamily(
        "chatops_log_lines_waiting_bytes", "Log lines of agents that wait for the writer, about.",
        logs.shipping.size,
    )  # fmt: skip
    yield GaugeMetricFamily(
        "chatops_logs_used_bytes", "What of logs.db holds something, as of the last look at it.",
        logs.upkeep.used,
    )  # fmt: skip
    yield CounterMetricFamily("chatops_log_entries_stored", "Log entries committed.", logs.stored)
    yield CounterMetricFamily(
        "chatops_log_entries_dropped", "Log entries that came too fast to be stored.", logs.dropped
    )
    yield GaugeMetricFamily(
        "chatops_log_entries_waiting", "Log entries that wait for the writer.", len(logs)
    )


def of_notifications(notifications: NotificationService) -> Iterable[Metric]:
    """Messages to channels."""
    found = notifications.figures()
    yield GaugeMetricFamily(
        "chatops_notifications_waiting", "Messages that no receiver has taken.", found.waiting
    )
    yield GaugeMetricFamily(
        "chatops_notifications_oldest_seconds", "How long the oldest of them waits.", found.oldest_s
    )
    yield _counters(
        "chatops_notification_attempts", "Attempts to deliver a message.", "outcome",
        {"delivered": found.attempts - found.failures, "failed": found.failures},
    )  # fmt: skip
    yield CounterMetricFamily(
        "chatops_notifications_given_up", "Messages that were given up.", found.given_up
    )


def of_databases(databases: Databases) -> Iterable[Metric]:
    """The files, and the writer of each."""
    size = GaugeMetricFamily(
        "chatops_database_size_bytes",
        "A database file (main) and its write-ahead log (wal).",
        labels=["file", "part"],
    )
    waiting = GaugeMetricFamily(
        "chatops_database_waiting", "Functions that wait for the file's writer.", labels=["file"]
    )
    commits = HistogramMetricFamily(
        "chatops_database_commit_seconds",
        "How long transactions held the file's writer, from begin to commit.",
        labels=["file"],
    )
    for database in databases:
        file = database.path.name
        for part, count in database.sizes().items():
            size.add_metric([file, part], count)
        waiting.add_metric([file], database.waiting)
        buckets = [(_bound(most), count) for most, count in database.commits.cumulative()]
        commits.add_metric([file], buckets, database.commits.total)
    yield from (size, waiting, commits)


def of_settings(settings: HubSettings) -> Iterable[Metric]:
    """How long what is kept."""
    kept = {name.removesuffix("_retention"): float(getattr(settings, name)) for name in RETENTIONS}
    yield _gauges(
        "chatops_retention_seconds", "How long rows are kept; 0 is for ever.", "kind", kept
    )


RETENTIONS: Final = (
    "raw_retention", "minutes_retention", "ten_minutes_retention", "hours_retention",
    "logs_retention", "events_retention", "audit_retention",
)  # fmt: skip
"""The settings that ``chatops_retention_seconds`` shows."""


def _counters(name: str, text: str, by: str, counts: Mapping[str, int]) -> CounterMetricFamily:
    family = CounterMetricFamily(name, text, labels=[by])
    for label, count in dict(counts).items():
        family.add_metric([label], count)
    return family


def _gauges(name: str, text: str, by: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=[by])
    for label, value in values.items():
        family.add_metric([label], value)
    return family


def _bound(most: float) -> str:
    return "+Inf" if most == float("inf") else str(most)
