"""Events of agents are thinned out, and none is missing without a word."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from chatops.protocol.limits import EVENT_BURST, EVENT_EVERY
from chatops.server.services.event_pace import EventPace, Kind, Moment

SERVERS = st.sampled_from(["a", "b"])
PASSED = st.sampled_from([0.0, 0.1, EVENT_EVERY / 2, EVENT_EVERY])
STEPS = st.lists(st.tuples(SERVERS, PASSED), max_size=200)


def moment(server: str = "a", ts: float = 0.0, event: Kind = "connected") -> Moment:
    return Moment(event, server, ts)


def left_out(recorded: Moment) -> int:
    found = re.search(r"(\d+) events? before this one left out", recorded.reason or "")
    return int(found[1]) if found else 0


def test_a_burst_is_recorded_as_it_is() -> None:
    pace = EventPace()
    for number in range(EVENT_BURST):
        assert pace.admit(moment(ts=number), 0.0) == moment(ts=number)
    assert pace.admit(moment(), 0.0) is None
    assert pace.admit(moment("b"), 0.0) == moment("b")


def test_the_last_one_is_kept_back_and_tells_of_the_others() -> None:
    pace = EventPace()
    for number in range(EVENT_BURST + 3):
        pace.admit(moment(ts=number), 0.0)
    assert (len(pace), pace.due(1.0)) == (1, [])
    (late,) = pace.due(EVENT_EVERY)
    assert late == moment(ts=EVENT_BURST + 2)._replace(reason="2 events before this one left out")
    assert (len(pace), pace.due(9 * EVENT_EVERY)) == (0, [])


def test_the_next_one_that_has_room_tells_of_the_others() -> None:
    pace = EventPace()
    for _ in range(EVENT_BURST + 1):
        pace.admit(moment(), 0.0)
    admitted = pace.admit(moment()._replace(reason="revoked"), EVENT_EVERY)
    assert admitted is not None
    assert admitted.reason == "revoked; 1 event before this one left out"


@given(STEPS)
def test_all_are_accounted_for_and_the_newest_is_always_there(
    steps: list[tuple[str, float]],
) -> None:
    pace, now = EventPace(), 0.0
    recorded: dict[str, list[Moment]] = {"a": [], "b": []}
    counts, newest = {"a": 0, "b": 0}, {"a": 0.0, "b": 0.0}
    for server, passed in steps:
        now += passed
        counts[server] += 1
        newest[server] = now
        found = [pace.admit(moment(server, now), now), *pace.due(now)]
        for one in found:
            if one is not None:
                recorded[one.server_id or ""].append(one)
    for one in pace.rest():
        recorded[one.server_id or ""].append(one)
    for server, kept in recorded.items():
        assert len(kept) + sum(map(left_out, kept)) == counts[server]
        assert len(kept) <= EVENT_BURST + now / EVENT_EVERY + 1
        assert [one.ts for one in kept] == sorted(one.ts for one in kept)
        assert not kept or kept[-1].ts == newest[server]
