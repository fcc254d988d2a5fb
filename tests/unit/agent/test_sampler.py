"""Samples: whole on this host, honest where something is missing, bounded."""

from __future__ import annotations

import functools
import re
import threading
from pathlib import Path
from typing import Any

import pytest

from chatops.agent.collectors.textfile import TextfileCollector
from chatops.agent.sampler import Sampler, default_collectors
from chatops.protocol import codec
from chatops.protocol.limits import MAX_AGENT_FRAME, MAX_SERIES
from chatops.protocol.messages import Metrics
from chatops.protocol.metrics import (
    Custom,
    Disk,
    DiskIO,
    Memory,
    Network,
    Processes,
    Sample,
    Temperature,
    Units,
)
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


async def test_what_is_cut_is_said() -> None:
    collectors = {
        "disks": lambda: {
            f"disk:/m{n}": functools.partial(Disk, f"/m{n:05}") for n in range(10_000)
        },
        "network": lambda: [Network("eth0")],
    }
    sampler = Sampler(collectors)
    sample = await sampler.sample()
    assert [one.mount for one in sample.disks] == [f"/m{n:05}" for n in range(MAX_SERIES)]
    assert sample.network == []
    assert sample.missing == {
        "disks": f"of 10000 only the first {MAX_SERIES} are told",
        "network": "of 1 only the first 0 are told",
    }
    sampler.close()


async def test_a_sample_always_fits_into_a_frame() -> None:
    def broken() -> Any:
        raise OSError(5, "\x01" * 300)

    collectors = {
        **{f"{'m' * 250}{n}": broken for n in range(3000)},
        "network": lambda: [Network(f"{n}" + "\x01" * 250) for n in range(2000)],
    }
    sampler = Sampler(collectors)
    sample = await sampler.sample()
    assert 100 < len(sample.network) < 2000
    assert "network" in sample.missing
    frame = codec.encode(Metrics(epoch="e" * 16, seq=2**53, ts=1e9, data=sample, age=1e9))
    assert len(frame.encode()) < MAX_AGENT_FRAME
    sampler.close()


@pytest.mark.parametrize(
    ("part", "value", "left"),
    [
        ("load", [float("nan"), 1.0, 1.0], None),
        ("memory", Memory(total=2**64), None),
        ("memory", Memory(total=2**70), None),
        ("uptime_s", float("inf"), None),
        ("memory", Memory(total=5, percent=float("nan")), Memory(total=5)),
        ("network", [Network("a", rx_bps=float("inf"))], [Network("a")]),
    ],
)
async def test_what_is_no_number_is_nothing_and_the_rest_is_told(
    part: str, value: Any, left: Any
) -> None:
    sampler = Sampler({part: lambda: value, "process_count": lambda: 7})
    sample = await sampler.sample()
    assert sample.process_count == 7
    if left is not None:
        assert (getattr(sample, part), sample.missing) == (left, {})
    else:
        assert getattr(sample, part) == getattr(Sample(), part)
        assert sample.missing == ({part: "impossible values"} if part != "uptime_s" else {})
    frame = codec.encode(Metrics(epoch="e", seq=1, ts=0.0, data=sample))
    assert codec.from_agent().decode(frame)
    sampler.close()


async def test_rare_collectors_hold_or_come_with_one_sample() -> None:
    now, runs = [0.0], {"units": 0, "processes": 0}

    def counting(name: str, result: Any) -> Any:
        def job() -> Any:
            runs[name] += 1
            return result

        return job

    collectors = {
        "units": counting("units", Units(failed=2)),
        "processes": counting("processes", Processes(ts=1.0)),
        "process_count": lambda: 7,
    }
    sampler = Sampler(collectors, clock=lambda: now[0])
    found = []
    for moment in (0.0, 5.0, 25.0, 30.0):
        now[0] = moment
        found.append(await sampler.sample())
    assert [one.units.failed for one in found] == [2, 2, 2, 2]
    assert [one.processes is not None for one in found] == [True, False, False, True]
    assert [sorted(one.agent.collectors) for one in found][:2] == [sorted(collectors), []]
    assert runs == {"units": 2, "processes": 2}
    sampler.close()


async def test_a_slow_collector_is_left_out_for_a_while_and_that_is_said() -> None:
    now = [0.0]

    def slow() -> list[float]:
        threading.Event().wait(0.1)
        return [1.0] * 3

    sampler = Sampler({"load": slow}, clock=lambda: now[0])
    assert (await sampler.sample()).load == [1.0] * 3
    now[0] = 1.0
    waits = await sampler.sample()
    assert waits.load == []
    assert re.fullmatch(r"takes 0\.\d+ s, so it is measured every \d+s", waits.missing["load"])
    now[0] = 60.0
    assert (await sampler.sample()).load == [1.0] * 3
    sampler.close()


async def test_failed_units_that_could_not_be_asked_for_stay_unknown() -> None:
    now = [0.0]

    def broken() -> Any:
        raise TimeoutError("systemctl did not answer")

    sampler = Sampler({"units": broken}, clock=lambda: now[0])
    for moment in (0.0, 5.0):
        now[0] = moment
        sample = await sampler.sample()
        assert sample.units.failed is None
        assert sample.missing == {"units": "TimeoutError: systemctl did not answer"}
    sampler.close()


async def test_a_folder_of_values_names_its_bad_files(tmp_path: Path) -> None:
    (tmp_path / "a.prom").write_text('age{of="x"} 7\n')
    (tmp_path / "b.prom").write_text("half")
    collectors = default_collectors(textfile=TextfileCollector(tmp_path, 60.0))
    sampler = Sampler({"custom": collectors["custom"]})
    sample = await sampler.sample()
    assert sample.custom == [Custom('age{of="x"}', 7.0)]
    assert sample.missing == {"custom:b.prom": "its last line has no end: it is half written"}
    sampler.close()
