"""docs/reference/cli.md: every command with its arguments, options and example."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import typer

from chatops.cli.declared import DATA, HUB, TALK
from chatops.cli.main import COMMANDS, load
from docs.gen.markdown import code, prose, table

PAGE: Final = "reference/cli.md"
INTRODUCTION: Final = """# The command line

`chatops COMMAND --help` shows what stands here. Data goes to stdout, talk and errors to stderr;
the [exit codes](exit-codes.md) are the same for all commands but `exec`.

SERVER is a server's name or id. A name has 1 to 63 of `A-Z a-z 0-9 . _ -`, begins with a letter or
digit, and is not `all` or `history`, nor of the form of an id. TARGET means one server or several:
`web-1`, `web-1,web-2`, a glob `'web-*'`, `tag:env=prod`, `all`; `!` before any form leaves it out
(`'all,!db-1'`). Durations are written `500ms 30s 5m 2h 7d`; where WHEN stands, a duration ago or an
RFC 3339 time.

`chatops --install-completion` sets up completion for the shell in use, bash, zsh or fish;
`_CHATOPS_COMPLETE=source_zsh chatops` prints the script for one of them.

"""
_COMMON: Final = frozenset(one.name for one in (*HUB, *DATA, *TALK))
_HUB: Final = frozenset(one.name for one in HUB)


def render() -> str:
    """The page."""
    parts = [INTRODUCTION, "## Commands\n\n", _overview(), "\n", _common()]
    for name, entry in COMMANDS.items():
        parts += [_section(path, found) for path, found in _leaves(name, load(entry, name))]
    return "".join(parts)


def _overview() -> str:
    rows = [[code(f"chatops {name}"), entry.help] for name, entry in COMMANDS.items()]
    return table(["command", "what it does"], rows)


def _common() -> str:
    login = load(COMMANDS["login"], "login")
    context = _context("chatops login", login)
    rows = [_option(one, context) for one in login.params if one.name in _COMMON]
    return (
        "## Options of every command\n\nThey stand after the command; for `exec` before TARGET. "
        "Commands that talk to no hub lack those of the connection.\n\n"
        + table(["option", "meaning"], rows) + "\n"
    )  # fmt: skip


def _leaves(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    """A command, or the commands of a group; a group that runs by itself comes first."""
    inner = getattr(command, "commands", None)
    if inner is None or command.epilog:
        yield path, command
    for name, one in (inner or {}).items():
        yield f"{path} {name}", one


def _section(path: str, command: Any) -> str:
    context = _context(f"chatops {path}", command)
    own = [one for one in command.params if not _is_common(one, command)]
    arguments = [
        [code(one.metavar or one.make_metavar(context).strip("[]{}.")), one.help or ""]
        for one in own
        if one.param_type_name == "argument"
    ]
    options = [_option(one, context) for one in own if one.param_type_name == "option"]
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    parts = [f"## chatops {path}\n\n```\n{usage}\n```\n\n", prose(command.help), "\n"]
    if arguments:
        parts += ["\n", table(["argument", "meaning"], arguments)]
    if options:
        parts += ["\n", table(["option", "meaning"], options)]
    example = command.epilog.removeprefix("Example: ")
    return "".join([*parts, f"\nExample: `{example}`\n\n"])


def _is_common(one: Any, command: Any) -> bool:
    """Whether an option is explained at the top; the agent's --hub, say, is its own."""
    if one.name not in _COMMON:
        return False
    names = {param.name for param in command.params}
    return one.name not in _HUB or names >= _HUB


def _option(one: Any, context: typer.Context) -> list[str]:
    names = ", ".join([*one.opts, *one.secondary_opts])
    value = "" if one.is_flag else " " + one.make_metavar(context)
    shown = one.default not in (None, False, []) and not one.is_flag
    default = f" (default: `{one.default}`)" if shown else ""
    return [code(names + value), (one.help or "") + default]


def _context(path: str, command: Any) -> typer.Context:
    found: typer.Context = command.make_context(path, [], resilient_parsing=True)
    return found
