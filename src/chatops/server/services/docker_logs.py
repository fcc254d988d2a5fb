"""ContainerLogs: what containers write, for those who may see their server."""

from __future__ import annotations

from chatops.errors import ChatOpsError
from chatops.protocol.containers import LogsBegin
from chatops.protocol.limits import MAX_LABEL
from chatops.server.services.access import Principal
from chatops.server.services.agent_requests import engine_request
from chatops.server.services.audit import AuditService, Origin
from chatops.server.services.feeds import Feed, FeedService
from chatops.server.services.on_record import Deed
from chatops.server.services.server_finder import ServerFinder, ServerName
from chatops.text import shorten

_ACTION = "docker.logs"


class ContainerLogs:
    """Opens them. Who reads is on record: it touches the target, and logs may hold anything."""

    def __init__(self, servers: ServerFinder, feeds: FeedService, audit: AuditService) -> None:
        self._servers = servers
        self._feeds = feeds
        self._audit = audit

    async def open(
        self,
        principal: Principal,
        origin: Origin,
        server: str,
        container: str,
        *,
        follow: bool,
        tail: int | None,
        since: float | None,
        timestamps: bool,
    ) -> tuple[Feed, ServerName, LogsBegin]:
        """A container's log: the ``tail`` last lines (None: all) of those from ``since`` on.

        Raises:
            as FeedService.open; and NotFound: the server is not there for this caller.
        """
        row = await self._servers.find(principal, server)
        where, deed = ServerName(row.id, row.name), Deed({"container": container[:MAX_LABEL]})
        try:
            request = engine_request(
                "logs", container=container, follow=follow, tail=tail, since=since,
                timestamps=timestamps,
            )  # fmt: skip
            feed, began = await self._feeds.open(principal, where, request, LogsBegin)
        except ChatOpsError as error:
            deed.failed(error)
            if deed.outcome == "refused":
                await self._record(origin, where, deed)
            raise
        try:
            await self._record(origin, where, deed)
        except BaseException:
            feed.close()
            raise
        return (
            feed,
            where,
            LogsBegin(id=began.id, name=shorten(began.name, MAX_LABEL), tty=began.tty),
        )

    async def _record(self, origin: Origin, where: ServerName, deed: Deed) -> None:
        await self._audit.record_alone(
            origin, _ACTION, where.name, outcome=deed.outcome, detail=deed.detail
        )  # fmt: skip
