"""DockerUpkeep: images that come, and what nothing uses that goes."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec

from chatops.errors import ChatOpsError, Conflict
from chatops.protocol import containers as wire
from chatops.protocol import rest
from chatops.protocol.limits import MAX_LABEL, KiB
from chatops.server.services.access import Access, Principal
from chatops.server.services.agent_manager import AgentManager
from chatops.server.services.agent_requests import SLACK, ask_agent, engine_request
from chatops.server.services.audit import AuditService, Origin
from chatops.server.services.feeds import Feed, FeedService
from chatops.server.services.on_record import Deed, on_record
from chatops.server.services.server_finder import ServerFinder, ServerName

PRUNE_PATIENCE: Final = 300.0
"""Seconds that an engine has for removing what nothing uses."""
_LONGEST_LINE: Final = 64 * KiB
_TOLD: Final = 100
"""Things that the record of a prune names."""


class Pull:
    """A pull that goes on: its steps, then the image."""

    def __init__(self, feed: Feed, image: str) -> None:
        self.result: rest.PulledImage | None = None
        self.error: ChatOpsError | None = None
        self._feed = feed
        self._image = image
        self._rest = b""
        self._events: deque[rest.PullEvent] = deque()

    async def next(self) -> rest.PullEvent | None:
        """What happened next; None at the end.

        Raises:
            ChatOpsError: the pull failed.
        """
        try:
            while not self._events:
                pieces = await self._feed.next()
                if pieces is None and self.result is None:
                    raise Conflict(f"{self._feed.server}: the pull ended without an image")
                if pieces is None:
                    return None
                for piece in pieces:
                    self._take(piece.data)
        except ChatOpsError as error:
            self.error = error
            raise
        return self._events.popleft()

    def _take(self, data: bytes | bytearray) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > _LONGEST_LINE:
            raise self._nonsense()
        for line in lines:
            try:
                step = msgspec.json.decode(line, type=wire.PullStep)
            except (msgspec.DecodeError, UnicodeDecodeError):
                raise self._nonsense() from None
            self._events.append(self._event(step))

    def _event(self, step: wire.PullStep) -> rest.PullEvent:
        if step.id is not None:
            self.result = rest.PulledImage(
                server=self._feed.server, image=self._image, id=step.id[:MAX_LABEL]
            )
            return rest.PullEvent(event="result", result=self.result)
        return rest.PullEvent(
            event="progress", layer=step.layer and step.layer[:MAX_LABEL],
            status=step.status[:MAX_LABEL], current=step.current, total=step.total,
        )  # fmt: skip

    def _nonsense(self) -> Conflict:
        return Conflict(f"the agent of {self._feed.server} answered something else")


class DockerUpkeep:
    """Pulls and prunes, for operators."""

    def __init__(
        self, servers: ServerFinder, agents: AgentManager, feeds: FeedService, audit: AuditService
    ) -> None:
        self._servers = servers
        self._agents = agents
        self._feeds = feeds
        self._audit = audit

    @asynccontextmanager
    async def pull(
        self, principal: Principal, origin: Origin, server: str, image: str
    ) -> AsyncIterator[Pull]:
        """A pull, which is cancelled at the end of the block if it is not over.

        Raises:
            as FeedService.open; and NotFound, NotPermitted: the server, for this caller.
        """
        where = await self._find(principal, server)
        about = {"image": image}
        async with on_record(self._audit, origin, "docker.pull", where.name, about) as deed:
            request = engine_request("pull", image=image)
            feed, _ = await self._feeds.open(principal, where, request, type(None), ["stdout"])
            pull = Pull(feed, image)
            try:
                yield pull
            finally:
                feed.close()
            _conclude(deed, pull)

    async def prune(
        self, principal: Principal, origin: Origin, server: str, *, dry_run: bool, volumes: bool
    ) -> rest.PruneReport:
        """Remove what nothing uses, or tell what that would be.

        Raises:
            as ask_agent; and NotFound, NotPermitted: the server, for this caller.
        """
        where = await self._find(principal, server)
        args: dict[str, Any] = {"dry_run": dry_run, "volumes": volumes}
        async with on_record(self._audit, origin, "docker.prune", where.name, args) as deed:
            request = engine_request("prune", **args, timeout=PRUNE_PATIENCE)
            found = await ask_agent(
                self._agents, where, request, wire.PruneResult, PRUNE_PATIENCE + SLACK
            )
            report = _report(where.name, found, dry_run=dry_run)
            named = [f"{one.kind} {one.name or one.id}" for one in report.items if not one.error]
            deed.detail |= {"items": named[:_TOLD], "count": found.count, "space": found.space}
        return report

    async def _find(self, principal: Principal, server: str) -> ServerName:
        row = await self._servers.find(principal, server, Access.OPERATOR)
        return ServerName(row.id, row.name)


def _conclude(deed: Deed, pull: Pull) -> None:
    if pull.error is not None:
        deed.failed(pull.error)
    elif pull.result is not None:
        deed.detail["id"] = pull.result.id
    else:
        deed.outcome = "cancelled"


def _report(server: str, found: wire.PruneResult, *, dry_run: bool) -> rest.PruneReport:
    things = [
        rest.PrunedThing(
            kind=one.kind[:MAX_LABEL], id=one.id[:MAX_LABEL], name=one.name[:MAX_LABEL],
            size=one.size, error=one.error and one.error[:MAX_LABEL],
        )
        for one in found.items
    ]  # fmt: skip
    return rest.PruneReport(
        server=server, dry_run=dry_run, count=max(found.count, len(things)), space=found.space,
        items=things,
    )  # fmt: skip
