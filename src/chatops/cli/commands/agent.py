"""``chatops agent``."""

from __future__ import annotations

import inspect
from typing import Any, Final

import typer

from chatops.cli.context import Cli
from chatops.cli.define import adapted, command, group
from chatops.cli.exits import DONE, FAILED, SIGN_IN, UNREACHABLE, USAGE
from chatops.cli.options import CONFIG, flags_of
from chatops.cli.view import Column, View

app = group("Run the agent of this machine.")
_CHECKS = (
    Column("CHECK", lambda r: r.name),
    Column("RESULT", lambda r: "ok" if r.ok else "FAILED", lambda r: "good" if r.ok else "bad"),
    Column("FOUND", lambda r: r.detail),
    Column("WHAT TO DO", lambda r: r.hint or ""),
)
_FAILED: Final = {
    "settings": USAGE, "dns": UNREACHABLE, "tcp": UNREACHABLE, "tls": UNREACHABLE,
    "hub": UNREACHABLE, "key": SIGN_IN,
}  # fmt: skip
"""Exit code by the first check that failed."""


def _flags() -> list[inspect.Parameter]:
    from chatops.agent.settings import AgentSettings

    return flags_of(AgentSettings)


def agent(cli: Cli, ctx: typer.Context, config: CONFIG = None, **flags: Any) -> int:
    """Run the agent of this machine until Ctrl-C or SIGTERM.

    It measures, and lets the hub do only what --allow or the [policy] of its file names. It
    reconnects for ever; only a key that the hub refuses for good ends it (exit 3).
    """
    from chatops.agent.runner import run
    from chatops.agent.settings import load

    return run(load(flags, config=config), cli.out.say)


@command(app, "sample", example="chatops agent sample", hub=False)
def sample(cli: Cli) -> None:
    """Print one sample of this host as JSON; no hub is needed."""
    from chatops.agent.sample import sample_once

    cli.out.value(sample_once())


@command(app, "check", example="chatops agent check --hub https://hub.example.org", hub=False,
         extra=_flags())  # fmt: skip
def check(cli: Cli, config: CONFIG = None, **flags: Any) -> int:
    """Check whether the hub can be reached, the key is good, and what the hub may do here."""
    from chatops.agent.check import CheckResult
    from chatops.agent.check import check as check_all
    from chatops.agent.settings import load

    results = check_all(load(flags, config=config))
    cli.out.items(results, View(CheckResult, lambda result: result.name, _CHECKS))
    return next((_FAILED.get(one.name, FAILED) for one in results if not one.ok), DONE)


app.callback(
    invoke_without_command=True,
    help=agent.__doc__,
    epilog="Example: CHATOPS_JOIN=coj_... chatops agent --allow exec",
)(adapted(agent, hub=False, extra=_flags()))
