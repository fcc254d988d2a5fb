"""Imports go one way: leaves ← protocol ← {agent, server, client}, client ← cli; and
copying, what both ends of a copy do alike, stands between protocol and {agent, client, cli}.

The tables below are the house rules; a new arrow needs a new entry, and so a reason.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from graphlib import TopologicalSorter

import pytest

from tests.support.source import ROOT, Import, imports, modules

LEAVES = {
    "clock",
    "errors",
    "heap",
    "ids",
    "loading",
    "locks",
    "logs",
    "options",
    "paths",
    "redaction",
    "tasks",
    "text",
    "units",
}
"""Modules beside the packages: they know nothing of ours but one another."""

BELOW = {
    "protocol": set[str](),
    "copying": {"protocol"},
    "agent": {"protocol", "copying"},
    "server": {"protocol"},
    "client": {"protocol", "copying"},
    "cli": {"protocol", "copying", "client"},
}
"""What each part may import beside the leaves and itself."""

IN_FUNCTIONS = {
    "chatops.cli.commands.audit": {"server"},
    "chatops.cli.commands.serve": {"server"},
    "chatops.cli.commands.agent": {"agent"},
    "chatops.cli.commands.demo": {"agent", "server"},
    "chatops.cli.commands.users": {"server"},  # reset-password on the control host, without a hub
}
"""The commands that run a program, or do its work in its place: they import it when it is to run,
and not before."""

BASE = {"settings", "secrets"}
WEB = {"context", "authentication"}
LAYERS = (
    {
        "db": {"db"},
        "crud": {"crud", "db"},
        "services": {"services", "crud", "db"} | BASE,
        "api": {"api", "services"} | BASE | WEB,
        "ws": {"ws", "services"} | BASE | WEB,
    }
    | dict.fromkeys(BASE, BASE)
    | dict.fromkeys(WEB, {"services"} | BASE | WEB)
)
"""In server. A module that is not named here (app, main …) belongs to the composition root:
it may import everything and is imported by the root alone."""

LIBRARIES = {
    "leaves": {"platformdirs"},
    "protocol": {"msgspec", "re2"},
    "copying": set(),
    "agent": {"docker", "msgspec", "prometheus_client", "psutil", "requests", "websockets"},
    "client": {"msgspec", "websockets"},
    "cli": {"click", "msgspec", "plotext", "rich", "textual", "typer"},
    "server": {
        "aiohttp", "aiosqlite", "alembic", "apprise", "cryptography", "jwt", "msgspec", "multidict",
        "passlib", "prometheus_client", "sqlalchemy", "sqlmodel", "uvloop",
    },
}  # fmt: skip
"""Third-party packages of each part. The agent and the one-shot commands start fast and stay
small because of what is missing here."""

PROJECTS = {
    "jwt": "pyjwt", "passlib": "libpass", "click": "typer", "multidict": "aiohttp",
    "prometheus_client": "prometheus-client", "re2": "google-re2", "requests": "docker",
}  # fmt: skip
"""Import names that are not their project's name, or come with another project."""


def part_of(module: str) -> str:
    """``agent``, ``server`` …, ``leaves``, or ``package`` for the package itself."""
    names = module.split(".")
    if len(names) == 1:
        return "package"
    return "leaves" if names[1] in LEAVES else names[1]


def layer_of(module: str) -> str:
    name = module.removeprefix("chatops.server").removeprefix(".").split(".")[0]
    return name if name in LAYERS else "root"


def ours() -> list[Import]:
    return [one for one in imports() if one.target.split(".")[0] == "chatops"]


def foreign() -> list[Import]:
    return [
        one
        for one in imports()
        if one.target.split(".")[0] not in {"chatops", *sys.stdlib_module_names}
    ]


def test_the_tables_speak_of_what_exists() -> None:
    parts = {part_of(name) for name in modules()}
    assert parts == {"package", "leaves", *BELOW}
    assert {f"chatops.{leaf}" for leaf in LEAVES} <= set(modules())
    assert set(IN_FUNCTIONS) <= set(modules())


def test_no_module_is_imported_by_a_computed_name() -> None:
    computed = [str(one) for one in imports() if one.target in {"", "a computed name"}]
    assert computed == []


def test_parts_import_only_what_lies_below_them() -> None:
    wrong = []
    for one in ours():
        source, target = part_of(one.module), part_of(one.target)
        allowed = {"package", "leaves", source} | BELOW.get(source, set())
        if one.when == "call":
            allowed |= IN_FUNCTIONS.get(one.module, set())
        if source == "package":
            allowed = {"package"}
        if target not in allowed:
            wrong.append(str(one))
    assert wrong == []


def test_in_the_hub_api_and_ws_use_services_use_crud_use_db() -> None:
    wrong = [
        str(one)
        for one in ours()
        if part_of(one.module) == part_of(one.target) == "server"
        and one.target != "chatops.server"
        and layer_of(one.module) != "root"
        and layer_of(one.target) not in LAYERS[layer_of(one.module)]
    ]
    assert wrong == []


def test_no_module_needs_itself_to_be_loaded() -> None:
    graph: dict[str, set[str]] = {name: set() for name in modules()}
    for one in ours():
        if one.when == "load" and one.target != one.module and one.target in graph:
            graph[one.module].add(one.target)
    for name in graph:  # a package does not wait for the modules in it
        graph[name] -= {target for target in graph[name] if name.startswith(target + ".")}
    assert len(list(TopologicalSorter(graph).static_order())) == len(graph)


def test_each_part_uses_its_own_libraries_only() -> None:
    wrong = [
        str(one)
        for one in foreign()
        if one.target.split(".")[0] not in LIBRARIES.get(part_of(one.module), set())
    ]
    assert wrong == []


def test_every_library_is_declared_and_every_declared_one_is_used() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {line.split("[")[0].split(">")[0].strip() for line in project["dependencies"]}
    used = {one.target.split(".")[0] for one in foreign()}
    # aiosqlite is named in a database URL, not imported.
    used = {PROJECTS.get(name, name) for name in used} | {"aiosqlite"}
    assert used == declared


ONE_SHOT = ["aiohttp", "alembic", "docker", "httpx", "psutil", "pydantic", "sqlalchemy", "sqlmodel",
            "textual", "uvloop", "chatops.agent", "chatops.server"]  # fmt: skip


@pytest.mark.parametrize(
    "module", ["chatops.client", "chatops.cli.main", "chatops.cli.commands.top"]
)
def test_what_a_one_shot_command_loads_is_light(module: str) -> None:
    code = f"import {module}, sys; print(*[name for name in {ONE_SHOT!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout.strip(), done.stderr, done.returncode) == ("", "", 0)


def test_the_agent_loads_nothing_of_the_hub_or_the_command_line() -> None:
    names = [name for name in modules() if part_of(name) == "agent" and "__main__" not in name]
    banned = ["aiohttp", "chatops.cli", "chatops.client", "chatops.server", "pydantic", "rich",
              "sqlalchemy", "typer", "uvloop"]  # fmt: skip
    code = f"import sys, {', '.join(names)}; print(*[n for n in {banned!r} if n in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout.strip(), done.stderr, done.returncode) == ("", "", 0)
