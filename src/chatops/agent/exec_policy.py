"""[policy.exec]: which commands may run, as whom, with what, where, and how much of it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from chatops.agent.account import DEFAULT_PATH, Account
from chatops.agent.rules import LONGEST_LINE, CommandLine, Rule, is_too_long, kind_of
from chatops.agent.variables import is_named, steers
from chatops.protocol.facts import ExecFacts
from chatops.protocol.limits import MAX_RUNNING_COMMANDS


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether something may be done. ``rule`` is the key of the policy that decided (``allow``,
    ``commands``, ``deny``, ``env_allow`` …); ``message`` says it in a sentence that names it."""

    allowed: bool
    rule: str
    message: str = ""


class TimeLimit(NamedTuple):
    """How long a command may run, in seconds; ``by_policy``: not as long as it was to."""

    seconds: float | None
    by_policy: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecPolicy:
    """The table, key by key. Without ``commands`` everything that is not denied may run, with
    the variables and in the folders that the hub names; with it the hub names neither, but for
    what ``env_allow`` and ``folders`` hold."""

    commands: tuple[Rule, ...] | None = None
    deny: tuple[Rule, ...] = ()
    user: Account = field(default_factory=Account.own)
    path: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    env_allow: tuple[str, ...] | None = None
    folders: tuple[str, ...] | None = None
    max_running: int | None = None
    timeout: float | None = None
    max_output: int | None = None

    @property
    def is_unbounded(self) -> bool:
        """Whether everything may run that the agent's user can run."""
        return self.commands is None and not self.deny and not self.user.switched

    def decide(
        self, command: CommandLine, *, cwd: str | None = None, env: Iterable[str] = ()
    ) -> Decision:
        """Whether the command may run with these variables and in this folder. Deny beats allow.

        Where ``cwd`` leads is seen when it is entered, see chatops.agent.folders.
        """
        return (
            self._denied(command)
            or self._not_listed(command)
            or self._refused_variable(env)
            or self._refused_folder(cwd)
            or Decision(allowed=True, rule="allow" if self.commands is None else "commands")
        )

    def environment(self, given: Mapping[str, str]) -> dict[str, str]:
        """The variables of a command, with those that the hub gave and was allowed to."""
        return {**self.user.environment(self.path or DEFAULT_PATH), **given, **self.env}

    def folder(self, cwd: str | None) -> str | None:
        """The absolute name of what the hub calls ``cwd``; None when it names nothing."""
        return os.path.join(self.home, cwd) if cwd else None  # noqa: PTH118  (as it was written)

    @property
    def home(self) -> str:
        """Where a command starts unless told: the user's home, or / when that is not there."""
        home = self.env.get("HOME", self.user.home)
        return home if Path(home).is_dir() else "/"

    @property
    def most(self) -> int:
        """How many commands may run at a time."""
        return self.max_running or MAX_RUNNING_COMMANDS

    def time_limit(self, asked: float | None) -> TimeLimit:
        """The limit of a command for which the hub asked for this one."""
        if self.timeout is None or (asked is not None and asked <= self.timeout):
            return TimeLimit(asked, by_policy=False)
        return TimeLimit(self.timeout, by_policy=True)

    def facts(self) -> ExecFacts:
        """What the hub may know. Values of variables may be secret, and stay here."""
        return ExecFacts(
            commands=None if self.commands is None else [rule.text for rule in self.commands],
            deny=[rule.text for rule in self.deny],
            user=self.user.name,
            path=self.path or DEFAULT_PATH,
            env_allow=None if self.takes_all_variables else list(self.env_allow or ()),
            folders=None if self.allowed_folders is None else list(self.allowed_folders),
            max_running=self.max_running,
            timeout=self.timeout,
            max_output=self.max_output,
        )

    @property
    def allowed_folders(self) -> tuple[str, ...] | None:
        """The folders in which a command may start; None for all."""
        return None if self.takes_all_folders else self.folders or ()

    @property
    def takes_all_variables(self) -> bool:
        """Whether the hub may set whatever the policy does not set itself."""
        return self.commands is None and self.env_allow is None

    @property
    def takes_all_folders(self) -> bool:
        """Whether a command may start anywhere."""
        return self.commands is None and self.folders is None

    # -- within -----------------------------------------------------------------------------

    def _denied(self, command: CommandLine) -> Decision | None:
        if is_too_long(command, self.deny):
            return _refusal("deny", f"deny cannot tell of a line over {LONGEST_LINE} characters")
        for rule in self.deny:
            if rule.denies(command):
                return _refusal("deny", f"deny has {rule.text}")
        return None

    def _not_listed(self, command: CommandLine) -> Decision | None:
        if self.commands is None:
            return None
        if is_too_long(command, self.commands):
            why = f"commands cannot tell of a line over {LONGEST_LINE} characters"
            return _refusal("commands", why)
        if any(rule.allows(command) for rule in self.commands):
            return None
        return _refusal("commands", f"no {kind_of(command)} in commands is like it")

    def _refused_variable(self, names: Iterable[str]) -> Decision | None:
        for name in names:
            if name == "PATH" and self.path is not None:
                return _refusal("path", "path sets PATH")
            if name in self.env:
                return _refusal("env", f"env sets {name}")
            if self.takes_all_variables:
                continue
            if self.commands is not None and steers(name):
                why = f"env_allow never takes {name} where commands are listed"
                return _refusal("env_allow", why)
            if not is_named(name, self.env_allow or ()):
                return _refusal("env_allow", f"env_allow does not name {name}")
        return None

    def _refused_folder(self, cwd: str | None) -> Decision | None:
        if not cwd or self.allowed_folders != ():
            return None
        return _refusal("folders", f"folders does not hold {cwd}")


def _refusal(rule: str, why: str) -> Decision:
    message = f"the agent's policy does not allow this: {why}"
    return Decision(allowed=False, rule=rule, message=message)
