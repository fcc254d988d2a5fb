"""docs/reference/settings.md: every setting of the hub and the agent, from its declaration."""

from __future__ import annotations

from typing import Any, Final

from chatops.agent.settings import AgentSettings
from chatops.options import Option, options_of
from chatops.server.settings import HubSettings
from chatops.units import format_duration, format_size
from docs.gen.markdown import code, table

PAGE: Final = "reference/settings.md"
INTRODUCTION: Final = """# Settings

Each setting is declared once in the program; its flag, its environment variable and its key in
the configuration file (TOML, `--config FILE`) come from there. A flag beats a variable, a
variable beats the file, the file beats the default. An empty variable counts as not set, an
unknown key in the file is an error.

An agent's key is given as `key`, `key_file` or `join`. One of them at a higher level (a flag, say)
makes those at a lower one (a variable, the file) count as not given; two at the same level are an
error. `hub` at a lower level than `join` counts as not given too, since a join string names the
hub.

What is marked *live* an administrator can also change while the hub runs (`chatops settings`); a
value that was set so stands above all others until it is reset.

Durations are written `500ms`, `30s`, `5m`, `2h`, `7d`, sizes `512KiB`, `64MB`, `2GiB`; lists
are words with commas between them, in the file also arrays.

"""
PROGRAMS: Final[list[tuple[str, type[Any]]]] = [
    ("The hub: `chatops serve`", HubSettings),
    ("The agent: `chatops agent`", AgentSettings),
]


def render() -> str:
    """The page."""
    return INTRODUCTION + "\n".join(_program(title, cls) for title, cls in PROGRAMS)


def _program(title: str, cls: type[Any]) -> str:
    rows = [
        [code(one.name), code(one.flag or ""), code(one.env or ""), _default(one), _meaning(one)]
        for one in options_of(cls)
    ]
    return f"## {title}\n\n" + table(["key", "flag", "variable", "default", "meaning"], rows)


def _meaning(one: Option) -> str:
    choices = ", ".join(code(choice) for choice in one.choices)
    return one.help + (f" (of {choices})" if choices else "") + (" (*live*)" if one.live else "")


def _default(one: Option) -> str:
    if one.default_text is not None:
        return one.default_text
    value = one.default
    if value is None or value == ():
        return "none"
    if one.kind == "duration":
        return code(format_duration(value))
    if one.kind == "size":
        return code(format_size(value))
    if one.kind == "flag":
        return "on" if value else "off"
    return code(",".join(value) if one.kind == "list" else str(value))
