"""The hub's services, as one object that routes and sockets are given."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from chatops.clock import Clock
from chatops.server.services.agent_manager import AgentManager
from chatops.server.services.alerting.service import AlertService
from chatops.server.services.alerts import AlertDesk
from chatops.server.services.audit import AuditService
from chatops.server.services.audit_verify import AuditVerifier
from chatops.server.services.auth import AuthService
from chatops.server.services.commands import CommandService
from chatops.server.services.copies import CopyService
from chatops.server.services.denials import Denials
from chatops.server.services.docker import DockerService
from chatops.server.services.docker_logs import ContainerLogs
from chatops.server.services.docker_upkeep import DockerUpkeep
from chatops.server.services.events import EventService
from chatops.server.services.feeds import FeedService
from chatops.server.services.key_warnings import KeyWarnings
from chatops.server.services.keys import KeyService
from chatops.server.services.limiter import RateLimiter
from chatops.server.services.live_settings import LiveSettings
from chatops.server.services.log_entries import LogService
from chatops.server.services.log_search import LogSearch
from chatops.server.services.log_stream import LogStream
from chatops.server.services.metrics.service import MetricsService
from chatops.server.services.notify.service import NotificationService
from chatops.server.services.places import Places
from chatops.server.services.processes import ProcessService
from chatops.server.services.prometheus.exposition import Exposition
from chatops.server.services.recordings import RecordingService
from chatops.server.services.replays import ReplayService
from chatops.server.services.revocation import Revocation
from chatops.server.services.runs import RunService
from chatops.server.services.servers import ServerService
from chatops.server.services.settings import SettingsService
from chatops.server.services.shares import ShareService
from chatops.server.services.silences import SilenceService
from chatops.server.services.status import StatusService
from chatops.server.services.target_logs import TargetLogs
from chatops.server.services.thresholds import ThresholdService
from chatops.server.services.tokens import TokenService
from chatops.server.services.users import UserService
from chatops.server.services.ws_manager import WSManager
from chatops.server.settings import HubSettings


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a request may need. Built once, in chatops.server.app."""

    live: LiveSettings
    clock: Clock
    auth: AuthService
    audit: AuditService
    verifier: AuditVerifier
    denials: Denials
    settings_service: SettingsService
    users: UserService
    tokens: TokenService
    revocation: Revocation
    servers: ServerService
    shares: ShareService
    keys: KeyService
    agents: AgentManager
    subscribers: WSManager
    metrics: MetricsService
    alerting: AlertService
    alerts: AlertDesk
    thresholds: ThresholdService
    replays: ReplayService
    silences: SilenceService
    processes: ProcessService
    docker: DockerService
    docker_upkeep: DockerUpkeep
    container_logs: ContainerLogs
    target_logs: TargetLogs
    copies: CopyService
    feeds: FeedService
    commands: CommandService
    runs: RunService
    recordings: RecordingService
    events: EventService
    logs: LogService
    log_search: LogSearch
    log_stream: LogStream
    key_warnings: KeyWarnings
    notifications: NotificationService
    status: StatusService
    requests: RateLimiter
    open_requests: Places
    followers: Places
    exposition: Exposition
    answers: Counter[int]
    """HTTP answers so far, by status."""

    @property
    def settings(self) -> HubSettings:
        """The settings as they are now; what is kept of it does not change with them."""
        return self.live.now
