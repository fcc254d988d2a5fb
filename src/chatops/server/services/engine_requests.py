"""What the hub asks of a server's container engine, by way of its agent, and what the answers
mean."""

from __future__ import annotations

from typing import Any, Final, TypeVar

import msgspec

from chatops.errors import ChatOpsError, Conflict, Offline, ProtocolError, TimedOut, from_code
from chatops.protocol.messages import DockerCommand, DockerResponse
from chatops.server.services.agent_manager import AgentManager
from chatops.server.services.server_finder import ServerName
from chatops.text import escape, shorten

PATIENCE: Final = 10.0
"""Seconds that an engine gets for what it is asked, unless the caller says how long."""
SLACK: Final = 10.0
"""Seconds beyond that, after which an agent counts as silent: it answers within five."""
_CODES: Final = {"not_allowed": "refused", "unsupported": "conflict"}
"""Codes of agents that are called otherwise among errors."""
_KNOWN: Final = frozenset({"refused", "conflict", "not_found", "timed_out", "invalid", "busy"})
_HINTS: Final = {
    "there is no container": "`chatops docker ps {server} -a` shows those there are",
    "no container engine listens": "start it, or set DOCKER_HOST or [policy.docker] host for the "
    "agent",
}
"""What to do, by how the text of an agent begins."""

T = TypeVar("T")


async def ask_engine(
    agents: AgentManager, where: ServerName, request: DockerCommand, kind: type[T], patience: float
) -> T:
    """What the agent answers within ``patience`` seconds.

    Raises:
        Offline: the agent is not connected.
        Refused: its policy does not let the hub do this.
        NotFound: the container is not there.
        Conflict: the engine said no, or there is none.
        TimedOut: the agent or the engine did not answer.
        Busy: they have too much to do.
    """
    if agents.find(where.id) is None:
        raise Offline(f"{where.name} is offline: nobody can ask its container engine")
    try:
        answer = await agents.send_command(where.id, request, timeout=patience)
    except TimeoutError:
        raise TimedOut(
            f"the agent of {where.name} did not answer within {patience:g} s",
            hint="the host may be too busy; what was asked for may still be done",
        ) from None
    except ProtocolError as error:
        raise Conflict(f"the agent of {where.name} could not answer: {error.message}") from None
    if not isinstance(answer, DockerResponse):
        raise Conflict(f"the agent of {where.name} answered something else")
    if not answer.ok:
        raise failure(where.name, answer.code, answer.error)
    return _read(where, answer.data, kind)


def failure(server: str, code: str | None, text: str | None) -> ChatOpsError:
    """The error that an agent tells; of what it says only the text is believed."""
    code = _CODES.get(code or "", code or "")
    text = shorten(escape(text or "no reason given"), 600)
    hints = (hint for start, hint in _HINTS.items() if text.startswith(start))
    hint = next((hint.format(server=server) for hint in hints), None)
    if code == "refused":
        hint = "the target's owner decides that: --allow docker and [policy.docker] of the agent"
    return from_code(code if code in _KNOWN else "conflict", f"{server}: {text}", hint=hint)


def _read(where: ServerName, data: Any, kind: type[T]) -> T:
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError:
        raise Conflict(f"the agent of {where.name} answered something else") from None
