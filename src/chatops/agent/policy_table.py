"""The ``[policy]`` table of the agent's configuration file, read and checked. See
docs/topics/policy.md for what each key means."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from chatops import options
from chatops.agent.account import Account
from chatops.agent.docker_policy import MODES, DockerPolicy, Mode
from chatops.agent.exec_policy import ExecPolicy
from chatops.agent.files_policy import FilesPolicy
from chatops.agent.policy import Policy
from chatops.agent.rules import FORM, Rule
from chatops.agent.settings import CAPABILITIES
from chatops.agent.shell_policy import ShellPolicy
from chatops.agent.variables import ENTRY, steers
from chatops.errors import InvalidInput
from chatops.protocol.limits import MAX_RUNNING_COMMANDS
from chatops.text import shown

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def build(allow: Iterable[str] | None = None, table: Mapping[str, Any] | None = None) -> Policy:
    """The policy of the ``[policy]`` table; ``allow``, if it was given, stands in for the table's.

    Raises:
        InvalidInput: an unknown key, or a value that does not fit its key; says which.
    """
    rest = dict(table or {})
    stated = _capabilities(rest.pop("allow", []))
    section = rest.pop("exec", {})
    containers, files = rest.pop("docker", {}), rest.pop("files", {})
    shell = rest.pop("shell", {})
    tables = {"exec": section, "docker": containers, "files": files, "shell": shell}
    for name, one in tables.items():
        if not isinstance(one, dict):
            raise InvalidInput(f"policy.{name} is not a table", hint=f"write it as [policy.{name}]")
    _refuse_unknown("policy", rest, ("allow", *tables))
    given = stated if allow is None else allow
    return Policy(given, _exec(section), _docker(containers), _files(files), _shell(shell))


def _exec(section: Mapping[str, Any]) -> ExecPolicy:
    bounds = ExecPolicy(**_read("policy.exec", section, _READERS))
    if bounds.commands is not None:
        _check_variables(bounds.env_allow or ())
    return bounds


def _docker(section: Mapping[str, Any]) -> DockerPolicy:
    return DockerPolicy(**_read("policy.docker", section, _DOCKER_READERS))


def _files(section: Mapping[str, Any]) -> FilesPolicy:
    return FilesPolicy(**_read("policy.files", section, _FILES_READERS))


def _read(
    where: str, section: Mapping[str, Any], readers: Mapping[str, Callable[[str, object], Any]]
) -> dict[str, Any]:
    _refuse_unknown(where, set(section) - set(readers), readers)
    return {key: readers[key](f"{where}.{key}", value) for key, value in section.items()}


def _shell(section: Mapping[str, Any]) -> ShellPolicy:
    return ShellPolicy(**_read("policy.shell", section, _SHELL_READERS))


def _mode(key: str, value: object) -> Mode:
    for mode in MODES:
        if value == mode:
            return mode
    raise InvalidInput(
        f"{key} cannot be {shown(value)}",
        hint="it is " + " or ".join(MODES) + "; leave docker out of allow for nothing at all",
    )


def _patterns(key: str, value: object) -> tuple[re.Pattern[str], ...]:
    hint = 'an entry is a pattern of whole names, like "web-[0-9]+"'
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise InvalidInput(f"{key} is not a list of patterns: {shown(value)}", hint=hint)
    try:
        return tuple(re.compile(one) for one in value)
    except (re.error, RecursionError, OverflowError) as error:
        raise InvalidInput(f"{key} holds no regular expression: {error}", hint=hint) from None


def _socket(key: str, value: object) -> str:
    if not isinstance(value, str) or not value.startswith("unix:///") or "\0" in value:
        raise InvalidInput(
            f"{key} is not the socket of a local engine: {shown(value)}",
            hint='write it like "unix:///run/podman/podman.sock"',
        )
    return value


def _yes_or_no(key: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise InvalidInput(f"{key} cannot be {shown(value)}", hint="it is true or false")
    return value


def _write(key: str, value: object) -> tuple[str, ...] | bool:
    """Folders, or whether to write where may be read."""
    return value if isinstance(value, bool) else _absolute(key, value)


def _check_variables(entries: Iterable[str]) -> None:
    for entry in entries:
        if entry == "*" or steers(entry.removesuffix("*")):
            raise InvalidInput(
                f"policy.exec.env_allow: {entry} would let the hub change what the listed "
                "commands are",
                hint="set such variables with `path` or `env`, or leave `commands` out",
            )


def _capabilities(value: object) -> list[str]:
    known = (*CAPABILITIES, "all")
    if not isinstance(value, list) or any(word not in known for word in value):
        raise InvalidInput(
            f"policy.allow is not a list of capabilities: {shown(value)}",
            hint="they are " + ", ".join(known),
        )
    return value


def _rules(key: str, value: object) -> tuple[Rule, ...]:
    if not isinstance(value, list):
        raise InvalidInput(f"{key} is not a list", hint=FORM)
    return tuple(_rule(f"{key}[{index}]", entry) for index, entry in enumerate(value))


def _rule(key: str, entry: object) -> Rule:
    if isinstance(entry, list) and entry and all(isinstance(word, str) for word in entry):
        return Rule(text=f"{entry!r}", vector=tuple(entry))
    if not isinstance(entry, str):
        raise InvalidInput(f"{key} is neither a vector nor a pattern: {shown(entry)}", hint=FORM)
    try:
        return Rule(text=repr(entry), pattern=re.compile(entry))
    except (re.error, RecursionError, OverflowError) as error:
        raise InvalidInput(f"{key} is not a regular expression: {error}", hint=FORM) from None


def _user(key: str, value: object) -> Account:
    return Account.named(key, _text(key, value, "the name of a user"))


def _path(key: str, value: object) -> str:
    folders = value.split(":") if isinstance(value, str) else value
    found = _absolute(key, folders)
    if not found or any(":" in folder for folder in found):
        raise InvalidInput(f"{key} is not a list of folders: {shown(value)}", hint=_FOLDERS)
    return ":".join(found)


def _absolute(key: str, value: object) -> tuple[str, ...]:
    """Folders by their whole names: what a relative one means, the hub could choose."""
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise InvalidInput(f"{key} is not a list of folders: {shown(value)}", hint=_FOLDERS)
    for folder in value:
        if not folder.startswith("/") or "\0" in folder:
            raise InvalidInput(f"{key}: {folder!r} does not begin with /", hint=_FOLDERS)
    return tuple("/" + os.path.normpath(folder).lstrip("/") for folder in value)


_FOLDERS: Final = 'write whole names, like ["/usr/local/bin", "/usr/bin"]'


def _variables(key: str, value: object) -> Mapping[str, str]:
    hint = 'write it like { LANG = "C.UTF-8" }'
    if not isinstance(value, dict):
        raise InvalidInput(f"{key} is not a table", hint=hint)
    for name, text in value.items():
        if not _NAME.fullmatch(name):
            raise InvalidInput(f"{key}: {name!r} is not the name of a variable", hint=hint)
        if not isinstance(text, str) or "\0" in text:
            raise InvalidInput(f"{key}.{name} is not a text", hint=hint)
        if name == "PATH":
            raise InvalidInput(f"{key} sets PATH", hint="write `path = [...]` for that")
    return value


def _names(key: str, value: object) -> tuple[str, ...]:
    hint = 'write it like ["LANG", "APP_*"]'
    if not isinstance(value, list):
        raise InvalidInput(f"{key} is not a list", hint=hint)
    for entry in value:
        if not isinstance(entry, str) or not ENTRY.fullmatch(entry):
            raise InvalidInput(f"{key}: {entry!r} does not name variables", hint=hint)
    return tuple(value)


def _count(key: str, value: object) -> int:
    hint = f"it is from 1 to {MAX_RUNNING_COMMANDS}"
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidInput(f"{key} is not a whole number: {shown(value)}", hint=hint)
    if not 1 <= value <= MAX_RUNNING_COMMANDS:
        raise InvalidInput(f"{key} cannot be {value}", hint=hint)
    return value


def _duration(key: str, value: object) -> float:
    return float(_measure("duration", key, value))


def _size(key: str, value: object) -> int:
    return int(_measure("size", key, value))


def _measure(kind: options.Kind, key: str, value: object) -> float:
    option = options.Option(key, kind, help="", default=None, flag=None, env=None)
    read: float = options.parse(option, value, key)
    if read <= 0:
        raise InvalidInput(f"{key} cannot be 0", hint="leave it out for no limit")
    return read


def _text(key: str, value: object, what: str) -> str:
    if not isinstance(value, str) or not value:
        raise InvalidInput(
            f"{key} is not {what}: {shown(value)}", hint=f'write it like {key} = "…"'
        )
    return value


_READERS: Final[Mapping[str, Callable[[str, object], Any]]] = {
    "commands": _rules,
    "deny": _rules,
    "user": _user,
    "path": _path,
    "env": _variables,
    "env_allow": _names,
    "folders": _absolute,
    "max_running": _count,
    "timeout": _duration,
    "max_output": _size,
}
"""Every key of [policy.exec], which is a field of ExecPolicy too."""

KEYS: Final = tuple(_READERS)


_DOCKER_READERS: Final[Mapping[str, Callable[[str, object], Any]]] = {
    "mode": _mode,
    "containers": _patterns,
    "host": _socket,
    "exec": _yes_or_no,
}
"""Every key of [policy.docker], which is a field of DockerPolicy too."""
_FILES_READERS: Final[Mapping[str, Callable[[str, object], Any]]] = {
    "folders": _absolute,
    "units": _patterns,
    "write": _write,
}
"""Every key of [policy.files], which is a field of FilesPolicy too."""

_SHELL_READERS: Final[Mapping[str, Callable[[str, object], Any]]] = {
    "idle": _duration,
    "total": _duration,
}
"""Every key of [policy.shell], which is a field of ShellPolicy too."""


def _refuse_unknown(where: str, rest: Iterable[str], known: Iterable[str]) -> None:
    unknown = sorted(rest)
    if unknown:
        raise InvalidInput(
            f"[{where}] has an unknown key {unknown[0]!r}", hint="known: " + ", ".join(known)
        )
