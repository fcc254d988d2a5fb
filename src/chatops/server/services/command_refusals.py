"""Whether a command may be sent to an agent at all: its policy has to let it run commands, and one
for a container or a terminal needs an agent that knows of these. Pure."""

from __future__ import annotations

from typing import NamedTuple

from chatops.protocol.features import CONTAINER_COMMANDS, TERMINALS
from chatops.server.services.agent_manager import AgentSession
from chatops.server.services.run_spec import RunSpec


class Why(NamedTuple):
    """Why a command is not sent: a code, and a sentence."""

    reason: str
    error: str


def refusal(session: AgentSession, spec: RunSpec) -> Why | None:
    """Why the agent of this session does not get what ``spec`` says; None when it gets it.

    An agent that does not know of containers would run the command on its host, and one that does
    not know of terminals without one, so this is asked before each sending. What the agent told of
    its policy spares the way there; the agent itself decides in any case.
    """
    name = session.server_name
    if spec.terminal is not None and TERMINALS not in session.features:
        return Why("unsupported", f"the agent of {name} is too old to open terminals")
    if spec.container is not None:
        return _not_in_container(session)
    needed = "exec" if spec.terminal is None else "shell"
    if session.policy is None or needed in session.policy.allow:
        return None
    return Why("not_allowed", f"the agent of {name} was not started with --allow {needed}")


def _not_in_container(session: AgentSession) -> Why | None:
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
