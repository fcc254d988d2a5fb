"""Spools for tests: on a real disk that can be made to fail, and what they say."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

from chatops.agent import store
from chatops.agent.segment import OnDisk
from chatops.agent.spool import Spool
from chatops.clock import FakeClock
from chatops.protocol import codec
from chatops.protocol.limits import MiB
from chatops.protocol.messages import Metrics, MetricsGap
from chatops.protocol.metrics import Cpu, Sample

Number = tuple[str, int]
"""What names a sample for ever: an epoch and a number in it."""


def open_spool(folder: Path, size: int = MiB, clock: FakeClock | None = None) -> Spool:
    return Spool(folder, size, clock or FakeClock())


def take(
    spool: Spool, count: int = 1, clock: FakeClock | None = None, every: float = 5.0
) -> list[Number]:
    """Append samples, one after the other."""
    clock = clock or FakeClock()
    taken = []
    for _ in range(count):
        sample = Sample(cpu=Cpu(percent=1.5))
        number = spool.append(clock.now(), clock.boottime(), sample)
        taken.append((spool.epoch, number))
        clock.advance(every)
    return taken


def read(frame: str | bytes | None) -> Metrics | MetricsGap | None:
    """What a hub reads."""
    if frame is None:
        return None
    message = codec.from_agent().decode(frame)
    assert isinstance(message, Metrics | MetricsGap)
    return message


def drain(spool: Spool) -> list[Metrics | MetricsGap]:
    """All that is to be sent, in order, each acked at once."""
    found = []
    while (message := read(spool.next_live() or spool.next_old())) is not None:
        found.append(message)
        spool.ack(message.epoch, message.last if isinstance(message, MetricsGap) else message.seq)
    return found


def numbers(messages: list[Metrics | MetricsGap]) -> list[int | tuple[int, int]]:
    """The numbers of samples, and of gaps the first and the last."""
    return [(one.first, one.last) if isinstance(one, MetricsGap) else one.seq for one in messages]


@contextlib.contextmanager
def disk_full() -> Iterator[None]:
    """While nothing can be written."""

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with (
        patch.object(OnDisk, "append", fail),
        patch.object(OnDisk, "create", fail),
        patch.object(store, "write_private", fail),
    ):
        yield


def segments(folder: Path) -> list[Path]:
    """The files of a spool that hold samples, the oldest first."""
    return sorted(folder.glob("*.jsonl"))
