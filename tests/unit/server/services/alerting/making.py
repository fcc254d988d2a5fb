"""Rules and machines for tests."""

from __future__ import annotations

from itertools import count
from typing import Any

from chatops.server.services.alerting.machine import Machine
from chatops.server.services.alerting.rule import Rule, default_clear, parse_watched


def rule(name: str = "hot", metric: str = "cpu", **fields: Any) -> Rule:
    """A rule: cpu > 90 at once, unless told otherwise."""
    given = {"op": "gt", "value": 90.0, "for_s": 0.0, "severity": "warning", **fields}
    watched = parse_watched(metric)
    given.setdefault("clear", default_clear(watched, given["op"], given["value"]))
    return Rule(id=name, name=name, watched=watched, **given)


def machine() -> Machine:
    """One whose alerts are called 1, 2, 3."""
    ids = count(1)
    return Machine(lambda _: str(next(ids)))
