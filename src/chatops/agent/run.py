"""One command from its start to its outcome.

started ──leader exits──────────────► drain the pipes (1 s at most) ──► succeeded | failed
   ├─────time limit──► TERM, KILL ──► the session is dead ─────────────► timed_out
   ├─────too much────► TERM, KILL ──► the session is dead ─────────────► cancelled
   ├─────cancelled───► TERM, KILL ──► the session is dead ─────────────► cancelled
   └─────not started───────────────────────────────────────────────────► failed (126, 127),
                                                        refused (its folder, its container)
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from chatops.agent.command_states import Life
from chatops.agent.container_launch import ContainerLaunch
from chatops.agent.docker_policy import DockerPolicy
from chatops.agent.engine import Engine, EngineError
from chatops.agent.exec_policy import ExecPolicy
from chatops.agent.exits import ExitStatus
from chatops.agent.folders import OutsideFolders
from chatops.agent.guard import Guard
from chatops.agent.launch import Launch
from chatops.agent.output import OutputBuffer, OutputStream
from chatops.agent.output_limit import OutputLimit
from chatops.agent.pipes import PipeReader
from chatops.agent.process import Process
from chatops.agent.sentences import cancelled, not_started, outside, time_limit_reached
from chatops.agent.spill import SpillFile
from chatops.agent.stdin import StandardInput, Tell
from chatops.clock import Clock
from chatops.protocol.messages import Command, CommandResponse, Outcome

DRAIN_SECONDS: Final = 1.0
TIMEOUT_GRACE: Final = 5.0
LAUNCH_GRACE: Final = 1.0
"""Seconds that a start may still take when the command is to end already."""


class Containers(NamedTuple):
    """Where commands in containers run, and in which."""

    engine: Engine
    policy: DockerPolicy


class Run:
    """A command that is known here: it runs, or its outcome waits for the hub's ack.

    ``life`` is where it stands, with its outcome once there is one. ``moved`` is called when a
    stream has something new to send, ``tell`` with what the hub is to know of the input.
    """

    output: type[OutputStream] = OutputStream
    input: type[StandardInput] = StandardInput
    limit_key: str = "timeout"
    """The key of the policy that bounds its time."""

    def __init__(
        self,
        command: Command,
        life: Life,
        bounds: ExecPolicy,
        containers: Containers,
        guard: Guard,
        clock: Clock,
        spill: SpillFile,
        moved: Callable[[OutputStream], None],
        tell: Tell,
    ) -> None:
        self.id: Final = command.id
        self.command: Final = command
        self.stdout: Final = self.output("stdout", OutputBuffer(spill))
        self.stderr: Final = self.output("stderr", OutputBuffer(spill))
        self.life: Final = life
        self._bounds = bounds
        self._containers = containers
        self._time = bounds.time_limit(command.timeout)
        self._room = OutputLimit(bounds.max_output)
        self._guard = guard
        self._clock = clock
        self._spill = spill
        self._moved = moved
        self._began = clock.monotonic()
        self._process: Process | None = None
        self._order: asyncio.Future[tuple[str, float]] = asyncio.get_running_loop().create_future()
        self.stdin: Final = self.input(tell, self._cut_off) if command.stdin else None

    @property
    def streams(self) -> tuple[OutputStream, OutputStream]:
        """Both output streams."""
        return self.stdout, self.stderr

    @property
    def unread(self) -> int:
        """Bytes of output that are held here and have never gone out."""
        return sum(stream.buffer.unread for stream in self.streams)

    @property
    def response(self) -> CommandResponse | None:
        """The outcome once there is one."""
        return self.life.response

    def end(self, reason: str, grace: float) -> None:
        """Ask for the end as ``cancelled``; later calls change nothing."""
        if self.life.end(reason):
            self._order.set_result((reason, grace))

    def regulate(self) -> None:
        """Brake or release the pipes, as the streams' watchers keep up."""
        if self._process is None:
            return
        _regulate(self.stdout, self._process.stdout)
        _regulate(self.stderr, self._process.stderr)

    def forget(self) -> None:
        """Give back the room of the output; nothing of it can be read any more."""
        self._close_stdin()
        self._spill.close()

    async def carry_out(self) -> None:
        """Run the command to its end; ``response`` is set then."""
        try:
            self._process = await self._launch()
        except OutsideFolders as error:
            sentence = outside(self._bounds, error)
            self._not_started("refused", None, "policy", sentence)
        except EngineError as error:
            self._not_started("refused", None, "container", error.message)
        except (OSError, ValueError) as error:
            code, sentence = not_started(self.command, error)
            self._not_started("failed", code, "spawn", sentence)
        if self._process is None:
            self._close_stdin()
            return
        self.life.started()
        try:
            self._feed(self._process)
            self.regulate()
            self.life.finish(await self._supervise(self._process))
        finally:
            self._close_stdin()
            self._process.release()
            self._count_output()

    def give_up(self) -> None:
        """Something of ours failed: make that the outcome."""
        sentence = "the agent had an internal fault and ended the command"
        self.life.finish(self._outcome("failed", ExitStatus(None, None), "internal", sentence))
        self._close_stdin()
        self._count_output()
        self._end_output()

    async def _launch(self) -> Process | None:
        """The process; None when it is not there in time, which is an outcome.

        Raises:
            OSError, ValueError: see Launch.
            EngineError: see ContainerLaunch.
        """
        launch = self._begin()
        try:
            await self._first_of(launch.started)
            if not launch.started.done():
                await asyncio.wait((launch.started,), timeout=LAUNCH_GRACE)
        except asyncio.CancelledError:
            launch.let_go()
            raise
        if launch.started.done():
            return launch.started.result()
        launch.let_go()
        self.life.end("timeout")
        ordered = self._order.done()
        state: Outcome = "cancelled" if ordered else "timed_out"
        reason = self._order.result()[0] if ordered else "timeout"
        self._not_started(state, None, reason, "the command hung before it had started")
        return None

    def _begin(self) -> Launch:
        stdout, stderr = (functools.partial(self._took, one) for one in self.streams)
        if self.command.container is None:
            return Launch(
                self.command.command, bounds=self._bounds, env=self.command.env,
                folder=self.command.cwd, guard=self._guard, stdout=stdout, stderr=stderr,
                stdin=self.stdin is not None,
            )  # fmt: skip
        engine, policy = self._containers
        return ContainerLaunch(
            self.command, engine=engine, policy=policy, bounds=self._bounds, guard=self._guard,
            stdout=stdout, stderr=stderr,
        )  # fmt: skip

    def _feed(self, process: Process) -> None:
        handle = process.take_stdin()
        if self.stdin is not None and handle is not None:
            self.stdin.attach(handle)

    def _close_stdin(self) -> None:
        if self.stdin is not None:
            self.stdin.close()

    def _cut_off(self) -> None:
        self.end("stdin_lost", TIMEOUT_GRACE)

    async def _first_of(self, awaited: asyncio.Future[Any]) -> None:
        """Wait for it, for the order to end, or for the time limit, whichever is first."""
        left = None
        if self._time.seconds is not None:
            left = max(self._began + self._time.seconds - self._clock.monotonic(), 0.0)
        await asyncio.wait(
            (awaited, self._order), timeout=left, return_when=asyncio.FIRST_COMPLETED
        )

    def _took(self, stream: OutputStream, data: bytes) -> None:
        if data:
            stream.buffer.append(self._room.take(data))
            if self._room.exceeded:
                self.end("max_output", TIMEOUT_GRACE)
        else:
            stream.ended = True
        self.regulate()
        self._moved(stream)

    async def _supervise(self, process: Process) -> CommandResponse:
        await self._first_of(process.exited)
        if process.exited.done():
            self.life.end("exited")
            await self._drain(process)
            if self._room.exceeded:
                return self._cancelled(process, "max_output", dead=True)
            return self._exited(process)
        if self._order.done():
            reason, grace = self._order.result()
            dead = await process.end(grace)
            await self._drain(process)
            return self._cancelled(process, reason, dead=dead)
        self.life.end("timeout")
        dead = await process.end(TIMEOUT_GRACE)
        await self._drain(process)
        sentence = time_limit_reached(self._time, self.limit_key)
        return self._ended("timed_out", process, "timeout", sentence, dead=dead)

    def _cancelled(self, process: Process, reason: str, *, dead: bool) -> CommandResponse:
        sentence = cancelled(reason, self._bounds)
        return self._ended("cancelled", process, reason, sentence, dead=dead)

    async def _drain(self, process: Process) -> None:
        readers = (process.stdout, process.stderr)
        for reader in readers:
            reader.drain()  # what the leader wrote is taken even while a watcher is slow
        loop = asyncio.get_running_loop()
        deadline = loop.time() + DRAIN_SECONDS
        pause = 0.01
        while not all(reader.closed for reader in readers) and loop.time() < deadline:
            await asyncio.sleep(pause)
            pause = min(pause * 2, 0.1)

    def _exited(self, process: Process) -> CommandResponse:
        status = process.exited.result()
        if process.failure is not None:
            state, reason, error = process.failure
            return self._outcome(state, status, reason, error)
        return self._outcome("succeeded" if status.code == 0 else "failed", status)

    def _ended(
        self, state: Outcome, process: Process, reason: str, error: str | None, *, dead: bool
    ) -> CommandResponse:
        status = process.exited.result() if process.exited.done() else ExitStatus(None, None)
        if dead:
            return self._outcome(state, status, reason, error)
        sentence = f"process group {process.pid} could not be ended and may still run"
        return self._outcome("failed", status, "not_ended", sentence)

    def _not_started(self, state: Outcome, code: int | None, reason: str, sentence: str) -> None:
        if state != "refused":
            self.stderr.buffer.append(f"chatops: {sentence}\n".encode(errors="replace"))
        self.life.finish(self._outcome(state, ExitStatus(code, None), reason, sentence))
        self._count_output()
        self._end_output()

    def _end_output(self) -> None:
        for stream in self.streams:
            stream.ended = True
            self._moved(stream)

    def _outcome(
        self,
        state: Outcome,
        status: ExitStatus,
        reason: str | None = None,
        error: str | None = None,
    ) -> CommandResponse:
        return CommandResponse(
            id=self.id,
            state=state,
            exit_code=status.code,
            signal=status.signal,
            started_at=self.life.started_at,
            finished_at=self._clock.now(),
            duration_ms=round((self._clock.monotonic() - self._began) * 1000),
            reason=reason,
            error=error,
        )

    def _count_output(self) -> None:
        if self.response is not None:
            self.response.stdout_bytes = self.stdout.buffer.end
            self.response.stderr_bytes = self.stderr.buffer.end
            self.response.dropped_bytes = self.stdout.buffer.dropped + self.stderr.buffer.dropped


def _regulate(stream: OutputStream, reader: PipeReader) -> None:
    if stream.is_full:
        reader.pause()
    else:
        reader.resume()
