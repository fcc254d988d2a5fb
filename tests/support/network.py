"""A network namespace with one cable to this host, which can be pulled. Needs root."""

from __future__ import annotations

import contextlib
import os
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Network:
    """``within`` begins the command line of what runs in it; ``host`` is our address there."""

    name: str
    host: str

    @property
    def within(self) -> tuple[str, ...]:
        return ("ip", "netns", "exec", self.name)

    @contextlib.contextmanager
    def unplugged(self) -> Iterator[None]:
        """While the cable is out: nothing comes through, and nobody is told."""
        _ip("link", "set", self.name, "down")
        try:
            yield
        finally:
            _ip("link", "set", self.name, "up")


@contextlib.contextmanager
def network() -> Iterator[Network]:
    """Such a network, gone afterwards."""
    assert os.geteuid() == 0, "this test makes a network namespace: run it as root"
    name = f"co{uuid.uuid4().hex[:8]}"
    part = 1 + os.getpid() % 250
    made = Network(name, f"10.213.{part}.1")
    _ip("netns", "add", name)
    try:
        _ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
        _ip("addr", "add", f"{made.host}/30", "dev", name)
        _ip("link", "set", name, "up")
        _ip("-n", name, "addr", "add", f"10.213.{part}.2/30", "dev", "eth0")
        _ip("-n", name, "link", "set", "eth0", "up")
        yield made
    finally:
        _ip("netns", "del", name)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)
