"""A stand-in agent beside a test that needs no event loop: it sends the sample that the test chose,
again and again, and is back by itself when the hub was away."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from chatops.protocol.codec import encode
from chatops.protocol.messages import Metrics
from chatops.protocol.metrics import Sample
from tests.support.hub import auth_message, sample

EVERY = 0.2
"""Seconds between two samples."""


class SamplingAgent:
    """One server's agent. ``sample`` is what it measures now; not ``connected`` it stays away."""

    def __init__(self, hub: str, key: str) -> None:
        self._url = f"ws{hub.removeprefix('http')}/api/v1/agents/ws"
        self._key = key
        self._number = 0
        self._over = threading.Event()
        self.sample: Sample = sample()
        self.connected = True
        self._thread = threading.Thread(target=self._live, name="sampling agent")
        self._thread.start()

    def cpu(self, percent: float) -> None:
        """Measure that from now on."""
        self.sample = sample(percent)

    def close(self) -> None:
        """End it."""
        self._over.set()
        self._thread.join()

    def _live(self) -> None:
        while not self._over.wait(EVERY):
            if not self.connected:
                continue
            try:
                with connect(self._url, compression=None, ping_interval=None) as socket:
                    socket.send(encode(auth_message(self._key)))
                    self._send_samples(socket)
            except (OSError, WebSocketException):  # the hub is away, or went
                continue

    def _send_samples(self, socket: ClientConnection) -> None:
        while msgspec.json.decode(socket.recv(timeout=10))["type"] != "auth_success":
            continue
        while self.connected and not self._over.wait(EVERY):
            self._number += 1
            message = Metrics(epoch="spool-1", seq=self._number, ts=time.time(), data=self.sample)
            socket.send(encode(message))
            while msgspec.json.decode(socket.recv(timeout=10))["type"] != "metrics_ack":
                continue


@contextmanager
def sampling_agent(hub: str, key: str) -> Iterator[SamplingAgent]:
    """An agent that is gone afterwards."""
    agent = SamplingAgent(hub, key)
    try:
        yield agent
    finally:
        agent.close()
