"""The agent as a program: builds its parts, runs them, and ends them in order."""

from __future__ import annotations

import asyncio
import logging
import secrets
import signal
import threading
from collections.abc import Callable
from typing import Final, cast

from chatops import __version__, logs
from chatops.agent import policy_table, tls
from chatops.agent.answers import Answers
from chatops.agent.collectors.processes import ProcessCollector
from chatops.agent.collectors.self_cost import SelfCost
from chatops.agent.collectors.textfile import TextfileCollector
from chatops.agent.container_news import ContainerNews
from chatops.agent.container_requests import ContainerRequests
from chatops.agent.container_watch import PART, ContainerWatch
from chatops.agent.copies import Copies
from chatops.agent.engine import Engine
from chatops.agent.event_journal import EventJournal
from chatops.agent.executor import Executor
from chatops.agent.facts import host_facts
from chatops.agent.feed_requests import FeedRequests
from chatops.agent.feeds import Feeds
from chatops.agent.file_limit import FileLimit
from chatops.agent.guard import Guard
from chatops.agent.handlers import Handlers
from chatops.agent.jobs import Job
from chatops.agent.journal import Journal
from chatops.agent.link import Link
from chatops.agent.logs.shipping import ShippedLogs
from chatops.agent.pace import Pace
from chatops.agent.policy import Policy
from chatops.agent.process_list import ProcessList
from chatops.agent.sampler import Sampler, default_collectors
from chatops.agent.session import Parts
from chatops.agent.settings import AgentSettings, Target, key_hint, resolve
from chatops.agent.shipper import Shipper
from chatops.agent.skew import Skew
from chatops.agent.spill import Spill
from chatops.agent.spool import Spool
from chatops.clock import Clock, SystemClock
from chatops.heap import tune_heap
from chatops.protocol import PROTOCOL_VERSION, closing
from chatops.protocol.features import (
    CONTAINER_COMMANDS,
    COPIES,
    FEEDS,
    LOG_FEEDS,
    PROCESSES,
    TERMINALS,
)
from chatops.protocol.limits import DEFAULT_INTERVAL, MAX_INTERVAL, MIN_INTERVAL
from chatops.protocol.messages import Auth, AuthSuccess
from chatops.tasks import Tasks
from chatops.text import counted, escape

STOP_SECONDS: Final = 30.0
"""How long a planned stop waits for running commands."""
DELIVER_SECONDS: Final = 3.0
"""How long it waits for the hub to take the last outcomes."""
DELIVER_AT_ONCE: Final = 0.5
END_GRACE: Final = 5.0
FAILED: Final = 1
"""Exit code when a part of it failed without which it is no agent: to be started again."""
REFUSED: Final = 3
"""Exit code when the hub names the key unknown, revoked or expired."""

Say = Callable[[str], None]
_log = logging.getLogger(__name__)


def run(settings: AgentSettings, say: Say) -> int:
    """Run the agent until it is told to stop or its key is refused for good; the exit code.

    Raises:
        InvalidInput, SetupError: the settings cannot be worked with.
    """
    logs.setup(settings.log_level, cast("logs.Format", settings.log_format))
    target = resolve(settings)
    policy = policy_table.build(settings.allow, settings.policy)
    files = FileLimit()
    files.lift()
    tune_heap()
    return asyncio.run(Agent(settings, target, policy, say, files=files).run())


class Agent:
    """All parts of one agent, made once and passed to one another."""

    def __init__(
        self,
        settings: AgentSettings,
        target: Target,
        policy: Policy,
        say: Say,
        clock: Clock | None = None,
        files: FileLimit | None = None,
    ) -> None:
        self._say = say
        self._target = target
        self._policy = policy
        self._clock = clock or SystemClock()
        self._own_interval = settings.interval
        self._interval = settings.interval or DEFAULT_INTERVAL
        self._instance = secrets.token_hex(8)
        self._facts = host_facts()
        self._skew = Skew(_log.warning)
        looker = ProcessCollector(arguments=not settings.hide_arguments)
        self._processes = ProcessList(looker)
        self._answers = Answers()
        secure = target.url.startswith("wss:")
        context = tls.context(settings.ca_file, target.fingerprint) if secure else None
        self._journal = Journal(settings.folder)
        self.spool = Spool(settings.folder / "spool", settings.spool_size, self._clock)
        self.guard = Guard(self._journal.lock, files)
        engine = Engine(policy.docker.host)
        self._watch = ContainerWatch(engine, policy.docker) if "docker" in policy.allow else None
        self._shipper = Shipper(self._clock)
        self._news = self._make_news(engine, settings)
        self._feeds = Feeds()
        self._copies = Copies(settings.folder / "copies")
        feed_requests = FeedRequests(policy, self._feeds, self._copies)
        self._containers = ContainerRequests(engine, policy, self._watch, self._feeds)
        self._engine = engine
        self._logs = ShippedLogs(settings.logs, settings.folder, self._shipper, self._clock)
        self._sampler = self._make_sampler(settings, looker)
        spill = Spill(settings.folder, settings.spill_per_command, settings.spill_total)
        self.executor = Executor(policy, self.guard, self._clock, self._journal, spill, engine)
        parts = Parts(
            handlers=Handlers(
                self.executor,
                self.spool,
                self._containers,
                self._processes,
                self._answers,
                self._shipper,
                self._feeds,
                feed_requests,
            ),
            executor=self.executor,
            answers=self._answers,
            containers=self._containers,
            spool=self.spool,
            processes=self._processes,
            shipper=self._shipper,
            feeds=self._feeds,
            feed_requests=feed_requests,
            auth=self._auth,
            ready=self._ready,
            clock=self._clock,
        )
        self._link = Link(target, parts, context)
        self._failed = False
        self._stop = asyncio.Event()
        self._stop_now = asyncio.Event()

    async def run(self) -> int:
        """Work until stopped or refused; the exit code."""
        self._listen_for_signals()
        tasks = Tasks(on_failure=self._fail)
        try:
            self.guard.start()
            self._copies.start()
            tasks.spawn(self._take_samples(), name="samples")
            if self._watch is not None:
                tasks.spawn(self._watch.run(), name="containers")
            if self._news is not None:
                tasks.spawn(self._news.run(), name="container events")
            self._logs.start(tasks, self.guard, self._engine, self._watch)
            link = tasks.spawn(self._link.run(), name="link")
            stop = tasks.spawn(self._stop.wait(), name="stop")
            await asyncio.wait((link, stop), return_when=asyncio.FIRST_COMPLETED)
            if link.done() and not link.cancelled() and link.exception() is None:
                return self._refused(link.result())
            await self._finish_commands()
            await self._finish_logs()
            await self._link.goodbye()
            return FAILED if self._failed else 0
        finally:
            await tasks.close()
            await self._feeds.close()
            self._copies.close()
            await self._processes.close()
            await self.executor.close()
            self.guard.close()
            self._sampler.close()
            self._answers.close()
            if self._watch is not None:
                self._watch.close()
            if self._news is not None:
                self._news.close()
            self._logs.close()
            self.spool.close()
            self._journal.close()

    def _make_news(self, engine: Engine, settings: AgentSettings) -> ContainerNews | None:
        if self._watch is None:
            return None
        journal = EventJournal(settings.folder / "events", self._clock)
        docker = self._policy.docker
        return ContainerNews(engine, docker, self._watch, journal, self._shipper, self._clock)

    def _make_sampler(self, settings: AgentSettings, processes: ProcessCollector) -> Sampler:
        folder = settings.textfile_dir
        textfile = TextfileCollector(folder, settings.textfile_max_age) if folder else None
        cost = SelfCost(self.spool, lambda: self.guard.pid)
        own: dict[str, Job] = {} if self._watch is None else {PART: self._watch.collect}
        return Sampler({**default_collectors(processes, textfile), **own, "agent": cost})

    def stop(self) -> None:
        """Ask for a planned stop; asked again, everything ends at once."""
        self.executor.refuse_more()
        (self._stop_now if self._stop.is_set() else self._stop).set()

    def _fail(self, _error: BaseException) -> None:
        """End in order all the same: what runs has its time, and outcomes are told."""
        self._failed = True
        self.stop()

    def _listen_for_signals(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)

    def _auth(self) -> Auth:
        return Auth(
            api_key=self._target.key,
            agent_version=__version__,
            protocol=PROTOCOL_VERSION,
            instance=self._instance,
            journal=self.executor.journal(),
            time=self._clock.now(),
            capabilities=self._policy.allow,
            host=self._facts,
            policy=self._policy.facts(),
            features=[PROCESSES, CONTAINER_COMMANDS, FEEDS, LOG_FEEDS, TERMINALS, COPIES],
        )

    def _ready(self, welcome: AuthSuccess, round_trip: float) -> None:
        self._skew.measured(self._clock.now(), welcome.time, round_trip)
        if self._own_interval is None:
            self._interval = min(max(welcome.interval, MIN_INTERVAL), MAX_INTERVAL)
        self._say(f"connected to {self._target.hub} as {escape(welcome.name)}")

    def _refused(self, reason: str) -> int:
        text = closing.REASONS[reason].text
        self._say(f"error: {self._target.hub} refused this agent: {text}")
        self._say(f"hint: {key_hint(reason)}")
        return REFUSED

    async def _take_samples(self) -> None:
        """At the interval's pace, from the start on, whether there is a hub or not."""
        pace = Pace(self._clock.monotonic())
        while True:
            ts, at = self._clock.now(), self._clock.boottime()
            self.spool.append(ts, at, await self._sampler.sample())
            self._link.wake()
            await asyncio.sleep(pace.rest(self._clock.monotonic(), self._interval))

    async def _finish_commands(self) -> None:
        if running := self.executor.running:
            _log.info("stopping: waiting for %s", counted(running, "command"))
        if not await self._until(lambda: not self.executor.running, STOP_SECONDS):
            self.executor.end_all(0.0 if self._stop_now.is_set() else END_GRACE)
            await self._until(lambda: not self.executor.running, END_GRACE + 1, force=True)
        patience = DELIVER_AT_ONCE if self._stop_now.is_set() else DELIVER_SECONDS
        await self._until(
            lambda: not (self.executor.unacked and self._link.connected), patience, force=True
        )

    async def _finish_logs(self) -> None:
        """Say how many lines were left out, as long as there is somebody to say it to."""
        if self._logs.say_left_out():
            await self._until(
                lambda: not (self._shipper.busy and self._link.connected), DELIVER_AT_ONCE
            )

    async def _until(
        self, condition: Callable[[], bool], seconds: float, *, force: bool = False
    ) -> bool:
        """Wait for the condition, but not when everything is to end at once (unless forced)."""
        deadline = self._clock.monotonic() + seconds
        while not condition():
            if self._clock.monotonic() >= deadline or (self._stop_now.is_set() and not force):
                return False
            await asyncio.sleep(0.02)
        return True
