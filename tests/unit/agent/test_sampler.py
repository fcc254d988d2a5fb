"""Samples: whole on this host, honest where something is missing, bounded."""

from __future__ import annotations

import threading
from typing import Any

from chatops.agent.sampler import Sampler, default_collectors
from chatops.protocol import codec
from chatops.protocol.limits import MAX_SERIES
from chatops.protocol.messages import Metrics
from chatops.protocol.metrics import Disk, DiskIO, Network, Temperature
from tests.support.waiting import until_async


async def test_a_sample_of_this_host_is_whole() -> None:
    sampler = Sampler()
    first = await sampler.sample()
    assert first.missing == {}
    assert first.cpu.count
    assert first.memory.total
    assert first.uptime_s
    assert first.process_count
    assert len(first.load) == 3
    assert "/" in [disk.mount for disk in first.disks]
    assert "lo" in [one.interface for one in first.network]
    sampler.close()


async def test_a_mount_that_hangs_leaves_the_others() -> None:
    release = threading.Event()
    mounts = {
        "disk:/": lambda: Disk("/", total=1),
        "disk:/mnt/nfs": release.wait,
        "disk:/var": lambda: Disk("/var", total=2),
    }
    collectors = {**default_collectors(), "disks": lambda: mounts}
    sampler = Sampler(collectors, limit=0.2)
    sample = await sampler.sample()
    assert [disk.mount for disk in sample.disks] == ["/", "/var"]
    assert sample.missing == {"disk:/mnt/nfs": "did not answer within 0.2 s"}
    assert sample.memory.total
    again = await sampler.sample()
    assert list(again.missing) == ["disk:/mnt/nfs"]
    assert sampler.stuck == {"disk:/mnt/nfs"}
    release.set()
    await until_async(lambda: not sampler.stuck)
    sampler.close()


async def test_a_collector_that_fails_is_named_and_never_a_zero() -> None:
    def broken() -> Any:
        raise OSError(5, "Input/output error")

    sampler = Sampler({"memory": broken, "load": lambda: [1.0, 1.0, 1.0]})
    sample = await sampler.sample()
    assert sample.memory.percent is None
    assert sample.missing == {"memory": "Input/output error"}
    sampler.close()


async def test_series_are_bounded_and_every_name_is_there_once() -> None:
    collectors = {
        "network": lambda: [Network(f"n{n % 1500}") for n in range(3000)],
        "disk_io": lambda: [DiskIO(f"d{n}") for n in range(600)],
        "temperatures": lambda: [Temperature("t")],
        "disks": lambda: {"disk:/": lambda: Disk("/")},
    }
    sampler = Sampler(collectors)
    sample = await sampler.sample()
    names = [one.interface for one in sample.network]
    assert len(names) == len(set(names)) == 1500
    assert len(sample.disk_io) == MAX_SERIES - 1501
    assert sample.temperatures == []
    sampler.close()


async def test_the_oddest_names_can_be_sent() -> None:
    odd = b"/mnt/\xff\n".decode("utf-8", "surrogateescape")

    def broken() -> Any:
        raise OSError(5, odd)

    sampler = Sampler({"disks": lambda: {f"disk:{odd}": broken}})
    sample = await sampler.sample()
    frame = codec.encode(Metrics(epoch="e", seq=1, ts=0.0, data=sample))
    assert codec.from_agent().decode(frame)
    sampler.close()
