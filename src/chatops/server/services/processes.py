"""ProcessService: what runs on a server, asked of its agent when somebody wants to know."""

from __future__ import annotations

from chatops.errors import ChatOpsError, Conflict, Offline, ProtocolError, TimedOut
from chatops.ids import new_id
from chatops.protocol import rest
from chatops.protocol.features import PROCESSES
from chatops.protocol.limits import MAX_PROCESSES, MAX_TOP_PROCESSES, PROCESSES_WITHIN
from chatops.protocol.messages import (
    ProcessesRequest,
    ProcessesResponse,
    ProcessSort,
)
from chatops.server.services.access import Principal
from chatops.server.services.agent_manager import AgentManager
from chatops.server.services.metrics.bounds import bound_process
from chatops.server.services.metrics.latest import LatestSamples
from chatops.server.services.metrics.shown import to_process
from chatops.server.services.servers import ServerService
from chatops.text import escape, shorten
from chatops.units import format_time


class ProcessService:
    """Lists processes for those who may see the server: it is monitoring, as samples are."""

    def __init__(self, servers: ServerService, agents: AgentManager, latest: LatestSamples) -> None:
        self._servers = servers
        self._agents = agents
        self._latest = latest

    async def show(
        self, principal: Principal, server: str, sort: ProcessSort, limit: int
    ) -> rest.ProcessPage:
        """The ``limit`` (0: all) processes that take most.

        Raises:
            NotFound: the server is not there for this caller.
            Offline: its agent is not connected.
            Conflict: its agent cannot tell: it is too old, or it failed.
            TimedOut: its agent did not answer.
        """
        row = await self._servers.find(principal, server)
        answer = await self._ask(row.id, row.name, sort, limit)
        if answer.error is not None:
            why = shorten(escape(answer.error), 200)
            raise Conflict(f"the agent of {row.name} could not list the processes: {why}")
        del answer.processes[limit or MAX_PROCESSES :]
        for one in answer.processes:
            bound_process(one)
        return rest.ProcessPage(
            items=[to_process(one) for one in answer.processes],
            total=max(answer.total, len(answer.processes)),
            ts=format_time(answer.ts),
        )

    async def top(self, server_id: str, name: str) -> rest.TopProcesses | None:
        """Those that take most now, as samples have them; None where the agent does not tell."""
        try:
            by_cpu = await self._ask(server_id, name, "cpu", MAX_TOP_PROCESSES)
            by_memory = await self._ask(server_id, name, "memory", MAX_TOP_PROCESSES)
        except ChatOpsError:
            return None
        if by_cpu.error is not None or by_memory.error is not None:
            return None
        return rest.TopProcesses(
            ts=format_time(by_cpu.ts), by_cpu=_bounded(by_cpu), by_memory=_bounded(by_memory)
        )

    async def _ask(
        self, server_id: str, name: str, sort: ProcessSort, limit: int
    ) -> ProcessesResponse:
        session = self._agents.find(server_id)
        if session is None:
            raise self._offline(server_id, name)
        if PROCESSES not in session.features:
            raise Conflict(
                f"the agent of {name} is too old to list processes", hint="update the agent"
            )
        request = ProcessesRequest(id=new_id(), sort=sort, limit=limit)
        try:
            answer = await self._agents.send_command(server_id, request, timeout=PROCESSES_WITHIN)
        except TimeoutError:
            raise TimedOut(
                f"the agent of {name} did not answer within {PROCESSES_WITHIN:g} s",
                hint="the host may be too busy; try again",
            ) from None
        except ProtocolError as error:
            raise Conflict(f"the agent of {name} could not answer: {error.message}") from None
        if not isinstance(answer, ProcessesResponse):
            raise Conflict(f"the agent of {name} answered something else")
        return answer

    def _offline(self, server_id: str, name: str) -> Offline:
        known = self._latest.get(server_id) is not None
        return Offline(
            f"{name} is offline: nobody can say what runs there now",
            hint=f"`chatops metrics show {name}` has its last sample" if known
            else "start `chatops agent` on it: it has not sent anything yet",
        )  # fmt: skip


def _bounded(answer: ProcessesResponse) -> list[rest.ServerProcess]:
    found = answer.processes[:MAX_TOP_PROCESSES]
    for one in found:
        bound_process(one)
    return [to_process(one) for one in found]
