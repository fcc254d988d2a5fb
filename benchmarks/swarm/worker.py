"""A swarm in a process of its own, and the object by which others talk to it."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Final, Self

import uvloop

from benchmarks.swarm.agent import Hub
from benchmarks.swarm.behaviour import Behaviour
from benchmarks.swarm.figures import Figures
from benchmarks.swarm.swarm import Swarm, many_files
from chatops.tasks import Tasks

_spawn: Final = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Plan:
    """Everything that a worker needs to begin."""

    url: str
    keys: Mapping[str, str]
    behaviour: Behaviour
    addresses: int = 0


class Worker:
    """The other end: a process that lives as long as the ``with`` block."""

    def __init__(self, plan: Plan) -> None:
        self._pipe, theirs = _spawn.Pipe()
        self._process = _spawn.Process(target=_main, args=(plan, theirs), name="swarm")
        self._process.start()
        theirs.close()

    @property
    def pid(self) -> int:
        """Of its process."""
        assert self._process.pid is not None
        return self._process.pid

    def take(self) -> Figures:
        """What happened since the last call.

        Raises:
            EOFError: the process is gone.
        """
        self._pipe.send("take")
        found: Figures = self._pipe.recv()
        return found

    def behave(self, behaviour: Behaviour) -> None:
        """Go on in another way."""
        self._pipe.send(behaviour)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._pipe.close()
        self._process.join(10)
        self._process.kill()
        self._process.join()


class Workers:
    """Several as one; each has its share of the agents."""

    def __init__(self, plan: Plan, processes: int = 1) -> None:
        items = list(plan.keys.items())
        self.workers: Final = [
            Worker(Plan(plan.url, dict(items[one::processes]), plan.behaviour, plan.addresses))
            for one in range(processes)
        ]

    def take(self) -> Figures:
        """What happened since the last call, in all of them."""
        whole = Figures()
        for worker in self.workers:
            whole.merge(worker.take())
        return whole

    def behave(self, behaviour: Behaviour) -> None:
        """Go on in another way."""
        for worker in self.workers:
            worker.behave(behaviour)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: Any) -> None:
        for worker in self.workers:
            worker.__exit__(*exc)


def _main(plan: Plan, pipe: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started it ends it
    many_files()
    uvloop.run(_live(plan, pipe))
    os._exit(0)  # thousands of sockets are closed faster by the kernel


async def _live(plan: Plan, pipe: Connection) -> None:
    swarm = Swarm(Hub(plan.url), plan.keys, plan.behaviour, plan.addresses)
    loop = asyncio.get_running_loop()
    over = asyncio.Event()

    def listen() -> None:
        try:
            asked = pipe.recv()
        except EOFError:
            loop.remove_reader(pipe.fileno())
            over.set()
            return
        if isinstance(asked, Behaviour):
            swarm.behave(asked)
        else:
            pipe.send(swarm.take())

    loop.add_reader(pipe.fileno(), listen)
    async with Tasks() as tasks:
        tasks.spawn(swarm.run(), name="swarm")
        await over.wait()
