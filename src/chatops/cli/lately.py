"""The last hour as sparklines, beside the latest values; asked for only where they are shown."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from chatops.cli.context import Cli
from chatops.cli.figures import GAP, has_blocks, in_columns, spark_of, unit_of
from chatops.errors import ChatOpsError
from chatops.protocol.limits import MAX_HISTORY_SERVERS
from chatops.units import parse_time

SPAN: Final = 3600.0
WIDTH: Final = 12
"""Characters of a sparkline: five minutes each."""
STEP: Final = SPAN / WIDTH
BLANK: Final = GAP * WIDTH
_WITHIN: Final = 2.0
"""Seconds that the hub gets: without it there is just no sparkline."""
_LONGEST: Final = 6000
"""Characters of names that go into a request."""


def last_hour(cli: Cli, target: str, metrics: Sequence[str]) -> dict[tuple[str, str], str]:
    """Sparklines by server and METRIC; fewer, or none, when the hub does not answer in time."""
    now = time.time()
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    where = cli.connection._replace(token=cli.client.token)
    with suppress(ChatOpsError), cli.client_for(where, timeout=_WITHIN) as client:
        rows = client.metrics.histories(target, metrics, since=now - SPAN, step=STEP)
        for row in rows:
            found.setdefault((row.server, row.metric), []).append((parse_time(row.ts), row.value))
    begin, blocks = begin_of(now), has_blocks(cli.environ)
    return {
        key: spark_of(
            unit_of(key[1]), in_columns(points, begin, begin + SPAN, WIDTH), blocks=blocks
        )
        for key, points in found.items()
    }


def begin_of(now: float) -> float:
    """Where the first column begins: each row lies in the middle of one, and the row that is being
    measured now in the last."""
    return now // STEP * STEP + STEP / 2 - SPAN


def target_of(names: Sequence[str]) -> str | None:
    """The TARGET that means these servers; None if they are too many for one request."""
    target = ",".join(names)
    return target if len(names) <= MAX_HISTORY_SERVERS and 0 < len(target) <= _LONGEST else None
