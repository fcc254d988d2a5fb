"""Hundreds of agents that come back at once to a hub that was killed while it committed."""

from __future__ import annotations

import re
import signal
import time
from urllib.parse import urlsplit

from benchmarks.swarm.behaviour import Behaviour
from benchmarks.swarm.keys import names, seed_servers
from tests.support.processes import Bench
from tests.support.swarm import SwarmAgent, swarm
from tests.support.waiting import pause, until

AGENTS = 500
BACK_WITHIN = 30.0
"""Seconds from the moment when the hub is ready."""
_ERROR = re.compile(rb"^\S+Z (error|critical) .*|^Traceback", re.MULTILINE)


def test_a_fleet_comes_back_at_once_and_live_data_first(place: Bench) -> None:
    keys = seed_servers(place.folder / "hub", names(AGENTS))
    place.start_hub()
    place.login()
    behaviour = Behaviour(interval=1.0, connect_rate=250)
    with swarm(place.url, keys, behaviour=behaviour) as agents:
        pause(2.0)
        place.programs[-1].stop(signal.SIGKILL)
        killed = time.monotonic()
        pause(5.0)
        hub = place.start_hub(None, "--port", str(urlsplit(place.url).port))
        ready = time.monotonic()

        def caught_up(agent: SwarmAgent) -> bool:
            return agent.caught_up_at is not None and agent.caught_up_at > killed

        until(lambda: all(map(caught_up, agents)), within=90, what="the samples of the outage")
        assert max(agent.connected_at for agent in agents) - ready < BACK_WITHIN
        assert all((a.live_at or 0.0) <= (a.caught_up_at or 0.0) for a in agents), "old ones first"
        assert _ERROR.findall(hub.said) == []
        for agent in agents[:: AGENTS // 10]:
            check_once(place, agent)


def check_once(place: Bench, agent: SwarmAgent) -> None:
    """All that the hub has acked is in the history, and nothing twice."""
    acked = agent.spool.last - len(agent.spool.taken)
    with place.client() as client:
        rows = client.metrics.history(agent.name, ["cpu"], since=time.time() - 600)
        times = [row.ts for row in rows]
    assert len(set(times)) == len(times)
    assert acked <= len(times) <= agent.spool.last
