"""StatusService: how the hub and the caller's fleet are, in one answer."""

from __future__ import annotations

from chatops import __version__
from chatops.clock import Clock
from chatops.protocol import rest
from chatops.server.crud import alerts
from chatops.server.db.engine import Database
from chatops.server.services.access import Principal
from chatops.server.services.audit_feed import AuditTail
from chatops.server.services.key_warnings import KeyWarnings
from chatops.server.services.live_settings import LiveSettings
from chatops.server.services.notify.service import NotificationService
from chatops.server.services.servers import ServerService


class StatusService:
    """Counts for ``chatops status``, and the health that anybody may ask for."""

    def __init__(
        self,
        database: Database,
        servers: ServerService,
        keys: KeyWarnings,
        settings: LiveSettings,
        tail: AuditTail,
        notifications: NotificationService,
        clock: Clock,
    ) -> None:
        self._keys = keys
        self._database = database
        self._servers = servers
        self._settings = settings
        self._tail = tail
        self._notifications = notifications
        self._clock = clock
        self._started = clock.monotonic()
        self.url = ""

    async def status(self, principal: Principal) -> rest.Status:
        """Version, uptime, and what the caller may see: servers, alerts, keys to look after."""
        async with self._database.read() as session:
            ids = await self._servers.scope(session, principal, None)
            states = await alerts.count_by_state(session, ids)
        return rest.Status(
            version=__version__,
            url=self.url,
            uptime_s=round(self._clock.monotonic() - self._started, 3),
            servers=await self._servers.counts(principal),
            alerts=rest.AlertCounts(
                firing=states.get("firing", 0), pending=states.get("pending", 0)
            ),
            warnings=await self._warnings() if principal.role == "admin" else [],
            keys_expiring=await self._keys.expiring(principal),
            keys_shared=await self._keys.shared(principal),
        )

    async def _warnings(self) -> list[str]:
        return [*self._tail.warnings(), *await self._notifications.warnings()]

    def health(self) -> rest.Health:
        """That the hub answers, and whether strangers may register."""
        return rest.Health(
            status="ok", version=__version__, registration=self._settings.now.registration
        )
