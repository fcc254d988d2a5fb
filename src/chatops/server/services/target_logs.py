"""TargetLogs: files and journals of a target, read there and then, by its operators."""

from __future__ import annotations

from chatops.errors import ChatOpsError, Refused
from chatops.protocol.feed_messages import FeedRequest
from chatops.protocol.limits import MAX_LABEL, MAX_PATH
from chatops.protocol.log_feeds import LogFeedBegin
from chatops.server.services.access import Access, Principal
from chatops.server.services.agent_manager import AgentManager
from chatops.server.services.agent_requests import FILES, feed_request
from chatops.server.services.audit import AuditService, Origin
from chatops.server.services.feeds import Feed, FeedService
from chatops.server.services.on_record import Deed
from chatops.server.services.server_finder import ServerFinder, ServerName
from chatops.text import shorten


class TargetLogs:
    """Opens them. These are the bytes themselves, not what an agent ships with secrets struck out:
    so it takes an operator, and the agent's policy has the last word. Who reads what is on record,
    and who was refused."""

    def __init__(
        self, servers: ServerFinder, agents: AgentManager, feeds: FeedService, audit: AuditService
    ) -> None:
        self._servers = servers
        self._agents = agents
        self._feeds = feeds
        self._audit = audit

    async def file(
        self,
        principal: Principal,
        origin: Origin,
        server: str,
        path: str,
        *,
        lines: int | None,
        follow: bool,
        place: str,
        skip: int,
    ) -> tuple[Feed, ServerName, LogFeedBegin]:
        """A file's ``lines`` last lines (None: all), or what is ``skip`` bytes behind a ``place``.

        Raises:
            as FeedService.open; and NotFound, NotPermitted: the server, for this caller.
        """
        request = feed_request(
            "file", path=path, lines=lines, follow=follow, place=place, skip=skip
        )  # fmt: skip
        return await self._open(principal, origin, server, request, {"path": path})

    async def unit(
        self,
        principal: Principal,
        origin: Origin,
        server: str,
        unit: str,
        *,
        lines: int | None,
        follow: bool,
        after: str,
    ) -> tuple[Feed, ServerName, LogFeedBegin]:
        """The ``lines`` last entries of a unit's journal (None: all), or those ``after`` a cursor.

        Raises:
            as FeedService.open; and NotFound, NotPermitted: the server, for this caller.
        """
        request = feed_request("unit", unit=unit, lines=lines, follow=follow, after=after)
        return await self._open(principal, origin, server, request, {"unit": unit})

    async def _open(
        self,
        principal: Principal,
        origin: Origin,
        server: str,
        request: FeedRequest,
        about: dict[str, str],
    ) -> tuple[Feed, ServerName, LogFeedBegin]:
        row = await self._servers.find(principal, server, Access.OPERATOR)
        where, deed = ServerName(row.id, row.name), Deed(dict(about))
        try:
            self._check_policy(where)
            feed, began = await self._feeds.open(principal, where, request, LogFeedBegin)
        except ChatOpsError as error:
            deed.failed(error)
            await self._record(origin, request, where, deed)
            raise
        try:
            await self._record(origin, request, where, deed)
        except BaseException:
            feed.close()
            raise
        notice = shorten(began.notice, MAX_LABEL) if began.notice else None
        return feed, where, LogFeedBegin(name=shorten(began.name, MAX_PATH), notice=notice)

    def _check_policy(self, where: ServerName) -> None:
        """What an agent told of its policy spares the way there; it decides in any case."""
        session = self._agents.find(where.id)
        known = session.policy if session is not None else None
        if known is not None and "files" not in known.allow:
            text = f"{where.name}: its agent was not started with --allow files"
            raise Refused(text, hint=FILES.refused)

    async def _record(
        self, origin: Origin, request: FeedRequest, where: ServerName, deed: Deed
    ) -> None:
        await self._audit.record_alone(
            origin, f"logs.{request.source}", where.name, outcome=deed.outcome, detail=deed.detail
        )
