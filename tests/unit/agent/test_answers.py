"""Answers that take time: in turn, to whoever asked and is still there, and bounded."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from chatops.agent import snapshot
from chatops.agent.answers import MAX_WAITING, Answers
from chatops.protocol.messages import Message, SnapshotRequest, SnapshotResponse
from chatops.protocol.parts import MountUse
from chatops.tasks import Tasks
from tests.support.waiting import until_async


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """The journal is not answered before this is set."""
    event = threading.Event()

    def journal() -> list[str]:
        event.wait(5)
        return ["a line"]

    monkeypatch.setattr(snapshot, "journal", journal)
    monkeypatch.setattr(snapshot, "mount_use", lambda mount: MountUse(path=mount))
    yield event
    event.set()


async def test_an_answer_comes_when_it_is_there(held: threading.Event) -> None:
    said: list[Message] = []
    answers = Answers()
    async with Tasks() as tasks:
        answers.connected(tasks, said.append)
        assert answers.snapshot(SnapshotRequest(id="1", mount="/var")) is None
        assert answers.snapshot(SnapshotRequest(id="2")) is None
        assert said == []
        held.set()
        await until_async(lambda: len(said) == 2)
    answers.close()
    assert said == [
        SnapshotResponse(id="1", journal=["a line"], mount=MountUse(path="/var")),
        SnapshotResponse(id="2", journal=["a line"]),
    ]


async def test_what_is_too_much_is_answered_with_nothing(held: threading.Event) -> None:
    answers = Answers()
    async with Tasks() as tasks:
        answers.connected(tasks, lambda _: None)
        for number in range(MAX_WAITING):
            assert answers.snapshot(SnapshotRequest(id=str(number))) is None
        assert answers.snapshot(SnapshotRequest(id="more")) == SnapshotResponse(id="more")
        held.set()
    answers.close()


async def test_whoever_is_gone_is_not_answered(held: threading.Event) -> None:
    said: list[Message] = []
    answers = Answers()
    async with Tasks() as tasks:
        answers.connected(tasks, said.append)
        answers.snapshot(SnapshotRequest(id="1"))
        answers.disconnected()
        held.set()
        await tasks.finished()
    assert said == []
    assert answers.snapshot(SnapshotRequest(id="2")) == SnapshotResponse(id="2")
    answers.close()
