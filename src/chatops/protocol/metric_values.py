"""VALUE of a METRIC as people write it: ``90%``, ``10GB``, ``5m``, ``-30``. Pure."""

from __future__ import annotations

import re
from typing import Final

from chatops.errors import InvalidInput
from chatops.protocol.metric_names import METRICS
from chatops.units import parse_duration, parse_size

_PLAIN: Final = re.compile(r"[0-9]{1,15}(\.[0-9]{1,15})?|\.[0-9]{1,15}")
_EXAMPLES: Final = {
    "%": "90 or 90%", "B": "10GB or 512MiB", "B/s": "10MB or 10MB/s", "s": "30, 30s or 5m",
    "°C": "80 or 80C",
}  # fmt: skip
_ENDINGS: Final = {"%": ("%",), "°C": ("°C", "C"), "/s": ("/s",)}


def unit_of(metric: str) -> str:
    """The unit of a METRIC name, with or without an instance."""
    name = metric.partition(":")[0]
    return METRICS[name].unit if name in METRICS else "s" if name == "offline" else ""


def parse_value(metric: str, text: str) -> float:
    """A value in the metric's own unit.

    Raises:
        InvalidInput: it is no value, or has a unit that the metric has not.
    """
    unit, stripped = unit_of(metric), text.strip()
    sign = -1.0 if stripped.startswith("-") else 1.0
    body = stripped.removeprefix("-").removeprefix("+")
    for ending in _ENDINGS.get(unit, ()):
        body = body.removesuffix(ending)
    if _PLAIN.fullmatch(body):
        return sign * float(body)
    try:
        if unit in ("B", "B/s"):
            return sign * parse_size(body.removesuffix("/s"))
        if unit == "s":
            return sign * parse_duration(body)
    except InvalidInput:
        pass
    raise InvalidInput(
        f"{text[:40]!r} is no value of {metric[:80]}",
        hint=f"write it like {_EXAMPLES.get(unit, '5 or 0.5')}",
    )
