"""The composition root: every object of the hub is made here, once, and passed on."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from chatops.clock import Clock, SystemClock
from chatops.errors import Busy, ChatOpsError
from chatops.protocol.limits import MAX_FOLLOWERS, MAX_REQUESTS, MAX_USER_FOLLOWERS
from chatops.server.context import Services
from chatops.server.db.files import Databases
from chatops.server.housekeeping import Housekeeping
from chatops.server.secrets import HubSecrets
from chatops.server.services.agent_manager import AgentManager
from chatops.server.services.agent_news import AgentNews
from chatops.server.services.alerting.evidence import EvidenceCollector
from chatops.server.services.alerting.fleet_view import FleetView
from chatops.server.services.alerting.loading import load
from chatops.server.services.alerting.news import AlertNews
from chatops.server.services.alerting.outages import Outages
from chatops.server.services.alerting.service import AlertService
from chatops.server.services.alerting.storms import Limits
from chatops.server.services.alerting.writer import AlertWriter
from chatops.server.services.alerts import AlertDesk
from chatops.server.services.audit import AuditService
from chatops.server.services.audit_feed import AuditTail
from chatops.server.services.audit_head import HeadFile
from chatops.server.services.audit_sinks import make_sinks
from chatops.server.services.audit_verify import AuditVerifier
from chatops.server.services.auth import AuthService
from chatops.server.services.box import Box
from chatops.server.services.command_news import CommandNews
from chatops.server.services.command_records import CommandRecords
from chatops.server.services.commands import CommandService
from chatops.server.services.copies import CopyService
from chatops.server.services.denials import Denials
from chatops.server.services.docker import DockerService
from chatops.server.services.docker_logs import ContainerLogs
from chatops.server.services.docker_upkeep import DockerUpkeep
from chatops.server.services.events import EventService
from chatops.server.services.feeds import FeedService
from chatops.server.services.fleet import Fleet
from chatops.server.services.key_warnings import KeyWarnings
from chatops.server.services.keys import KeyService
from chatops.server.services.limiter import RateLimiter
from chatops.server.services.live_settings import LiveSettings
from chatops.server.services.log_entries import LogService
from chatops.server.services.log_search import LogSearch
from chatops.server.services.log_stream import LogStream
from chatops.server.services.metrics.latest import LatestSamples
from chatops.server.services.metrics.service import MetricsService
from chatops.server.services.notify.heartbeat import Heartbeat
from chatops.server.services.notify.senders import Senders
from chatops.server.services.notify.service import NotificationService
from chatops.server.services.output_file import OutputFile
from chatops.server.services.places import Places
from chatops.server.services.processes import ProcessService
from chatops.server.services.prometheus.exposition import Exposition
from chatops.server.services.recordings import RecordingService
from chatops.server.services.replays import ReplayService
from chatops.server.services.revocation import Revocation
from chatops.server.services.run_driver import RunDriver
from chatops.server.services.run_records import RunRecords
from chatops.server.services.runs import RunService
from chatops.server.services.servers import ServerService
from chatops.server.services.settings import SettingsService
from chatops.server.services.shares import ShareService
from chatops.server.services.silences import SilenceService
from chatops.server.services.status import StatusService
from chatops.server.services.target_logs import TargetLogs
from chatops.server.services.terminals import TerminalService
from chatops.server.services.thresholds import ThresholdService
from chatops.server.services.tokens import TokenService
from chatops.server.services.users import UserService
from chatops.server.services.ws_manager import WSManager
from chatops.server.settings import HubSettings
from chatops.server.web import make_app
from chatops.tasks import Tasks


@dataclass(frozen=True, slots=True)
class Hub:
    """A built hub: its services, and what works for them. ``notes`` are the tasks that write
    down what became of agents; they end by themselves."""

    services: Services
    fleet: Fleet
    news: AgentNews
    tail: AuditTail
    notes: Tasks
    databases: Databases
    app: web.Application

    def set_url(self, url: str) -> None:
        """The URL that join strings and ``status`` name, known once the port is."""
        self.services.keys.hub_url = url
        self.services.status.url = url
        self.services.notifications.senders.hub_url = url

    async def stop(self) -> None:
        """Tell agents and subscribers, and flush what waits."""
        self.services.alerting.stop()
        self.services.feeds.stop()
        self.services.agents.close()
        self.news.close()
        self.services.subscribers.close()
        stopping = Busy(
            "the hub is shutting down; what runs goes on",
            hint="`chatops commands list` tells what came of it",
            details={"sent": True},
        )
        self.services.runs.followed.stop(stopping)
        self.services.commands.stop(stopping)
        await self.services.metrics.drain()
        await self.services.alerting.drain()
        await self.services.notifications.couriers.stop()
        await self.services.logs.drain()
        with contextlib.suppress(ChatOpsError):
            await self.services.auth.api_tokens.flush()
        await self.notes.finished()
        await self.tail.close()


@asynccontextmanager
async def open_hub(
    settings: HubSettings,
    secrets: HubSecrets,
    clock: Clock | None = None,
    on_failure: Callable[[BaseException], None] | None = None,
) -> AsyncIterator[Hub]:
    """A running hub on the settings' data folder, whose files are migrated already.

    ``on_failure`` is called when a task died without which it is no hub any more.
    """
    clock = clock or SystemClock()
    databases = await Databases.open(settings.folder, durability=settings.durability)
    try:
        async with (
            Tasks() as tasks,
            Tasks() as notes,
            Tasks(on_failure) as vital,
            AsyncExitStack() as stack,
        ):
            hub = build(settings, secrets, databases, tasks, notes, clock)
            stack.push_async_callback(hub.services.notifications.couriers.close)
            await hub.services.settings_service.load()
            await hub.tail.start()
            await hub.services.metrics.load()
            await load(hub.databases.chatops, hub.services.alerting, clock)
            await hub.services.runs.driver.load_open()
            await hub.services.notifications.couriers.start()
            _start(hub, vital)
            yield hub
    finally:
        await databases.close()


def build(
    settings: HubSettings,
    secrets: HubSecrets,
    databases: Databases,
    tasks: Tasks,
    notes: Tasks,
    clock: Clock,
) -> Hub:
    """All objects of a hub, wired; nothing runs yet."""
    db = databases.chatops
    latest, subscribers = LatestSamples(), WSManager(settings.subscription_limit)
    agents = AgentManager(clock)
    live = LiveSettings(settings)
    audit = AuditService(db, secrets.audit, clock)
    heads = HeadFile(settings.folder, audit.key, durable=settings.durability == "full")
    tail = AuditTail(audit, heads, make_sinks(settings))
    auth = AuthService(db, audit, live, secrets, clock)
    servers = ServerService(db, audit, agents, subscribers, latest, clock)
    keys = KeyService(db, servers, agents, audit, clock)
    records = CommandRecords(db, servers, audit, clock)
    output = OutputFile(settings.folder)
    logs = LogService(databases.logs, subscribers, lambda: live.now, clock)
    recordings = RecordingService(db, servers, audit, settings.folder, live, clock)
    terminals = TerminalService(recordings, agents)
    commands = CommandService(
        records, CommandNews(logs.note), agents, tasks, clock, output, terminals
    )
    run_records = RunRecords(db, servers, audit, secrets, clock)
    driver = RunDriver(run_records, commands, tasks, clock)
    runs = RunService(run_records, driver, commands, audit, clock)
    feeds = FeedService(agents, runs.followed)
    revocation = Revocation(subscribers, runs)
    events = EventService(db, servers)
    senders = Senders(Box(secrets.box), live, clock)
    notifications = NotificationService(db, servers, senders, logs, audit, clock)
    fleet_view = FleetView()
    processes = ProcessService(servers, agents, latest)
    evidence = EvidenceCollector(
        db, agents, lambda one: metrics.latest(one, one), processes, tasks, clock
    )
    alert_news = AlertNews(logs, subscribers, fleet_view, evidence)
    writer = AlertWriter(db, notifications, alert_news.tell)
    alerting = AlertService(
        db, fleet_view, writer, Outages(agents, clock),
        lambda: Limits(live.now.storm_servers, live.now.storm_percent), alert_news.full, clock,
    )  # fmt: skip
    notifications.couriers.may_remind = alerting.may_remind
    servers.followers.append(alerting)
    key_warnings = KeyWarnings(db, servers, agents, logs, clock)
    metrics = MetricsService(
        databases.metrics, db, servers, subscribers, logs, latest, alerting, lambda: live.now, clock
    )
    thresholds = ThresholdService(db, servers, alerting, audit, clock)
    status = StatusService(db, servers, key_warnings, live, tail, notifications, clock)
    answers = Counter[int]()

    def own_figures() -> bytes:
        from chatops.server.services.prometheus import hub as figures  # only hubs that are scraped

        return figures.text_of(
            figures.of_agents(agents),
            figures.of_samples(metrics.ingest),
            figures.of_clients(answers, subscribers),
            figures.of_commands(commands),
            figures.of_logs(logs),
            figures.of_notifications(notifications),
            figures.of_databases(databases),
            figures.of_settings(live.now),
        )

    services = Services(
        live=live,
        clock=clock,
        auth=auth,
        audit=audit,
        verifier=AuditVerifier(db, audit.key, heads),
        denials=Denials(db, audit, clock),
        settings_service=SettingsService(db, live, audit, clock),
        users=UserService(db, auth, audit, revocation, alerting),
        tokens=TokenService(db, auth.api_tokens, servers, revocation, audit, clock),
        revocation=revocation,
        servers=servers,
        shares=ShareService(db, servers, revocation, audit, clock),
        keys=keys,
        agents=agents,
        subscribers=subscribers,
        metrics=metrics,
        alerting=alerting,
        alerts=AlertDesk(db, servers, alerting, notifications, audit, clock),
        thresholds=thresholds,
        replays=ReplayService(db, servers, thresholds, metrics, clock),
        silences=SilenceService(db, servers, alerting, audit, clock),
        processes=processes,
        docker=DockerService(servers, agents, audit),
        docker_upkeep=DockerUpkeep(servers, agents, feeds, audit),
        container_logs=ContainerLogs(servers, feeds, audit),
        target_logs=TargetLogs(servers, agents, feeds, audit),
        copies=CopyService(servers, agents, feeds, audit),
        feeds=feeds,
        commands=commands,
        runs=runs,
        recordings=recordings,
        events=events,
        logs=logs,
        log_search=LogSearch(databases.logs, db, servers),
        log_stream=LogStream(databases.logs, db, servers),
        key_warnings=key_warnings,
        notifications=notifications,
        status=status,
        requests=RateLimiter(rate=1, burst=1),
        open_requests=Places(MAX_REQUESTS, settings.open_request_limit, "requests", "address"),
        followers=Places(MAX_FOLLOWERS, MAX_USER_FOLLOWERS, "commands to follow", "account"),
        exposition=Exposition(db, servers, agents, metrics, status, own_figures, live, clock),
        answers=answers,
    )
    live.follow(lambda now: _apply(now, services))
    news = AgentNews(db, events, logs, notes, clock)
    fleet = Fleet(db, agents, servers, keys, commands, runs, news, key_warnings, clock)
    return Hub(services, fleet, news, tail, notes, databases, make_app(services, fleet, tasks))


def _apply(now: HubSettings, services: Services) -> None:
    """Hand on settings to those who do not ask for them each time."""
    services.requests.resize(rate=now.request_limit, burst=now.request_limit)
    services.commands.lost_after = now.lost_after


def _start(hub: Hub, tasks: Tasks) -> None:
    services = hub.services
    tasks.spawn(hub.databases.keep_tidy(), name="write-ahead logs")
    tasks.spawn(services.metrics.ingest.run(), name="metrics writer")
    tasks.spawn(services.metrics.closer.run(), name="metrics closer")
    tasks.spawn(services.metrics.clearing.run(), name="metrics clearing")
    tasks.spawn(services.alerting.writer.run(), name="alert writer")
    tasks.spawn(services.alerting.run(), name="alert clock")
    tasks.spawn(services.logs.run(), name="log writer")
    tasks.spawn(hub.fleet.run(), name="fleet sweep")
    tasks.spawn(services.tokens.run(), name="token expiry")
    tasks.spawn(hub.tail.run(), name="audit head")
    databases = hub.databases
    hearts = (databases.chatops, databases.metrics, databases.logs)
    tasks.spawn(Heartbeat(hearts, services.live).run(), name="heartbeat")
    for feed in hub.tail.feeds:
        tasks.spawn(feed.run(), name=f"audit to {feed.name}")
    tasks.spawn(Housekeeping(services, hub.fleet).run(), name="housekeeping")
