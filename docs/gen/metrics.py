"""docs/reference/metrics.md: every METRIC name that a sample answers."""

from __future__ import annotations

from typing import Final

from chatops.protocol.metric_names import METRICS, Metric
from chatops.server.services.prometheus.fleet import MEASURED, family_name
from docs.gen.markdown import code, table

PAGE: Final = "reference/metrics.md"
INTRODUCTION: Final = """# Metrics

The names below are the same in `chatops metrics history`, over REST and wherever else a METRIC
is asked for. A name with an instance may stand without it, and is then what its meaning says
(but `custom`).
Per cent are 0 to 100. A value that could not be measured is missing, never 0. History keeps so many
decimals of it; how long and how fine is in [metrics](../topics/metrics.md). What it is called when
[Prometheus](../topics/prometheus.md) scrapes the hub stands last; per cents are ratios there.

"""


def render() -> str:
    """The page."""
    rows = [
        [_name(metric), metric.unit, _decimals(metric), metric.help, _family(metric)]
        for metric in METRICS.values()
    ]
    head = ["name", "unit", "decimals", "meaning", "in Prometheus"]
    return INTRODUCTION + table(head, rows)


def _name(metric: Metric) -> str:
    if metric.instance is None:
        return code(metric.name)
    with_instance = code(f"{metric.name}:{metric.instance.upper()}")
    return with_instance if metric.needs_instance else f"{code(metric.name)}, {with_instance}"


def _family(metric: Metric) -> str:
    return code(family_name(metric)) if metric.name in MEASURED else ""


def _decimals(metric: Metric) -> str:
    return "all" if metric.decimals is None else str(metric.decimals)
