"""What whoever set a rule may not have meant by it, said beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Final

from chatops.cli import figures
from chatops.cli.context import Cli
from chatops.errors import ChatOpsError
from chatops.protocol.metric_names import METRICS
from chatops.protocol.rest import Threshold
from chatops.text import escape

_NAMED: Final = 5
"""Rules of the same condition that are named at most."""


def say_notes(cli: Cli, rule: Threshold) -> None:
    """Say that a rule can never hold, always does or never clears, that others say the same, or
    that it is off."""
    for line in _notes(cli, rule):
        cli.out.say(line)


def _notes(cli: Cli, rule: Threshold) -> Iterator[str]:
    above, itself = rule.op in ("gt", "ge"), rule.op in ("ge", "le")
    if edge := _edge(rule.metric, rule.value, above=above, itself=itself):
        yield f"this never fires: {edge}"
    elif edge := _edge(rule.metric, rule.value, above=not above, itself=not itself):
        yield f"this always holds: {edge}"
    elif edge := _edge(rule.metric, rule.clear, above=not above, itself=True):
        yield f"what fires never clears by itself: {edge}"
    with suppress(ChatOpsError):  # the rule is set, and this is only talk
        if names := list(islice(_twins(cli, rule), _NAMED)):
            same = escape(", ".join(names))
            yield f"the same is watched by {same}: each of these rules raises alerts of its own"
    if not rule.enabled:
        yield f"it is off: `chatops thresholds enable {escape(rule.name)}` switches it on"


def _edge(metric: str, value: float, *, above: bool, itself: bool) -> str | None:
    """Why no value of a metric lies above (or below) ``value``, or is it, if ``itself`` counts;
    None if one can."""
    known = METRICS.get(metric.partition(":")[0])
    edge = None if known is None else known.most if above else known.least
    if known is None or edge is None:
        return None
    past = value > edge if above else value < edge
    if not past and (value != edge or itself):
        return None
    return f"{known.name} is {'at most' if above else 'at least'} {figures.exact(edge, known.unit)}"


def _twins(cli: Cli, rule: Threshold) -> Iterator[str]:
    """The names of other rules that are on, with the same condition and target."""

    def condition(one: Threshold) -> tuple[str, str, float, str]:
        return one.metric, one.op, one.value, one.target

    for one in cli.client.thresholds.list():
        if one.enabled and one.id != rule.id and condition(one) == condition(rule):
            yield one.name
