"""``agent check COMMAND``: what a command would get on this host, without running it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping

import msgspec

from chatops.agent import policy_table
from chatops.agent.exec_policy import Decision, ExecPolicy
from chatops.agent.folders import FolderError, OutsideFolders, open_folder, real_path
from chatops.agent.process import vector_of
from chatops.agent.rules import CommandLine
from chatops.agent.sentences import outside
from chatops.agent.settings import AgentSettings
from chatops.errors import InvalidInput


class CommandCheck(msgspec.Struct, kw_only=True):
    """What a command would get. ``rule`` is the key of the policy that decides, ``why`` says it
    when that is no. ``program`` is the file that would be run, ``variables`` are names only;
    limits are in seconds and bytes, null for none. In a ``container`` the user, folder, program,
    PATH and variables are its own, and null here but for what was asked for."""

    command: CommandLine
    allowed: bool
    rule: str
    why: str | None
    container: str | None = None
    user: str | None = None
    folder: str | None = None
    program: str | None = None
    path: str | None = None
    variables: list[str]
    timeout: float | None
    max_output: int | None
    max_running: int


def explain(
    settings: AgentSettings,
    command: CommandLine,
    *,
    cwd: str | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float | None = None,
) -> CommandCheck:
    """What the policy of these settings makes of a command, and where it would run.

    Raises:
        InvalidInput: the policy cannot be read, or there is no such folder.
    """
    given = dict(env or {})
    policy = policy_table.build(settings.allow, settings.policy)
    bounds = policy.exec
    decision = policy.decide(command, cwd=cwd, env=given)
    folder = bounds.folder(cwd) or bounds.home
    if decision.allowed and cwd:
        decision, folder = _enter(bounds, folder, decision)
    variables = bounds.environment(given if decision.allowed else {})
    return CommandCheck(
        command=command,
        allowed=decision.allowed,
        rule=decision.rule,
        why=decision.message or None,
        user=bounds.user.name,
        folder=folder,
        program=_program(vector_of(command)[0], variables["PATH"], folder),
        path=variables["PATH"],
        variables=sorted(variables),
        timeout=bounds.time_limit(timeout).seconds,
        max_output=bounds.max_output,
        max_running=bounds.most,
    )


def explain_in_container(
    settings: AgentSettings,
    command: CommandLine,
    container: str,
    *,
    cwd: str | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float | None = None,
) -> CommandCheck:
    """What the policy of these settings makes of a command in the container of that name.

    Raises:
        InvalidInput: the policy cannot be read.
    """
    policy = policy_table.build(settings.allow, settings.policy)
    decision = policy.decide_in_container()
    if decision.allowed and not policy.docker.sees(container):
        why = f"no pattern in docker.containers names {container}: for the hub there is none"
        decision = Decision(allowed=False, rule="docker.containers", message=why)
    return CommandCheck(
        command=command,
        allowed=decision.allowed,
        rule=decision.rule,
        why=decision.message or None,
        container=container,
        folder=cwd,
        variables=sorted(env or {}),
        timeout=policy.exec.time_limit(timeout).seconds,
        max_output=policy.exec.max_output,
        max_running=policy.exec.most,
    )


def _enter(bounds: ExecPolicy, folder: str, decision: Decision) -> tuple[Decision, str]:
    try:
        handle = open_folder(folder, bounds.user, bounds.allowed_folders)
    except OutsideFolders as error:
        why = outside(bounds, error)
        return Decision(allowed=False, rule="folders", message=why), str(error.filename)
    except (FolderError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise InvalidInput(f"a command cannot start in the folder {folder}: {why}") from None
    try:
        return decision, real_path(handle)
    finally:
        os.close(handle)


def _program(name: str, path: str, folder: str) -> str | None:
    if "/" in name:
        name = os.path.join(folder, name)  # noqa: PTH118  (as the system does)
    return shutil.which(name, path=path)
