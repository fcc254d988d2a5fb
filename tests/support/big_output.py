"""Much output and a reader that sleeps: every byte comes, nobody grows, samples go on.

With many servers a few real agents are measured, and a swarm in the test's own process stands
for the rest.
"""

from __future__ import annotations

import hashlib
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Final

from chatops.client import Client
from chatops.errors import NotFound, TooManyRequests
from chatops.server.api.run_stream import WATCHER_STALL
from tests.support.memory import Growth, MiB
from tests.support.processes import PROGRAM, Bench
from tests.support.swarm import LINE, swarm
from tests.support.waiting import pause, until

MOST: Final = 16 * MiB
"""How much hub and agent may grow, each."""
Peaks = dict[str, int]
"""Bytes of growth by the program's name: ``hub``, or the server of an agent."""
MB: Final = 1_000_000
ASLEEP: Final = WATCHER_STALL / 3
"""Seconds after which a reader sleeps no further sample: the hub leaves who takes nothing for
long, and on a busy machine samples take their time."""
_BLOCK: Final = 64 * 1024
WRITE: Final = """#!/bin/sh
yes "$(head -c 999 /dev/zero | tr '\\0' 0)" | head -c "$1"
"""
"""What the swarm does on ``write N``, for real agents."""


@contextmanager
def exec_of(place: Bench, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """A running ``chatops exec`` whose output is read by the test."""
    line = [*PROGRAM, "exec", *words]
    with subprocess.Popen(
        line, env=place.environ, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as watcher:  # fmt: skip
        try:
            yield watcher
        finally:
            watcher.kill()


def pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream


def digest(stream: IO[bytes]) -> tuple[int, str]:
    """Read to the end: how many bytes, and their hash."""
    count, found = 0, hashlib.sha256()
    while data := stream.read(_BLOCK):
        count += len(data)
        found.update(data)
    return count, found.hexdigest()


def zeros(count: int) -> str:
    """The hash of so many zeros."""
    found, block = hashlib.sha256(), bytes(_BLOCK)
    for _ in range(count // _BLOCK):
        found.update(block)
    found.update(bytes(count % _BLOCK))
    return found.hexdigest()


def sample_time(place: Bench, server: str = "web-1") -> str:
    """The time of the last sample that the hub has."""
    taken: str = place.run("metrics", "show", server, "-o", "json").json()["ts"]
    return taken


def wait_for_samples(place: Bench, count: int, server: str = "web-1") -> None:
    """Until so many more samples of a server came."""
    for _ in range(count):
        last = sample_time(place, server)
        until(lambda: sample_time(place, server) != last, what=f"a sample of {server}")  # noqa: B023


def naps(count: int) -> Iterator[None]:
    """So many times, or as often as a reader may go on sleeping."""
    end = time.monotonic() + ASLEEP
    for _ in range(count):
        if time.monotonic() < end:
            yield


def programs(place: Bench) -> dict[str, int]:
    """The hub's and the agent's process ids."""
    hub, agent = place.programs[:2]
    return {"hub": hub.process.pid, "agent": agent.process.pid}


def sleeping_reader(place: Bench, size: int, samples: int) -> Peaks:
    """Much output of ``web-1`` to a reader that sleeps while samples come, then reads; what
    hub and agent grew by at most."""
    warm = place.run("exec", "web-1", "head -c 8000000 /dev/zero")
    assert (warm.code, len(warm.stdout)) == (0, 8 * MB)
    grown = {name: Growth(pid) for name, pid in programs(place).items()}
    with exec_of(place, "web-1", f"head -c {size} /dev/zero") as watcher:
        for _ in naps(samples):
            wait_for_samples(place, 1)
        assert watcher.poll() is None
        assert digest(pipe(watcher.stdout)) == (size, zeros(size))
        assert watcher.wait(30) == 0, pipe(watcher.stderr).read()
    wait_for_samples(place, 1)
    return {name: growth.peak for name, growth in grown.items()}


def many_servers(hub: Bench, count: int, real: int, samples: int) -> Peaks:
    """A megabyte from each of many servers to a reader that sleeps while samples of all come,
    then reads; what the hub and the ``real`` agents grew by at most."""
    names = [f"s{number:03}" for number in range(count)]
    with hub.client() as client:
        keys = {name: key_of(client, name) for name in names}
    pids = {"hub": hub.programs[0].process.pid}
    for name in names[:real]:
        pids[name] = hub.start_agent(name, keys.pop(name), "--allow", "exec").process.pid
    program = hub.folder / "write"
    program.write_text(WRITE)
    program.chmod(0o700)
    words = ("--env", f"PATH={hub.folder}:/usr/bin:/bin", "--parallel", str(count), "all")
    with swarm(hub.url, keys) as others, hub.client() as client:
        warm = hub.run("exec", *words, f"write {20 * len(LINE)}")
        assert (warm.code, len(warm.stdout.splitlines())) == (0, 20 * count), warm.err[-2000:]
        grown = {name: Growth(pid) for name, pid in pids.items()}
        with exec_of(hub, *words, f"write {MB}") as watcher:
            first = pipe(watcher.stdout).read(1)
            for _ in naps(samples):
                wait_for_all(client, names)
            assert watcher.poll() is None
            assert [agent.name for agent in others if not agent.connected] == []
            first += pipe(watcher.stdout).readline()
            found = Counter((first, *pipe(watcher.stdout)))
            assert watcher.wait(60) == 0, pipe(watcher.stderr).read()[-2000:]
        peaks = {name: growth.peak for name, growth in grown.items()}
    assert found == {name.encode() + b" | " + LINE: MB // len(LINE) for name in names}
    return peaks


def key_of(client: Client, name: str) -> str:
    """The key of a new server."""
    made = client.servers.create(name, key=True).key
    assert made is not None
    return made.key


def wait_for_all(client: Client, names: list[str]) -> None:
    """Until a new sample of every server came."""
    begin = {name: time_of_sample(client, name) for name in names}
    waiting = set(names)

    def come() -> bool:
        waiting.difference_update(
            [name for name in waiting if time_of_sample(client, name) != begin[name]]
        )
        return not waiting

    until(come, within=30, what="samples of all servers")


def time_of_sample(client: Client, name: str) -> str | None:
    while True:
        try:
            return client.metrics.latest(name).ts
        except NotFound:
            return None
        except TooManyRequests:  # the hub's limit for one address is meant for us too
            pause(0.1)
