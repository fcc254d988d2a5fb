"""``chatops exec`` and ``docker exec`` without typer, whose import takes longer than most remote
commands.

Only lines that are right are read here. Whatever is not (a mistake, ``--help``, completion)
is left to typer, so that there is one place that explains and one set of messages.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from chatops.cli.declared import COMMON, DOCKER_EXEC, EXEC, FORMS, Declared

_COMPLETING: Final = "_CHATOPS_COMPLETE"


class Line(NamedTuple):
    """A command line taken apart: options by name, and the words from TARGET on."""

    options: dict[str, Any]
    words: list[str]


def execute(argv: Sequence[str]) -> int | None:
    """Run ``exec ARGV``; its exit status, or None when typer has to look at the line."""
    line = _line(argv, EXEC, words=2)
    return None if line is None else _run(line, line.words[0], line.words[1:])


def docker_execute(argv: Sequence[str]) -> int | None:
    """Run ``docker exec ARGV``, the same."""
    line = _line(argv, DOCKER_EXEC, words=3)
    if line is None or not line.words[1]:
        return None
    line.options["container"] = line.words[1]
    return _run(line, line.words[0], line.words[2:])


def _line(argv: Sequence[str], own: Sequence[Declared], *, words: int) -> Line | None:
    line = None if _COMPLETING in os.environ else parse(argv, (*COMMON, *own))
    return None if line is None or len(line.words) < words else line


def _run(line: Line, target: str, words: list[str]) -> int:
    _load_msgspec()
    from chatops.cli.context import Cli, Common
    from chatops.cli.execute import run
    from chatops.cli.exits import exec_exit_code

    common = Common(**{one.name: line.options.pop(one.name) for one in COMMON})
    cli = Cli(common, exit_of=exec_exit_code)
    return cli.run(lambda: run(cli, target, words, **line.options))


def _load_msgspec() -> None:
    """Import msgspec without typing_extensions, which it prefers where it is installed. It
    takes as long as msgspec itself (it brings inspect, ast and dis), and of what msgspec wants
    from there typing has had everything since Python 3.11."""
    if "typing_extensions" in sys.modules:
        return
    sys.modules["typing_extensions"] = None  # type: ignore[assignment]  # documented: "not there"
    try:
        import msgspec  # noqa: F401  (loaded for all that follows)
    finally:
        del sys.modules["typing_extensions"]


def parse(argv: Sequence[str], declared: Sequence[Declared]) -> Line | None:
    """Options up to the first argument, as typer reads them; None where it might object."""
    known = {word: one for one in declared for word in one.words}
    found: dict[str, Any] = {one.name: one.default for one in declared}
    rest = list(argv)
    while rest and rest[0].startswith("-"):
        word = rest.pop(0)
        if word == "--":
            break
        word, equals, value = word.partition("=") if word.startswith("--") else (word, "", "")
        one = known.get(word)
        if one is None or (one.kind == "flag" and equals):
            return None
        if one.kind == "flag":
            found[one.name] = True
            continue
        if not equals:
            value = rest.pop(0) if rest else ""
        if not _is_plain(one, value):
            return None
        found[one.name] = _value(one, value, found[one.name])
    return Line(found, rest)


def _is_plain(one: Declared, value: str) -> bool:
    """Whether a value is surely one: typer has its own thoughts on the empty and on dashes."""
    if one.kind == "number":
        return value.isascii() and value.isdigit() and len(value) < 10
    return bool(value) and value[0] != "-" and (one.kind != "form" or value in FORMS)


def _value(one: Declared, value: str, before: Any) -> Any:
    if one.kind == "texts":
        return [*(before or ()), value]
    if one.kind == "number":
        return int(value)
    if one.kind == "path":
        from pathlib import Path

        return Path(value)
    return value
