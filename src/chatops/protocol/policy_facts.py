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
    files = facts.files
    if files is not None:
        files = replace(
            files,
            folders=_maybe(files.folders),
            units=_maybe(files.units),
            write_folders=_maybe(files.write_folders),
        )
    return replace(facts, allow=_texts(facts.allow), exec=exec_facts, docker=docker, files=files)


def _bounded(facts: ExecFacts) -> ExecFacts:
    return replace(
        facts,
        commands=_maybe(facts.commands),
        deny=_texts(facts.deny),
        user=shorten(facts.user, MAX_POLICY_TEXT),
        path=shorten(facts.path, MAX_POLICY_TEXT),
        env_allow=_maybe(facts.env_allow),
        folders=_maybe(facts.folders),
    )


def _maybe(entries: list[str] | None) -> list[str] | None:
    return None if entries is None else _texts(entries)


def _texts(entries: list[str]) -> list[str]:
    shown = [shorten(entry, MAX_POLICY_TEXT) for entry in entries[:MAX_POLICY_RULES]]
    more = len(entries) - MAX_POLICY_RULES
    return [*shown[:-1], f"… and {more + 1} more"] if more > 0 else shown
