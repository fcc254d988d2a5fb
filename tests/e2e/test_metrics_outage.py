"""Every sample is in the history exactly once, whichever of hub, link and agent is away.

An agent takes a sample a second. Each has another uptime, so one that is stored twice is seen,
and so is one that is missing, unless the agent itself was dead at that time.
"""

from __future__ import annotations

import signal
import time
from itertools import pairwise
from typing import Final

import pytest

from chatops.protocol.limits import DEAD_AFTER
from chatops.protocol.rest import HistoryRow
from chatops.units import parse_time
from tests.support.network import network
from tests.support.processes import Bench, Program
from tests.support.waiting import pause, until

SHORT: Final = 8.0
"""Seconds that an outage lasts in ``make test``."""
LONG: Final = 600.0
"""And in ``make soak``."""
APART: Final = (0.3, 1.9)
"""Seconds between two samples, on a machine that has much else to do."""
OUTAGES = [
    pytest.param(SHORT, id="short"),
    pytest.param(LONG, id="long", marks=[pytest.mark.soak, pytest.mark.timeout(2 * LONG)]),
]


def samples(place: Bench) -> list[HistoryRow]:
    """Everything that is stored of the uptime of web-1."""
    with place.client() as client:
        return list(client.metrics.history("web-1", ["uptime"], since=time.time() - 2 * LONG))


def all_since(place: Bench, moment: float) -> list[HistoryRow]:
    """The same, once it holds a sample of later than ``moment`` and all those before it."""

    def look() -> list[HistoryRow] | None:
        rows = samples(place)
        seen = [row.value for row in rows]
        whole = all(later - earlier < APART[1] for earlier, later in pairwise(sorted(seen)))
        return rows if seen and max(seen) > moment and whole else None

    return until(look, within=60, what="all samples") or []


def now() -> float:
    """What an uptime measured now would be."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def check_once(rows: list[HistoryRow]) -> None:
    values = [row.value for row in rows]
    assert len(set(values)) == len(values), "a sample is there twice"
    first, *apart = (later - earlier for earlier, later in pairwise(sorted(values)))
    assert first > 0.2, "the second sample comes early"
    assert all(APART[0] < one < APART[1] for one in apart)
    assert values == sorted(values)


def start_again(place: Bench, hub: Program) -> Program:
    """The hub once more, at the same address."""
    again = place.start_hub(None, "--port", place.url.rpartition(":")[2])
    assert b"Traceback" not in hub.said
    return again


def with_samples(place: Bench) -> Program:
    """A hub that has samples of web-1, and the agent."""
    place.start_hub()
    place.login()
    agent = place.start_agent("web-1", place.add_server("web-1"))
    until(lambda: len(samples(place)) >= 3, what="samples")
    return agent


@pytest.mark.parametrize("seconds", OUTAGES)
def test_the_hub_is_away_for_a_while(place: Bench, seconds: float) -> None:
    with_samples(place)
    hub = place.programs[0]
    assert hub.stop() == 0
    pause(seconds)
    back = now()
    start_again(place, hub)
    check_once(all_since(place, back + 3.0))


def test_a_hub_that_stands_still_changes_no_times(place: Bench) -> None:
    with_samples(place)
    hub = place.programs[0].process
    hub.send_signal(signal.SIGSTOP)
    pause(5.0)
    hub.send_signal(signal.SIGCONT)
    rows = all_since(place, now() + 2.0)
    check_once(rows)
    times = [parse_time(row.ts) for row in rows]
    assert all(APART[0] < later - earlier < APART[1] for earlier, later in pairwise(times[1:]))


def test_the_hub_is_killed_while_it_commits(place: Bench) -> None:
    with_samples(place)
    for moment in range(3):
        hub = place.programs[-1] if moment else place.programs[0]
        pause(0.7 + 0.4 * moment)
        hub.stop(signal.SIGKILL)
        start_again(place, hub)
    check_once(all_since(place, now() + 3.0))


def test_the_agent_is_killed_while_the_hub_is_away(place: Bench) -> None:
    place.start_hub()
    place.login()
    key = place.add_server("web-1")
    agent = place.start_agent("web-1", key)
    until(lambda: len(samples(place)) >= 3, what="samples")
    hub = place.programs[0]
    hub.stop()
    pause(4.0)
    died = now()
    agent.stop(signal.SIGKILL)
    start_again(place, hub)
    place.start_agent("web-1", key)
    until(lambda: max(row.value for row in samples(place)) > died + 3.0, what="new samples")
    until(lambda: sum(died - 5.0 < row.value <= died for row in samples(place)) >= 4, what="old")
    before = [row for row in samples(place) if row.value <= died]
    check_once(before)
    values = [row.value for row in samples(place)]
    assert len(set(values)) == len(values)


@pytest.mark.root
@pytest.mark.parametrize("seconds", [pytest.param(DEAD_AFTER + 3.0, id="short"), OUTAGES[1]])
def test_the_cable_is_pulled(place: Bench, seconds: float) -> None:
    with network() as net:
        place.start_hub(None, "--host", "0.0.0.0", "--insecure")
        port = place.url.rpartition(":")[2]
        place.url = f"http://127.0.0.1:{port}"
        place.login()
        key = place.add_server("web-1")
        given = {"CHATOPS_HUB": f"http://{net.host}:{port}", "CHATOPS_KEY": key}
        words = ["agent", "--insecure", "--interval", "1s", "--data-dir", str(place.folder / "a")]
        log = place.folder / "agent.log"
        place.programs.append(Program(words, {**place.environ, **given}, log, net.within))
        until(lambda: len(samples(place)) >= 3, what="samples")
        with net.unplugged():
            pause(seconds)
            back = now()
        check_once(all_since(place, back + 3.0))
        place.close()
