"""Whatever an agent sends is bounded before it is kept."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
import pytest
from hypothesis import given

from chatops.protocol.limits import MAX_COMMAND_LINE, MAX_LABEL, MAX_SERIES
from chatops.protocol.metrics import (
    AgentCost,
    Container,
    Custom,
    Process,
    Processes,
    Sample,
    Units,
)
from chatops.server.services.metrics.bounds import bounded, text_of
from tests.support import strategies

LONG = "x" * 100_000


def longest(value: Any) -> int:
    """The longest text in some data, in characters."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, list):
        return max(map(longest, value), default=0)
    if isinstance(value, dict):
        return max((longest(one) for pair in value.items() for one in pair), default=0)
    fields = getattr(value, "__struct_fields__", ())
    return max((longest(getattr(value, name)) for name in fields), default=0)


def test_long_texts_are_cut() -> None:
    process = Process(pid=1, name=LONG, user=LONG, command=LONG)
    container = Container(LONG, LONG, LONG, LONG, LONG)
    sample = Sample(
        containers=[container], custom=[Custom(LONG, 1.0)], units=Units(1, [LONG]),
        agent=AgentCost(collectors={LONG: 1.0}), processes=Processes(1.0, [process], [process]),
    )  # fmt: skip
    found = bounded(sample, 5.0)
    assert longest(found) == MAX_COMMAND_LINE
    assert found.processes is not None
    assert (found.processes.ts, len(found.custom[0].name)) == (5.0, MAX_LABEL)


def test_many_entries_are_cut() -> None:
    sample = Sample(
        containers=[Container(str(n), str(n)) for n in range(MAX_SERIES + 5)],
        custom=[Custom("a")], units=Units(9999, [str(n) for n in range(9999)]),
        agent=AgentCost(collectors={str(n): 1.0 for n in range(9999)}),
        processes=Processes(1.0, [Process(n) for n in range(9999)]),
    )  # fmt: skip
    found = bounded(sample, 5.0)
    assert found.processes is not None
    lists = (found.units.names, found.agent.collectors, found.processes.by_cpu)
    assert [len(one) for one in lists] == [100, 64, 20]
    assert (len(found.containers), found.custom, found.units.failed) == (MAX_SERIES, [], 9999)
    assert found.missing["containers"] == f"5 of {MAX_SERIES + 5} cut by the hub"


@given(strategies.of(Sample))
def test_an_ordinary_sample_is_left_alone(sample: Sample) -> None:
    before, processes = copy.deepcopy(sample), sample.processes
    assert bounded(sample, processes.ts if processes else 0.0) == before


PLAIN = '{"cpu":{"percent":5.0},"load":[1,2,3],"disks":[{"mount":"/","new":[1]}]}'


def frame_of(text: str) -> str:
    return '{"type":"metrics","epoch":"e","seq":1,"ts":1.0,"data":' + text + ',"age":0.1}'


def test_a_short_sample_within_bounds_is_stored_as_it_came() -> None:
    sample = msgspec.json.decode(PLAIN, type=Sample)
    assert text_of(sample, 1.0, frame_of(PLAIN)) == PLAIN.encode()


@pytest.mark.parametrize(
    "text",
    [
        '{"load":[1,2,3,4]}',
        '{"units":{"names":["a.service"]}}',
        '{"missing":{"temperatures":"none"}}',
        '{"agent":{"collectors":{"cpu":0.1}}}',
        '{"processes":{"ts":7.0}}',
        '{"containers":[{"id":"a","name":"b"}]}',
        '{"network":[{"interface":"' + "x" * 257 + '"}]}',
        '{"custom":[' + ",".join(['{"name":"x"}'] * 400) + "]}",
    ],
)
def test_all_others_are_stored_as_they_are_bounded(text: str) -> None:
    sample, same = (msgspec.json.decode(text, type=Sample) for _ in range(2))
    assert text_of(sample, 1.0, frame_of(text)) == msgspec.json.encode(bounded(same, 1.0))


@given(sample=strategies.of(Sample))
def test_either_way_the_same_is_stored(sample: Sample) -> None:
    text = msgspec.json.encode(sample)
    stored = text_of(sample, 1.0, frame_of(text.decode()))
    same = msgspec.json.decode(text, type=Sample)
    again = msgspec.json.decode(msgspec.json.encode(bounded(same, 1.0)), type=Sample)
    assert msgspec.json.decode(stored, type=Sample) == again
