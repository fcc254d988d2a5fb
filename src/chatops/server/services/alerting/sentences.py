"""What alerts say, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from chatops.protocol.metric_names import METRICS
from chatops.protocol.rest import Alert
from chatops.server.services.alerting.rule import OFFLINE, Rule, Watched
from chatops.text import counted, escape
from chatops.units import format_duration, format_size

CONTAINER: Final = "container.state"
_MOST_NAMES: Final = 20


def value_text(metric: str, value: float) -> str:
    """A value with its unit: ``97.2 %``, ``1.5 GiB``, ``1m30s``."""
    unit = "s" if metric == OFFLINE else METRICS[metric].unit if metric in METRICS else ""
    if unit == "B":
        return format_size(value)
    if unit == "B/s":
        return f"{format_size(value)}/s"
    if unit == "s":
        return format_duration(value)
    number = f"{value:.4g}" if abs(value) < 10_000 else f"{value:.0f}"
    return f"{number} {unit}" if unit not in ("", "/s") else f"{number}{unit}"


def sentence(rule: Rule, instance: str, value: float) -> str:
    """What is wrong: ``disk:/var is 97.2 %, above 90 %``."""
    name = rule.watched.name
    if name == OFFLINE:
        return f"not heard for {value_text(name, value)}"
    if name == CONTAINER:
        which = f"the container {escape(instance)}" if instance else "a container"
        return f"{which} {'runs' if value <= 0 else 'does not run, or is unhealthy'}"
    said = value_text(name, rule.value)
    side = {"gt": f"above {said}", "ge": f"{said} or more", "lt": f"below {said}"}
    where = Watched(name, escape(instance))
    return f"{where} is {value_text(name, value)}, {side.get(rule.op, f'{said} or less')}"


def together(names: Sequence[str]) -> str:
    """The same of servers that dropped together."""
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    listed = ", ".join(names[:_MOST_NAMES])
    return f"{counted(len(names), 'server')} dropped together: {listed}{more}"


def entry(event: str, alert: Alert) -> str:
    """A line of the logs: ``firing: disk-full: disk:/var is 97.2 %, above 90 %``."""
    if event == "resolved":
        event = f"resolved ({alert.resolved_reason})"
    if event == "acknowledged":
        event = f"acknowledged by {alert.acked_by}"
    return f"{event}: {alert.threshold_name}: {alert.message}"
