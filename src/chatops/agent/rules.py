"""The rules that name commands: exact vectors, and anchored patterns for shell lines.

Neither kind says anything about the other: a vector is never joined to a line. Only a vector
of one plain word also names the line that is this word, for a shell can read nothing else into
it and `chatops exec web-1 uptime` sends a line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

CommandLine = str | list[str]

LONGEST_LINE: Final = 4096
"""Characters of a line that patterns are tried on: a hub must not stall the agent with a long
one that a pattern takes for ever to look through."""

FORM: Final = 'an entry is a list like ["uptime"] or a pattern like "^systemctl status [a-z-]+$"'

_PLAIN_WORD: Final = re.compile(r"[A-Za-z0-9_./+-]+")
"""A word that every shell reads as itself."""
_OTHER_SPACE: Final = "\v"
"""Stands in for a newline: what takes this too does not mean a newline."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of ``commands`` or ``deny``: an exact vector or a pattern for a line."""

    text: str
    vector: tuple[str, ...] | None = None
    pattern: re.Pattern[str] | None = None

    def allows(self, command: CommandLine) -> bool:
        """Whether the rule names exactly this command, from its first character to its last.

        A newline begins another command. So a line with one is named only by a pattern that
        asks for a newline there, and not by a ``\\s`` or ``[^;]`` that happens to take it.
        """
        if self.pattern is None or not isinstance(command, str):
            return self._is(command)
        return self.pattern.fullmatch(command) is not None and not any(
            self.pattern.fullmatch(command[:at] + _OTHER_SPACE + command[at + 1 :])
            for at, char in enumerate(command)
            if char == "\n"
        )

    def denies(self, command: CommandLine) -> bool:
        """Whether the rule names this command, or one of the lines that it is made of."""
        if self.pattern is None or not isinstance(command, str):
            return self._is(command)
        parts = (command, *command.split("\n"))
        return any(self.pattern.fullmatch(part) is not None for part in parts)

    def _is(self, command: CommandLine) -> bool:
        if isinstance(command, list):
            return self.vector is not None and self.vector == tuple(command)
        return self.vector == (command,) and _PLAIN_WORD.fullmatch(command) is not None


def is_too_long(command: CommandLine, rules: tuple[Rule, ...]) -> bool:
    """Whether a line is longer than what the patterns among these rules are tried on."""
    return (
        isinstance(command, str)
        and len(command) > LONGEST_LINE
        and any(rule.pattern is not None for rule in rules)
    )


def kind_of(command: CommandLine) -> str:
    """What a rule for this command is called."""
    return "pattern" if isinstance(command, str) else "vector"
