"""What ends the watching: no signal is left lying while a read waits for its next byte."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatops.cli.context import Cli, Common
from chatops.cli.running import stopping
from chatops.cli.running.stopping import Left, Stopper
from tests.support.fake_hub import FakeHub, Reply, error


@pytest.fixture
def stopper() -> Iterator[Stopper]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    made = Stopper(Cli(Common(output="table")), several=False, detaches=True)
    made.listen()
    yield made
    made.release()
    for number, handler in before.items():
        signal.signal(number, handler)


def test_reads_are_interrupted_as_long_as_signals_are_taken(stopper: Stopper) -> None:
    assert 0 < signal.getitimer(signal.ITIMER_REAL)[1] <= 0.5
    stopper.release()
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_a_read_that_is_interrupted_for_nothing_goes_on(stopper: Stopper) -> None:
    ours, theirs = socket.socketpair()
    seen: list[int] = []
    signal.signal(signal.SIGALRM, lambda number, _: (seen.append(number), theirs.send(b"x")))
    with ours, theirs:
        assert ours.recv(1) == b"x"
    assert seen


def test_who_detaches_leaves_at_the_first_signal(stopper: Stopper) -> None:
    with pytest.raises(Left):
        os.kill(os.getpid(), signal.SIGINT)
    assert stopper.by is signal.SIGINT


def test_who_leaves_still_has_the_run_cancelled_by_a_busy_hub(
    hub: FakeHub, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at = "2026-01-01T00:00:00.000Z"
    run = {"id": "r1", "target": "web-1", "command": "x", "user": None, "created_at": at,
           "finished_at": None, "counts": {}, "commands": []}  # fmt: skip
    answers = [error(503, "busy", "the hub is still writing that down"), Reply(body=run)]
    hub.on("POST /runs/r1/cancel", lambda _: answers.pop(0))
    made = Stopper(Cli(Common(hub=hub.url, token="t")), several=False)
    made.taken("r1")
    made.leave()
    assert hub.paths() == ["POST /runs/r1/cancel"] * 2
    assert "not waiting for the end" in capsys.readouterr().err


def test_who_leaves_is_told_that_the_hub_has_not_answered(
    hub: FakeHub, config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stopping, "LEAVING", 0.1)
    hub.on("POST /runs/r1/cancel", lambda _: error(503, "busy", "the hub has much to do"))
    made = Stopper(Cli(Common(hub=hub.url, token="t")), several=False)
    made.taken("r1")
    made.leave()
    waiting, unsaid = capsys.readouterr().err.splitlines()
    assert waiting == "not waiting for the end; `chatops commands wait r1` does"
    assert unsaid.endswith("`chatops commands cancel r1` asks again")
