"""``chatops agent``."""

from __future__ import annotations

import inspect
import shlex
from typing import Annotated, Any, Final

import typer

from chatops.cli import show
from chatops.cli.context import Cli
from chatops.cli.define import adapted, command, group
from chatops.cli.exits import DONE, FORBIDDEN
from chatops.cli.options import CONFIG, flags_of
from chatops.cli.reading import pairs, seconds
from chatops.cli.view import Column, View
from chatops.errors import (
    ChatOpsError,
    HubUnreachable,
    InvalidInput,
    NotSignedIn,
    SetupError,
    from_code,
)
from chatops.loading import loading

WORDS = Annotated[
    list[str] | None,
    typer.Argument(metavar="[COMMAND [ARG ...]]", help="a shell line, or a program's vector"),
]
CWD = Annotated[str | None, typer.Option("--cwd", metavar="DIR", help="COMMAND: its folder")]
ENV = Annotated[
    list[str] | None, typer.Option("--env", metavar="K=V", help="COMMAND: a variable it is given")
]
CONTAINER = Annotated[
    str | None,
    typer.Option("--container", metavar="NAME", help="COMMAND: in this container, not on the host"),
]
TIMEOUT = Annotated[
    str | None, typer.Option("--timeout", metavar="DURATION", help="COMMAND: its time limit")
]

app = group("Run the agent of this machine.")
_CHECKS = (
    Column("CHECK", lambda r: r.name),
    Column("RESULT", lambda r: "ok" if r.ok else "FAILED", lambda r: "good" if r.ok else "bad"),
    Column("FOUND", lambda r: r.detail),
    Column("WHAT TO DO", lambda r: r.hint or ""),
)
_COMMAND = (
    Column("command", lambda c: c.command if isinstance(c.command, str) else shlex.join(c.command)),
    Column("allowed", lambda c: "yes" if c.allowed else "no",
           lambda c: "good" if c.allowed else "bad"),
    Column("by the rule", lambda c: c.rule),
    Column("because", lambda c: c.why),
    Column("runs as", lambda c: c.user),
    Column("in the folder", lambda c: c.folder),
    Column("container", lambda c: c.container),
    Column("program", lambda c: c.program or (None if c.container else "not found")),
    Column("PATH", lambda c: c.path),
    Column("variables", lambda c: " ".join(c.variables)),
    Column("time limit", lambda c: show.duration(c.timeout) or "none"),
    Column("output limit", lambda c: show.size(c.max_output) or "none"),
    Column("at a time", lambda c: str(c.max_running)),
)  # fmt: skip
_FAILED: Final[dict[str, type[ChatOpsError]]] = {
    "dns": HubUnreachable, "tcp": HubUnreachable, "tls": HubUnreachable, "hub": HubUnreachable,
    "key": NotSignedIn,
}  # fmt: skip
"""The kind of error that a failed check is, where the agent would start; else the state of this
host."""


def _flags() -> list[inspect.Parameter]:
    from chatops.agent.settings import AgentSettings

    return flags_of(AgentSettings)


def agent(cli: Cli, ctx: typer.Context, config: CONFIG = None, **flags: Any) -> int:
    """Run the agent of this machine until Ctrl-C or SIGTERM.

    It measures, and lets the hub do only what --allow or the [policy] of its file names. It
    reconnects for ever; only a key that the hub refuses for good ends it (exit 3).
    """
    with loading():
        from chatops.agent.runner import run
        from chatops.agent.settings import load

    cli.out.say_at_once()
    return run(load(flags, config=config), cli.out.say)


@command(app, "sample", example="chatops agent sample", hub=False)
def sample(cli: Cli) -> None:
    """Print one sample of this host as JSON; no hub is needed."""
    from chatops.agent.sample import sample_once

    if cli.out.form == "csv":
        raise InvalidInput("a sample is no flat list, so it has no csv form", hint="use -o json")
    cli.out.value(sample_once())


@command(app, "check", example="chatops agent check --config agent.toml -- systemctl status ssh",
         hub=False, extra=_flags(), options_first=True)  # fmt: skip
def check(
    cli: Cli,
    words: WORDS = None,
    config: CONFIG = None,
    cwd: CWD = None,
    env: ENV = None,
    container: CONTAINER = None,
    timeout: TIMEOUT = None,
    **flags: Any,
) -> int:
    """Check whether the hub can be reached, the key is good, and what the hub may do here.

    With COMMAND, say what that would get, without a hub and without running it: allowed or
    refused and by which rule, the user, folder, program, variables and limits. As with exec, one
    COMMAND argument is a shell line and two or more are a vector; options come before it. The
    folder is entered as the command's user, so this is to be run as the agent is. Exit 5 when
    the command would be refused. With --container, the same of `docker exec` in it.
    """
    from chatops.agent.settings import load

    settings = load(flags, config=config)
    asked = {"cwd": cwd, "env": pairs(env, "--env"), "timeout": seconds(timeout, "--timeout")}
    if words:
        return _explain(cli, settings, words, container, asked)
    if container is not None or any(asked.values()):
        raise InvalidInput(
            "--cwd, --env, --container and --timeout are those of a command, and none was given",
            hint="write the command after the options",
        )
    return _check_all(cli, settings)


def _check_all(cli: Cli, settings: Any) -> int:
    from chatops.agent.check import CheckResult
    from chatops.agent.check import check as check_all

    results = check_all(settings)
    cli.out.items(results, View(CheckResult, lambda result: result.name, _CHECKS))
    failed = [one for one in results if not one.ok]
    failed.sort(key=lambda one: one.code is None)  # what keeps the agent from starting comes first
    for one in failed:
        cli.out.flush()
        text = f"{one.name}: {one.detail}"
        if one.code is not None:
            raise from_code(one.code, text, hint=one.hint)
        raise _FAILED.get(one.name, SetupError)(text, hint=one.hint)
    return DONE


def _explain(
    cli: Cli, settings: Any, words: list[str], container: str | None, asked: dict[str, Any]
) -> int:
    from chatops.agent.explain import CommandCheck, explain, explain_in_container
    from chatops.cli.execute import command_of

    line = command_of(words)
    if container is None:
        found = explain(settings, line, **asked)
    else:
        found = explain_in_container(settings, line, container, **asked)
    cli.out.item(found, View(CommandCheck, lambda one: one.rule, _COMMAND))
    return DONE if found.allowed else FORBIDDEN


app.callback(
    invoke_without_command=True,
    help=agent.__doc__,
    epilog="Example: CHATOPS_JOIN=coj_... chatops agent --allow exec",
)(adapted(agent, hub=False, extra=_flags()))
