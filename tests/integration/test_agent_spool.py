"""The agent's samples through outages of the hub, its own death, and a disk without room."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatops.agent import settings
from chatops.protocol.messages import Metrics, MetricsGap
from tests.support.agents import agent_process, data_folder, local_agent
from tests.support.spools import disk_full, take
from tests.support.stand_in_hub import StandInHub, stand_in_hub
from tests.support.waiting import until, until_async

PACE = {"CHATOPS_AGENT_INTERVAL": "1s"}
MOMENTS = 50
"""Of the soak; each is a kill at random."""


def spool_folder() -> Path:
    return data_folder() / "spool"


def check_whole(hub: StandInHub, epochs: int = 1) -> Counter[int]:
    """Every number from the first to the last has come; how often each."""
    seen = hub.of(Metrics)
    assert len({one.epoch for one in seen}) == epochs
    counts = Counter(one.seq for one in seen)
    assert sorted(counts) == list(range(1, max(counts) + 1))
    return counts


async def test_what_is_taken_before_the_first_session_comes_too(unused_tcp_port: int) -> None:
    url = f"http://127.0.0.1:{unused_tcp_port}"
    async with local_agent(url, interval=1.0) as local:
        await until_async(lambda: len(local.agent.spool) >= 3)
        async with stand_in_hub(port=unused_tcp_port) as hub:
            await until_async(lambda: len(local.agent.spool) == 0)
            newest, *old = [one.seq for one in hub.of(Metrics)][:3]
            assert newest >= 3
            assert old == [1, 2]
            assert set(check_whole(hub).values()) == {1}
            ages = {one.seq: one.age for one in hub.of(Metrics)}
            assert None not in ages.values()
            assert (ages[1] or 0.0) > (ages[2] or 0.0) > 0.9


async def test_samples_survive_a_stop_and_the_next_agent_sends_them(unused_tcp_port: int) -> None:
    url = f"http://127.0.0.1:{unused_tcp_port}"
    async with local_agent(url, interval=1.0) as local:
        await until_async(lambda: len(local.agent.spool) >= 2)
        held, epoch = len(local.agent.spool), local.agent.spool.epoch
    async with stand_in_hub(StandInHub(interval=60.0)) as hub, local_agent(hub.url) as local:
        await hub.wait_for(Metrics, count=held + 2)
        await until_async(lambda: len(local.agent.spool) == 0)
        assert {one.epoch for one in hub.of(Metrics)} == {epoch}
        assert set(check_whole(hub).values()) == {1}


async def test_an_agent_that_is_killed_loses_nothing_and_sends_little_twice() -> None:
    hub = StandInHub(ack_metrics=False, interval=1.0)
    async with stand_in_hub(hub):
        with agent_process(hub.url, env=PACE) as agent:
            await hub.wait_for(Metrics, count=3)
            agent.send_signal(signal.SIGKILL)
            agent.wait()
        hub.ack_metrics = True
        with agent_process(hub.url, env=PACE) as agent:
            await hub.wait_for(Metrics, lambda one: one.seq > 4)
            agent.send_signal(signal.SIGKILL)
            agent.wait()
        acked = max(one.seq for one in hub.of(Metrics))
        with agent_process(hub.url, env=PACE):
            await hub.wait_for(Metrics, lambda one: one.seq > acked)
        counts = check_whole(hub)
        assert all(counts[number] == 2 for number in (1, 2, 3))
        assert sum(counts.values()) - len(counts) <= 4


async def kill_at_random_moments(moments: int, seed: int) -> None:
    chance = random.Random(seed)
    hub = StandInHub(interval=1.0)
    async with stand_in_hub(hub):
        for moment in range(moments):
            hub.ack_metrics = chance.random() < 0.7
            with agent_process(hub.url, env=PACE) as agent:
                count = len(hub.seen)
                if chance.random() < 0.8:
                    await hub.wait_for(Metrics, count=len(hub.of(Metrics)) + 1)
                    assert len(hub.seen) > count, f"seed {seed}, moment {moment}"
                await asyncio.sleep(chance.uniform(0, 0.5))  # the moment is what is tried here
                agent.send_signal(signal.SIGKILL)
                agent.wait()
        hub.ack_metrics = True
        with agent_process(hub.url, env=PACE):
            last = max(one.seq for one in hub.of(Metrics))
            await hub.wait_for(Metrics, lambda one: one.seq > last)
            await until_async(lambda: len({one.seq for one in hub.of(Metrics)}) > last)
        check_whole(hub)


async def test_kill_9_at_random_moments_loses_nothing() -> None:
    await kill_at_random_moments(4, seed=random.randrange(2**32))


@pytest.mark.soak
async def test_kill_9_at_many_random_moments_loses_nothing() -> None:
    await kill_at_random_moments(MOMENTS, seed=random.randrange(2**32))


async def test_what_does_not_fit_is_told_as_a_gap_until_that_is_acked(
    unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "LEAST_SPOOL", 1)
    url = f"http://127.0.0.1:{unused_tcp_port}"
    async with local_agent(url, interval=1.0, spool_size=50_000) as local:
        spool = local.agent.spool
        take(spool, 400)
        assert spool.size <= 50_000
        hub = StandInHub(ack_metrics=False)
        async with stand_in_hub(hub, port=unused_tcp_port):
            gap = await hub.wait_for(MetricsGap)
            assert (gap.epoch, gap.first, gap.reason) == (spool.epoch, 1, "full")
            assert gap.since < gap.until
            assert gap.age is not None
            hub.ack_metrics = True
            await hub.drop()
            again = await hub.wait_for(MetricsGap, count=2)
            assert (again.first, again.last) == (gap.first, gap.last)
            await until_async(lambda: len(spool) == 0)
            await hub.drop()
            await hub.connected(3)
            newest = max(one.seq for one in hub.of(Metrics))
            await hub.wait_for(Metrics, lambda one: one.seq > newest)
            assert len(hub.of(MetricsGap)) == 2
            got = {one.seq for one in hub.of(Metrics)}
            assert got == set(range(gap.last + 1, max(got) + 1))


async def test_without_a_disk_the_agent_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    hub = StandInHub(interval=1.0)
    async with stand_in_hub(hub), local_agent(hub.url) as local:
        await hub.wait_for(Metrics, count=2)
        with disk_full():
            await hub.wait_for(Metrics, count=4)
            await until_async(lambda: len(local.agent.spool) == 0)
        assert caplog.text.count("cannot be written") == 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MB."""
    assert os.geteuid() == 0, "this test mounts a tmpfs: run it as root"
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        until(lambda: not subprocess.run(["umount", folder], check=False).returncode)


def fill(path: Path) -> None:
    """Write until there is no room, to the last byte."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        for size in (65536, 1):
            try:
                while os.write(handle, b"x" * size):
                    pass
            except OSError:
                continue
    finally:
        os.close(handle)


@pytest.mark.root
async def test_a_full_disk_is_said_once_and_survived(small_disk: Path) -> None:
    hub = StandInHub(interval=1.0)
    async with stand_in_hub(hub):
        with agent_process(hub.url, env=PACE, data_dir=small_disk) as agent:
            await hub.wait_for(Metrics, count=2)
            fill(small_disk / "ballast")
            epoch = hub.of(Metrics)[0].epoch
            await hub.wait_for(Metrics, lambda one: one.epoch != epoch, count=2)
            (small_disk / "ballast").unlink()
            agent.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(agent.wait) == 0
            assert agent.stderr is not None
            said = agent.stderr.read()
        assert said.count("cannot be written") == 1
        assert "Traceback" not in said
        with agent_process(hub.url, env=PACE, data_dir=small_disk):
            count = len(hub.of(Metrics))
            await hub.wait_for(Metrics, count=count + 2)
        names = [(one.epoch, one.seq) for one in hub.of(Metrics)]
        assert len(set(names)) == len(names)


async def test_a_clock_that_is_off_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    hub = StandInHub(clock_ahead=60.0)
    async with stand_in_hub(hub), local_agent(hub.url):
        await hub.connected()
        await until_async(lambda: "behind the hub's" in caplog.text)
        await hub.drop()
        await hub.connected(2)
        hub.clock_ahead = 0.0
        await hub.drop()
        await hub.connected(3)
        await until_async(lambda: "agrees with the hub's again" in caplog.text)
        assert caplog.text.count("behind the hub's") == 1
