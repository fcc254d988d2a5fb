"""RunDriver: carries runs out, in the order that their plans give them.

It knows all runs that are not over. Nobody has to watch: what may start is started when
something else is over, when an agent is back after a restart of the hub, or when a run begins.
"""

from __future__ import annotations

import logging
from collections.abc import Coroutine, Sequence
from typing import Any, Final

from chatops.clock import Clock
from chatops.protocol import rest
from chatops.protocol.limits import ATTACH_WITHIN
from chatops.server.services.commands import CommandService
from chatops.server.services.for_sure import for_sure
from chatops.server.services.live_command import LiveCommand
from chatops.server.services.live_run import LiveRun, resumed_run
from chatops.server.services.losses import Loss
from chatops.server.services.run_records import RunRecords
from chatops.tasks import Tasks

_FAILED: Final = ("failed", "timed_out", "lost")
_log = logging.getLogger(__name__)


class RunDriver:
    """Starts the commands of runs, and keeps them from starting."""

    def __init__(
        self, records: RunRecords, commands: CommandService, tasks: Tasks, clock: Clock
    ) -> None:
        self._records = records
        self._commands = commands
        self._tasks = tasks
        self._clock = clock
        self._runs: dict[str, LiveRun] = {}

    def find(self, run_id: str) -> LiveRun | None:
        """A run that is not over."""
        return self._runs.get(run_id)

    def add(self, run: LiveRun) -> None:
        """Follow a run to its end; nothing of it is sent before ``begin``."""
        for live in run.open.values():
            live.on_over = self._over
            self._commands.add(live)
        if run.open:
            self._runs[run.id] = run

    async def begin(self, run: LiveRun) -> None:
        """Send what may start now. Whoever watches follows the run before."""
        run.attach_by = None
        first, run.first = run.first, []
        for live in [run.open[one] for one in first if one in run.open]:
            await self._commands.send(live, run.spec)
        self._advance(run)

    async def end(self, run_id: str, lives: list[LiveCommand], why: str) -> None:
        """End these commands of a run: what waits does not start, the rest its agents end."""
        run = self._runs.get(run_id)
        unsent: list[str] = []
        await self._records.set_cancelled([live.id for live in lives])
        for live in lives:
            if run is not None and self._take_out(run, live):
                unsent.append(live.id)
            else:
                self._commands.end(live)
        if run is not None:
            await self._give_up(run, unsent, why)

    async def withdraw(self, loss: Loss, why: str) -> None:
        """Rights were taken back: of what was asked for by them nothing more is started. What
        runs was permitted, and goes on."""
        for run in list(self._runs.values()):
            met = [one for one in run.open.values() if loss.meets(run.holder, (one.server_id,))]
            await self._keep_from_starting(run, met, why)

    async def drop(self, run: LiveRun, why: str) -> None:
        """Start nothing of a run that was just added."""
        await self._keep_from_starting(run, list(run.open.values()), why)
        await self.begin(run)  # which ends what is recorded as sent

    # -- time -----------------------------------------------------------------------------

    async def load_open(self) -> None:
        """After a start of the hub: take up what was under way before it."""
        for opened in await self._records.open_runs():
            run = resumed_run(opened, self._commands.revived)
            for live in run.commands if run.spec.terminal is not None else ():
                await self._commands.terminals.recordings.resume(live)
            self.add(run)
            gone = [one for one in opened.withdrawn if self._take_out(run, run.open[one])]
            if gone:
                why = "not started: whoever asked for it may not do this any more"
                self._spawn(run, self._give_up(run, gone, why))
            if not opened.complete:
                why = "not started: the hub was restarted, and cannot read the variables any more"
                self._spawn(run, self._give_up(run, run.plan.abandon(), why))
            elif run.spec.attach and not opened.begun:
                run.attach_by = self._clock.monotonic() + ATTACH_WITHIN
            else:
                self._advance(run)

    def sweep(self) -> None:
        """Start what had to wait for its agent's return, and end what nobody attached to; called
        every second. What cannot be written down now holds nothing else up."""
        now = self._clock.monotonic()
        for run in list(self._runs.values()):
            back = [one for one in run.held if self._can_be_sent(run, one)]
            run.held.difference_update(back)
            if back:
                self._spawn(run, self._start(run, back))
            if run.attach_by is not None and now >= run.attach_by:
                run.attach_by = None
                why = f"not started: nobody attached within {ATTACH_WITHIN:g} s"
                self._spawn(run, self._give_up(run, run.plan.abandon(), why))

    # -- inside -----------------------------------------------------------------------------

    def _over(self, live: LiveCommand) -> None:
        run = self._runs.get(live.run_id)
        if run is None or live.result is None:
            return
        run.open.pop(live.id, None)
        run.plan.abandon(live.id)  # its server may have been removed while it waited
        run.held.discard(live.id)
        run.plan.over(live.id, failed=_has_failed(live.result))
        if not run.open:
            del self._runs[run.id]
        else:
            self._advance(run)
        if run.sealed and not run.plan.waiting and not run.held:
            run.sealed = False
            forgetting = for_sure(lambda: self._records.forget_env(run.id), "a run")
            self._spawn(run, forgetting)

    def _advance(self, run: LiveRun) -> None:
        if run.attach_by is not None:
            return
        if run.plan.exhausted and run.plan.waiting:
            count = run.plan.failures
            why = f"not started: {count} server{'s' if count > 1 else ''} had failed"
            work = self._give_up(run, run.plan.abandon(), why)
        elif chosen := run.plan.start():
            work = self._start(run, chosen)
        else:
            return
        self._spawn(run, work)

    def _spawn(self, run: LiveRun, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.spawn(work, name=f"run {run.id}")

    async def _start(self, run: LiveRun, chosen: Sequence[str]) -> None:
        ready = [one for one in chosen if self._can_be_sent(run, one)]
        run.held.update(one for one in chosen if one not in ready)
        lives = [run.open[one] for one in ready if one in run.open]
        if not lives:
            return
        ids = [live.id for live in lives]
        last = not run.plan.waiting and not run.held
        await for_sure(lambda: self._records.set_sent(run.id, ids, last=last), "a run")
        run.sealed = run.sealed and not last
        for live in lives:
            await self._commands.send(live, run.spec)

    def _can_be_sent(self, run: LiveRun, command_id: str) -> bool:
        """Whether its time has come: after a restart agents get the time to come back."""
        live = run.open.get(command_id)
        if live is None or not run.resumed or self._commands.settled:
            return True
        return self._commands.is_online(live.server_id)

    async def _keep_from_starting(self, run: LiveRun, lives: list[LiveCommand], why: str) -> None:
        for live in lives:  # recorded as sent, or about to be, and not sent yet: it will not be
            live.cancelled = live.cancelled or not live.sent
        await self._give_up(run, [one.id for one in lives if self._take_out(run, one)], why)

    def _take_out(self, run: LiveRun, live: LiveCommand) -> bool:
        """Keep a command from starting; whether it was still waiting for that."""
        waited = bool(run.plan.abandon(live.id)) or live.id in run.held
        run.held.discard(live.id)
        return waited

    async def _give_up(self, run: LiveRun, command_ids: list[str], why: str) -> None:
        """These will not be started."""
        lives = [run.open[one] for one in command_ids if one in run.open]
        if not lives:
            return
        ids = [live.id for live in lives]
        last = not run.plan.waiting and not run.held
        await for_sure(lambda: self._records.abandon(run.id, ids, why, last=last), "a run")
        run.sealed = run.sealed and not last
        for live in lives:
            self._commands.finish(live, live.outcome("cancelled", error=why))


def _has_failed(result: rest.CommandResult) -> bool:
    """Whether a command ran, or may have run, and did not succeed."""
    ran = result.signal is not None or result.exit_code is not None
    return result.status in _FAILED or (result.status == "cancelled" and ran)
