"""Whether a command for a container may be sent to an agent at all. Pure."""

from __future__ import annotations

from typing import NamedTuple

from chatops.protocol.features import CONTAINER_COMMANDS
from chatops.server.services.agent_manager import AgentSession


class Why(NamedTuple):
    """Why a command is not sent: a code, and a sentence."""

    reason: str
    error: str


def refusal(session: AgentSession, container: str | None) -> Why | None:
    """Why the agent of this session gets no command for this container; None when it gets it.

    An agent that does not know of containers would run the command on its host, so this is asked
    before each sending. What the agent told of its policy spares the way there; the agent itself
    decides in any case.
    """
    if container is None:
        return None
    name = session.server_name
    if CONTAINER_COMMANDS not in session.features:
        return Why("unsupported", f"the agent of {name} is too old to run commands in containers")
    if session.policy is None:
        return None
    if "docker" not in session.policy.allow:
        return Why("not_allowed", f"the agent of {name} was not started with --allow docker")
    docker = session.policy.docker
    if docker is not None and docker.mode != "full":
        return Why("policy", f"the policy of {name} does not allow this: docker.mode is read-only")
    if docker is not None and not docker.exec:
        return Why("policy", f"the policy of {name} does not allow this: docker.exec is false")
    return None
