"""What comes with a sample only now and then is shown with the others, for a while."""

from __future__ import annotations

import msgspec

from chatops.protocol.metrics import AgentCost, Process, Processes, Sample
from chatops.server.crud.metrics import OpenSample
from chatops.server.services.metrics.carried import FOR, newest_in_full

FULL = Sample(
    processes=Processes(ts=1.0, by_cpu=[Process(pid=1)]),
    agent=AgentCost(rss=1, collectors={"cpu": 0.5}),
)
PLAIN = Sample(agent=AgentCost(rss=2))


def row(number: int, ts: float, sample: Sample) -> OpenSample:
    found = dict.fromkeys(OpenSample._fields, None) | {"id": number, "ts": ts}
    return OpenSample(**(found | {"sample": msgspec.json.encode(sample)}))  # type: ignore[arg-type]


def seen(*rows: OpenSample) -> Sample:
    return msgspec.json.decode(newest_in_full(rows).sample, type=Sample)


def test_the_newest_gets_what_came_before_it() -> None:
    newest = seen(row(3, 30.0, PLAIN), row(1, 10.0, FULL), row(2, 20.0, PLAIN))
    assert newest.processes == FULL.processes
    assert newest.agent == AgentCost(rss=2, collectors={"cpu": 0.5})


def test_what_is_old_is_not_carried_on() -> None:
    assert seen(row(1, 10.0, FULL), row(2, 10.1 + FOR, PLAIN)) == PLAIN


def test_one_in_full_stays_as_it_is() -> None:
    newer = Sample(processes=Processes(ts=2.0))
    assert seen(row(1, 10.0, FULL), row(2, 11.0, newer)) == newer
