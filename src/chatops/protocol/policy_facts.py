"""An agent's policy as a hub is told of it, in bounded size. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from chatops.protocol.facts import ExecFacts, PolicyFacts
from chatops.protocol.limits import MAX_POLICY_RULES, MAX_POLICY_TEXT
from chatops.text import shorten


def bounded(facts: PolicyFacts) -> PolicyFacts:
    """The facts without what is too much: an agent sends no more, a hub takes no more."""
    exec_facts = _bounded(facts.exec) if facts.exec is not None else None
    docker = facts.docker
    if docker is not None:
        docker = replace(docker, mode=shorten(docker.mode, MAX_POLICY_TEXT))
    return replace(facts, allow=_texts(facts.allow), exec=exec_facts, docker=docker)


def _bounded(facts: ExecFacts) -> ExecFacts:
    return replace(
        facts,
        commands=None if facts.commands is None else _texts(facts.commands),
        deny=_texts(facts.deny),
        user=shorten(facts.user, MAX_POLICY_TEXT),
        path=shorten(facts.path, MAX_POLICY_TEXT),
        env_allow=None if facts.env_allow is None else _texts(facts.env_allow),
        folders=None if facts.folders is None else _texts(facts.folders),
    )


def _texts(entries: list[str]) -> list[str]:
    shown = [shorten(entry, MAX_POLICY_TEXT) for entry in entries[:MAX_POLICY_RULES]]
    more = len(entries) - MAX_POLICY_RULES
    return [*shown[:-1], f"… and {more + 1} more"] if more > 0 else shown
