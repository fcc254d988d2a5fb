"""The journal of events: what was written survives, numbers rise, memory is bounded."""

from __future__ import annotations

import logging
from io import FileIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.agent import event_journal
from chatops.agent.event_journal import JUMP, EventJournal, Key, Note
from chatops.clock import FakeClock
from chatops.protocol.parts import LogLine


def note(number: int, *, shown: bool = True) -> Note:
    line = LogLine(ts=float(number), message=f"event {number}") if shown else None
    return Note("container:app", line, Key(number, "c", "start"))


def held(journal: EventJournal) -> list[str]:
    return [one.line.message for one in journal.after(0)]


def numbers(journal: EventJournal) -> list[int]:
    return [one.line.seq for one in journal.after(0)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events"


def opened(path: Path) -> EventJournal:
    """As the next agent finds it: the one before was killed, so nothing of it was closed."""
    return EventJournal(path, FakeClock())


def test_lines_survive_until_they_are_acked(path: Path) -> None:
    first = opened(path)
    assert first.is_new
    first.add([note(1), note(2), note(3, shown=False)])
    second = opened(path)
    assert (second.epoch, second.is_new) == (first.epoch, False)
    assert held(second) == ["event 1", "event 2"]
    assert all(second.knows(Key(n, "c", "start")) for n in (1, 2, 3))
    second.acked(numbers(second)[0])
    second.add([note(4)])
    second.acked(0)
    third = opened(path)
    assert held(third) == ["event 2", "event 4"]
    assert numbers(third)[1] > numbers(first)[-1] + JUMP // 2
    assert path.stat().st_mode & 0o777 == 0o600
    for one in (first, second, third):
        one.close()


ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(1, 5)),
        st.tuples(st.just("ack"), st.integers(0, 4)),
        st.tuples(st.just("kill"), st.integers(0, 30)),
    ),
    max_size=30,
)


@given(ACTS)
def test_whenever_the_agent_is_killed_nothing_is_lost_or_numbered_twice(
    tmp_path_factory: pytest.TempPathFactory, acts: list[tuple[str, int]]
) -> None:
    path = tmp_path_factory.mktemp("journal") / "events"
    journal, made, expected = opened(path), 0, list[str]()
    used: list[int] = []
    for what, count in acts:
        if what == "add":
            notes = [note(made + n) for n in range(1, count + 1)]
            journal.add(notes)
            made += count
            expected += [one.line.message for one in notes if one.line is not None]
            used += numbers(journal)[-count:]
        elif what == "ack":
            some = numbers(journal)[:count]
            journal.acked(some[-1] if some else 0)
            del expected[: len(some)]
        else:
            with path.open("ab") as file:
                file.write(b'["l","container:app",[1.0,"info","cut'[:count])
            journal.close()
            journal = opened(path)
        assert held(journal) == expected
        assert used == sorted(set(used))
    journal.close()


def test_when_too_many_wait_the_oldest_go_and_a_line_says_so(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_journal, "MAX_LINES", 100)
    monkeypatch.setattr(event_journal, "DROP", 30)
    journal = opened(path)
    for number in range(1, 201):
        journal.add([note(number)])
    again = opened(path)
    for one in (journal, again):
        first, *rest = held(one)
        lost = int(first.split()[0])
        assert first == f"{lost} lines about containers left out: too many waited for the hub"
        assert rest == [f"event {number}" for number in range(lost + 1, 201)]
        assert numbers(one) == sorted(numbers(one))
        one.close()


def test_the_file_and_the_memory_stay_small(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_journal, "_ROOM", 10_000)
    monkeypatch.setattr(event_journal, "KNOWN", 20)
    journal = opened(path)
    for number in range(1, 1000):
        journal.add([note(number)])
        journal.acked(numbers(journal)[-1])
        assert path.stat().st_size < 20_000
    journal.close()


def test_from_when_on_the_engine_is_asked(path: Path) -> None:
    clock = FakeClock()
    begun = int(clock.now() * 1e9)
    journal = EventJournal(path, clock)
    assert journal.since == begun
    clock.advance(1000)
    journal.reached()
    known = int(clock.now() * 1e9)
    assert journal.since == known - event_journal.OVERLAP
    clock.set(clock.now() - 500)
    assert journal.since == int(clock.now() * 1e9) - event_journal.OVERLAP
    clock.advance(500)
    journal.add([note(known - n) for n in range(event_journal.KNOWN + 5)])
    assert journal.since == known - 5
    assert not journal.knows(Key(known - 4, "c", "start"))
    journal.close()


def test_a_damaged_file_begins_anew(path: Path) -> None:
    path.write_bytes(b"\xff\xfe\n[1]\n{}\n" + b'["h",1,2,3]\n')
    journal = opened(path)
    assert journal.is_new
    journal.add([note(1)])
    assert held(journal) == ["event 1"]
    journal.close()


def test_a_disk_with_room_for_half_a_line_costs_no_other_line(path: Path) -> None:
    class Half(FileIO):
        def write(self, data: Any, /) -> int:
            return super().write(data[: len(data) // 2])

    journal = opened(path)
    whole = journal._file
    assert whole is not None
    with whole, Half(path, "ab") as half:
        journal._file = half
        journal.add([note(1)])
        journal._file = whole if journal._file is half else journal._file  # there is room again
        journal.add([note(2)])
        again = opened(path)
    assert held(again) == ["event 1", "event 2"]
    for one in (journal, again):
        one.close()


def test_without_room_on_the_disk_events_are_kept_in_memory(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    folder = tmp_path / "gone"
    journal = opened(folder / "events")
    journal.add([note(1)])
    journal.add([note(2)])
    assert held(journal) == ["event 1", "event 2"]
    assert len(caplog.records) == 1
    folder.mkdir()
    journal.add([note(3)])
    journal.close()
    again = opened(folder / "events")
    assert held(again) == ["event 1", "event 2", "event 3"]
    again.close()
