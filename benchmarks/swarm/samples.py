"""What agents of a swarm measure: a random walk, encoded once and shared by all.

To make a sample costs more than to send it. So the walk is made of STEPS samples of a host
with four cores, and every agent walks through them, to and fro, from a place of its own.
"""

from __future__ import annotations

import random
from collections import OrderedDict
from typing import Final

import msgspec

from chatops.protocol.limits import MAX_UNACKED
from chatops.protocol.metrics import (
    AgentCost,
    Cpu,
    Disk,
    DiskIO,
    Memory,
    Network,
    Process,
    Processes,
    Sample,
    Swap,
    Temperature,
    Units,
)

STEPS: Final = 512
RESEND_SECONDS: Final = 30.0
"""A sample that was not acked for so long is sent again, as by a real agent."""
KEPT: Final = 17_280
"""Samples that are kept for the hub, a day at 5 s; then the oldest go."""
_GIB: Final = 2**30
_CORES: Final = 4
_PROCESSES: Final = 5
"""Processes in each of the two lists of the largest."""
_PROCESSES_EVERY: Final = 6
"""Of so many samples one has them."""
_MOUNTS: Final = (("/", "/dev/sda1", 40), ("/srv", "/dev/sdb1", 200), ("/boot", "/dev/sda2", 1))


class Walk:
    """STEPS samples of one host, each as JSON text."""

    def __init__(self, seed: int = 1) -> None:
        host = _Host(random.Random(seed))
        encode = msgspec.json.Encoder().encode
        there = [encode(host.sample()) for _ in range(STEPS)]
        self._texts: Final = there + there[::-1]

    def text(self, step: int) -> bytes:
        """The sample at a step, which may be any number: the walk has no end and no leap."""
        return self._texts[step % len(self._texts)]


class Spool:
    """The samples that an agent has and the hub has not acked, by number, and which goes next.

    The rule is the real agent's: in a session the newest goes first; those of an outage follow,
    oldest first, in half of the window of those that are under way.
    """

    def __init__(self) -> None:
        self.taken: OrderedDict[int, float] = OrderedDict()
        """When each was measured, Unix seconds."""
        self.window = MAX_UNACKED
        self._seq = 0
        self._sent: OrderedDict[int, float] = OrderedDict()
        self._live: list[int] = []
        self._old: list[int] = []

    @property
    def last(self) -> int:
        """The number of the newest sample."""
        return self._seq

    @property
    def first(self) -> int:
        """The number of the oldest sample that is not acked; of the next one if all are."""
        return next(iter(self.taken), self._seq + 1)

    @property
    def waits(self) -> bool:
        """Whether samples wait for room."""
        return bool(self._live or self._old)

    @property
    def has_room(self) -> bool:
        """Whether one more may be under way."""
        return len(self._sent) < self.window

    def take(self, ts: float) -> int:
        """A sample measured at ``ts``; its number."""
        self._seq += 1
        self.taken[self._seq] = ts
        self._live.append(self._seq)
        if len(self.taken) > KEPT:
            self._forget(next(iter(self.taken)))
        return self._seq

    def restart(self, window: int) -> None:
        """A session begins: nothing is under way."""
        self.window = max(window, 1)
        self._sent.clear()
        waiting = list(self.taken)
        self._live, self._old = waiting[-1:], waiting[-2::-1]

    def next(self, now: float, *, wild: bool = False) -> int | None:
        """The number of what goes now, if anything; ``now`` is when it does. A ``wild`` agent
        does not care how many are under way."""
        seq = self._pop(self._live, self.window if not wild else len(self._sent) + 1)
        if seq is None:
            seq = self._pop(self._old, self.window // 2)
        if seq is not None:
            self._sent[seq] = now
        return seq

    def ack(self, seq: int) -> float | None:
        """When a sample went that the hub has committed; None for one that is not under way."""
        self.taken.pop(seq, None)
        return self._sent.pop(seq, None)

    def take_back(self, now: float) -> None:
        """Put in line again what went long ago and was not acked."""
        while self._sent:
            seq, at = next(iter(self._sent.items()))
            if at > now - RESEND_SECONDS:
                return
            del self._sent[seq]
            self._old.append(seq)

    def _pop(self, line: list[int], window: int) -> int | None:
        while line and len(self._sent) < window:
            seq = line.pop()
            if seq in self.taken:
                return seq
        return None

    def _forget(self, seq: int) -> None:
        self.taken.pop(seq, None)
        self._sent.pop(seq, None)


class _Host:
    """A host whose values wander."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._at: dict[str, float] = {}
        self._uptime = 86_400.0 * 30
        self._taken = 0

    def sample(self) -> Sample:
        self._uptime += 5.0
        return Sample(
            cpu=self._cpu(),
            load=[self._walk(f"load{minutes}", 0, 4, 0.05) for minutes in (1, 5, 15)],
            memory=self._memory(),
            swap=Swap(2 * _GIB, used := self._size("swap", 2), round(used / _GIB * 50, 2)),
            disks=[self._disk(*mount) for mount in _MOUNTS],
            disk_io=[self._disk_io(device) for device in ("sda", "sdb")],
            network=[self._network(name) for name in ("lo", "eth0", "eth1")],
            temperatures=[
                Temperature(name, self._walk(name, 30, 80, 0.5, 1))
                for name in ("coretemp Package id 0", "nvme Composite")
            ],
            uptime_s=self._uptime,
            process_count=int(self._walk("processes", 150, 300, 2)),
            processes=self._processes(),
            units=Units(failed=0),
            agent=AgentCost(self._walk("own", 0.05, 0.3, 0.01), 33 << 20, 0, 0),
        )

    def _processes(self) -> Processes | None:
        """Now and then, as an agent sends them."""
        self._taken += 1
        if self._taken % _PROCESSES_EVERY != 1:
            return None
        found = [
            Process(
                1000 + number, 1, "www-data", f"worker-{number}",
                f"/usr/bin/worker-{number} --config /etc/worker/{number}.conf --threads 4",
                self._walk(f"p{number}", 0, 40, 2), 1.5, self._size("p", 1), 1.7e9 + number,
            )
            for number in range(_PROCESSES)
        ]  # fmt: skip
        return Processes(0.0, found, found)

    def _walk(self, name: str, low: float, high: float, step: float, digits: int = 2) -> float:
        """The next value of a name, between the bounds."""
        before = self._at.get(name)
        if before is None:
            before = self._chance.uniform(low, high)
        value = min(max(before + self._chance.gauss(0, step), low), high)
        self._at[name] = value
        return round(value, digits)

    def _size(self, name: str, gib: int) -> int:
        return int(self._walk(name, 0.1 * gib, 0.9 * gib, gib / 2000, 9) * _GIB) & ~0xFFF

    def _cpu(self) -> Cpu:
        cores = [self._walk(f"core{number}", 0, 100, 2) for number in range(_CORES)]
        percent = round(sum(cores) / _CORES, 2)
        system = round(percent * self._walk("system", 0.1, 0.4, 0.01), 2)
        iowait, steal = self._walk("iowait", 0, 5, 0.1), self._walk("steal", 0, 1, 0.02)
        user = round(percent - system, 2)
        return Cpu(percent, cores, _CORES, user, system, iowait, steal)

    def _memory(self) -> Memory:
        used = self._size("memory", 16)
        return Memory(16 * _GIB, used, 16 * _GIB - used, round(used / _GIB / 0.16, 2))

    def _disk(self, mount: str, device: str, gib: int) -> Disk:
        used = self._size(mount, gib)
        percent, inodes = round(used / gib / _GIB * 100, 2), self._walk(f"i{mount}", 1, 30, 0.01)
        free = gib * _GIB - used
        return Disk(mount, device, "ext4", gib * _GIB, used, percent, free, inodes)

    def _disk_io(self, device: str) -> DiskIO:
        names = ("read", "write", "reads", "writes")
        rates = [self._walk(device + name, 0, 5e6, 1e5, 1) for name in names[:2]]
        rates += [self._walk(device + name, 0, 500, 10, 2) for name in names[2:]]
        return DiskIO(device, rates[0], rates[1], rates[2], rates[3])

    def _network(self, name: str) -> Network:
        rates = [self._walk(name + way, 0, 1e7, 1e5, 1) for way in ("rx", "tx")]
        packets = [self._walk(name + way, 0, 9000, 100, 2) for way in ("rxp", "txp")]
        return Network(name, rates[0], rates[1], packets[0], packets[1], 0.0)
