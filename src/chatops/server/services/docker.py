"""DockerService: containers of a server, asked of its agent, which asks the engine there."""

from __future__ import annotations

from typing import Any, TypeVar

from chatops.ids import new_id
from chatops.protocol import containers as wire
from chatops.protocol import rest
from chatops.protocol.limits import MAX_COMMAND_LINE, MAX_LABEL, MAX_SERIES
from chatops.protocol.messages import DockerCommand
from chatops.protocol.metrics import Container
from chatops.server.services.access import Access, Principal
from chatops.server.services.agent_manager import AgentManager
from chatops.server.services.agent_requests import PATIENCE, SLACK, ask_agent
from chatops.server.services.audit import AuditService, Origin
from chatops.server.services.on_record import on_record
from chatops.server.services.server_finder import ServerFinder, ServerName
from chatops.text import shorten
from chatops.units import format_time

T = TypeVar("T")


class DockerService:
    """Shows containers to those who may see the server, and changes them for its operators."""

    def __init__(self, servers: ServerFinder, agents: AgentManager, audit: AuditService) -> None:
        self._servers = servers
        self._agents = agents
        self._audit = audit

    async def ps(
        self, principal: Principal, server: str, *, every: bool
    ) -> rest.Page[rest.ServerContainer]:
        """The containers that run, or (``every``) all.

        Raises (as all of these do):
            NotFound: the server, or the container, is not there for this caller.
            Offline: the agent is not connected.
            Refused: its policy does not let the hub do this.
            Conflict: the engine said no, or there is none.
            TimedOut: the agent or the engine did not answer.
        """
        where = await self._find(principal, server)
        found = await self._ask(where, "ps", list[wire.ContainerInfo], all=every)
        return rest.Page(items=[_container(where.name, one) for one in found[:MAX_SERIES]])

    async def stats(self, principal: Principal, server: str) -> rest.Page[rest.ContainerStats]:
        """What the containers that run use; all who ask at a time get the same look of the
        agent's."""
        where = await self._find(principal, server)
        found = await self._ask(where, "stats", wire.ContainerFigures)
        ts = format_time(found.ts)
        return rest.Page(
            items=[_stats(where.name, one, ts) for one in found.containers[:MAX_SERIES]]
        )

    async def inspect(
        self, principal: Principal, server: str, container: str, *, timeout: float | None = None
    ) -> rest.ContainerDetail:
        """All that the engine knows of a container, but for the values of its environment."""
        where = await self._find(principal, server)
        found = await self._ask(
            where, "inspect", wire.ContainerDetail, container=container, timeout=timeout
        )
        return rest.ContainerDetail(
            server=where.name, id=_cut(found.id), name=_cut(found.name), detail=found.detail
        )

    async def images(self, principal: Principal, server: str) -> rest.Page[rest.Image]:
        """The images that lie there."""
        where = await self._find(principal, server)
        found = await self._ask(where, "images", list[wire.ImageInfo])
        return rest.Page(items=[_image(where.name, one) for one in found[:MAX_SERIES]])

    async def top(
        self, principal: Principal, server: str, container: str
    ) -> rest.Page[rest.ContainerProcess]:
        """The processes of a container."""
        where = await self._find(principal, server)
        found = await self._ask(where, "top", list[wire.ContainerProcess], container=container)
        return rest.Page(
            items=[
                rest.ContainerProcess(
                    pid=one.pid, ppid=one.ppid, user=_maybe(one.user),
                    command=shorten(one.command, MAX_COMMAND_LINE),
                )
                for one in found
            ]
        )  # fmt: skip

    async def change(
        self,
        principal: Principal,
        origin: Origin,
        server: str,
        container: str,
        action: rest.ContainerVerb,
        timeout: float | None,
    ) -> rest.ContainerChange:
        """Start, stop, remove … a container; whatever comes of it is recorded."""
        where = await self._find(principal, server, Access.OPERATOR)
        about = {"container": shorten(container, MAX_LABEL)}
        async with on_record(self._audit, origin, f"docker.{action}", where.name, about):
            found = await self._ask(
                where, action, wire.ContainerChange, container=container, timeout=timeout
            )
        return rest.ContainerChange(
            server=where.name, id=_cut(found.id), name=_cut(found.name), action=action,
            state=_maybe(found.state),
        )  # fmt: skip

    # -- asking ------------------------------------------------------------------------

    async def _find(
        self, principal: Principal, server: str, access: Access = Access.VIEWER
    ) -> ServerName:
        row = await self._servers.find(principal, server, access)
        return ServerName(row.id, row.name)

    async def _ask(
        self,
        where: ServerName,
        action: str,
        kind: type[T],
        *,
        timeout: float | None = None,
        **args: Any,
    ) -> T:
        """What the agent answers."""
        given = args if timeout is None else {**args, "timeout": timeout}
        request = DockerCommand(id=new_id(), action=action, args=given)
        patience = (PATIENCE if timeout is None else timeout) + SLACK
        return await ask_agent(self._agents, where, request, kind, patience)


def _container(server: str, one: wire.ContainerInfo) -> rest.ServerContainer:
    return rest.ServerContainer(
        server=server, id=_cut(one.id), name=_cut(one.name), image=_cut(one.image),
        state=_cut(one.state), status=_cut(one.status), health=_maybe(one.health),
        ports=[_cut(port) for port in one.ports[:MAX_SERIES]], project=_maybe(one.project),
        created_at=_time(one.created_at), cpu_percent=one.cpu_percent, memory=one.memory,
    )  # fmt: skip


def _stats(server: str, one: Container, ts: str) -> rest.ContainerStats:
    share = one.memory is not None and one.memory_limit
    return rest.ContainerStats(
        server=server, id=_cut(one.id), name=_cut(one.name), cpu_percent=one.cpu_percent,
        memory=one.memory, memory_limit=one.memory_limit,
        memory_percent=round(100.0 * (one.memory or 0) / share, 2) if share else None,
        rx_bps=one.rx_bps, tx_bps=one.tx_bps, read_bps=one.read_bps, write_bps=one.write_bps,
        pids=one.pids, project=_maybe(one.project), ts=ts,
    )  # fmt: skip


def _image(server: str, one: wire.ImageInfo) -> rest.Image:
    return rest.Image(
        server=server, id=_cut(one.id), tags=[_cut(tag) for tag in one.tags[:MAX_SERIES]],
        size=one.size, created_at=_time(one.created_at),
    )  # fmt: skip


def _cut(text: str) -> str:
    return text[:MAX_LABEL]


def _maybe(text: str | None) -> str | None:
    return None if text is None else _cut(text)


def _time(stamp: float | None) -> str | None:
    return None if stamp is None else format_time(stamp)
