"""What the target's owner lets the hub do: default deny, decided here and nowhere else.

    [policy]
    allow = ["exec"]                      # the same as --allow; both add up

    [policy.exec]
    commands = [["uptime"], "^systemctl status [a-z-]+$"]
    deny = [["reboot"], ".*shutdown.*"]

A list is an exact argument vector. A string is a pattern that a whole shell line must
match. Neither kind says anything about the other: a vector is never joined to a line. Only
a vector of one plain word also names the line that is this word, for a shell can read
nothing else into it and `chatops exec web-1 uptime` sends a line.
Without ``commands`` everything that is not denied may run; with it, only what it names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from chatops.agent.settings import CAPABILITIES
from chatops.errors import InvalidInput
from chatops.protocol.messages import PolicyFacts

CommandLine = str | list[str]

_PLAIN_WORD: Final = re.compile(r"[A-Za-z0-9_./+-]+")
"""A word that every shell reads as itself."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether something may be done. ``rule`` is ``allow``, ``commands`` or ``deny``, whichever
    decided; ``message`` says it in a sentence that names the rule."""

    allowed: bool
    rule: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of ``commands`` or ``deny``: an exact vector or a pattern for a line."""

    text: str
    vector: tuple[str, ...] | None = None
    pattern: re.Pattern[str] | None = None

    def covers(self, command: CommandLine) -> bool:
        """Whether the rule speaks of this command."""
        if isinstance(command, list):
            return self.vector is not None and self.vector == tuple(command)
        if self.pattern is not None:
            return self.pattern.fullmatch(command) is not None
        return self.vector == (command,) and _PLAIN_WORD.fullmatch(command) is not None


class Policy:
    """The owner's decision, fixed for the life of the agent."""

    def __init__(
        self,
        allow: Iterable[str] = (),
        commands: list[Rule] | None = None,
        deny: Iterable[Rule] = (),
    ) -> None:
        given = frozenset(allow)
        self._allow = frozenset(CAPABILITIES) if "all" in given else given
        self._commands = commands
        self._deny = tuple(deny)

    @property
    def allow(self) -> list[str]:
        """The allowed capabilities, in their usual order."""
        return [name for name in CAPABILITIES if name in self._allow]

    def facts(self) -> PolicyFacts:
        """What the hub is told of the policy; it can read it and never widen it."""
        return PolicyFacts(allow=self.allow)

    def decide(self, command: CommandLine) -> Decision:
        """Whether this command may run. Deny beats allow."""
        if "exec" not in self._allow:
            return Decision(
                allowed=False,
                rule="allow",
                message="this agent was not started with --allow exec, so it runs no commands",
            )
        for rule in self._deny:
            if rule.covers(command):
                message = f"the agent's policy denies this command: deny has {rule.text}"
                return Decision(allowed=False, rule="deny", message=message)
        if self._commands is None:
            return Decision(allowed=True, rule="allow")
        if any(rule.covers(command) for rule in self._commands):
            return Decision(allowed=True, rule="commands")
        return Decision(allowed=False, rule="commands", message=_not_listed(command))

    def describe(self) -> str:
        """One sentence for ``agent check``."""
        if not self._allow:
            return "nothing but reading metrics is allowed here"
        text = "allowed here: " + ", ".join(self.allow)
        if "exec" in self._allow and self._commands is not None:
            text += f"; exec only what {len(self._commands)} rules of [policy.exec] name"
        if "exec" in self._allow and self._deny:
            text += f"; exec never what {len(self._deny)} deny rules name"
        return text


def build(allow: Iterable[str] = (), table: Mapping[str, Any] | None = None) -> Policy:
    """The policy of ``--allow`` and the ``[policy]`` table together.

    Raises:
        InvalidInput: an unknown key or capability, a pattern that is none; says which.
    """
    rest = dict(table or {})
    more = _capabilities(rest.pop("allow", []))
    section = rest.pop("exec", {})
    if not isinstance(section, dict):
        raise InvalidInput("policy.exec is not a table", hint="write it as [policy.exec]")
    rules = dict(section)
    commands = rules.pop("commands", None)
    deny = rules.pop("deny", [])
    _refuse_unknown("policy", rest, "allow, exec")
    _refuse_unknown("policy.exec", rules, "commands, deny")
    return Policy(
        allow=[*allow, *more],
        commands=None if commands is None else _rules("policy.exec.commands", commands),
        deny=_rules("policy.exec.deny", deny),
    )


_FORM: Final = 'an entry is a list like ["uptime"] or a pattern like "^systemctl status [a-z-]+$"'


def _capabilities(value: object) -> list[str]:
    known = (*CAPABILITIES, "all")
    if not isinstance(value, list) or any(word not in known for word in value):
        raise InvalidInput(
            f"policy.allow is not a list of capabilities: {value!r}",
            hint="they are " + ", ".join(known),
        )
    return value


def _rules(name: str, value: object) -> list[Rule]:
    if not isinstance(value, list):
        raise InvalidInput(f"{name} is not a list", hint=_FORM)
    return [_rule(f"{name}[{index}]", entry) for index, entry in enumerate(value)]


def _rule(name: str, entry: object) -> Rule:
    if isinstance(entry, list) and entry and all(isinstance(word, str) for word in entry):
        return Rule(text=_shown(entry), vector=tuple(entry))
    if not isinstance(entry, str):
        raise InvalidInput(f"{name} is neither a vector nor a pattern: {entry!r}", hint=_FORM)
    try:
        return Rule(text=repr(entry), pattern=re.compile(entry))
    except re.error as error:
        raise InvalidInput(f"{name} is not a regular expression: {error}", hint=_FORM) from None


def _refuse_unknown(where: str, rest: Mapping[str, Any], known: str) -> None:
    if rest:
        raise InvalidInput(f"[{where}] has an unknown key {min(rest)!r}", hint=f"known: {known}")


def _not_listed(command: CommandLine) -> str:
    kind = "pattern" if isinstance(command, str) else "vector"
    return f"the agent's policy does not list this command: no {kind} in commands is like it"


def _shown(vector: list[str]) -> str:
    return "[" + ", ".join(repr(word) for word in vector) + "]"
