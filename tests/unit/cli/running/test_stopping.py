"""What ends the watching: no signal is left lying while a read waits for its next byte."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator

import pytest

from chatops.cli.context import Cli, Common
from chatops.cli.running.stopping import Left, Stopper


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
