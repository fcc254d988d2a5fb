"""How a run on several servers stands, and how it ended: the lines for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from chatops.cli.running.following import Followed
from chatops.cli.running.outcomes import reason
from chatops.protocol.rest.commands import CommandResult
from chatops.text import counted, escape

_MANY: Final = 10
"""When more servers than these did not succeed, those with the same reason share a line."""
_GAPS: Final = 5


class Tally:
    """How many servers are where."""

    def __init__(self) -> None:
        self.servers = 0
        self._started: set[str] = set()
        self._done = 0
        self._failed = 0

    def start(self, command_id: str) -> None:
        """A command was sent."""
        self._started.add(command_id)

    def end(self, result: CommandResult) -> None:
        """A command is over."""
        self._started.discard(result.command_id)
        self._done += 1
        self._failed += result.status != "succeeded"

    def line(self) -> str:
        """As it is shown while the run goes on."""
        parts = [f"{self._done}/{self.servers} done"]
        if self._started:
            parts.append(f"{len(self._started)} running")
        if self._failed:
            parts.append(f"{self._failed} not succeeded")
        return ", ".join(parts)


def summary(results: Sequence[CommandResult], servers: int) -> Iterator[str]:
    """Who did not succeed and why, and how many did."""
    failed = sorted(
        (one for one in results if one.status != "succeeded"), key=lambda one: one.server
    )
    if len(failed) <= _MANY:
        yield from (escape(f"{one.server}: {reason(one)}") for one in failed)
    else:
        yield from _grouped(failed)
    yield f"{len(results) - len(failed)} of {servers} succeeded"


def not_everywhere(results: Sequence[CommandResult]) -> str:
    """What exit status 123 means: none ran it and failed, and some, or all, could not."""
    if any(one.status == "succeeded" for one in results):
        return "some servers could not run it; all that ran it succeeded"
    return "no server could run it"


def missing_output(one: Followed) -> str:
    """Which bytes never came."""
    shown = ", ".join(str(gap) for gap in one.gaps[:_GAPS])
    more = ""
    if len(one.gaps) > _GAPS:
        more = f" and {counted(len(one.gaps) - _GAPS, 'more piece')}"
    verb = "is" if one.missing == 1 else "are"
    return f"{counted(one.missing, 'byte')} of the output {verb} missing here: {shown}{more}"


def _grouped(failed: Iterable[CommandResult]) -> Iterator[str]:
    groups: dict[str, list[str]] = {}
    for one in failed:
        groups.setdefault(reason(one), []).append(one.server)
    for why, names in groups.items():
        head = f"{len(names)} servers: {why}: " if len(names) > 1 else ""
        yield escape(head + ", ".join(names) if head else f"{names[0]}: {why}")
