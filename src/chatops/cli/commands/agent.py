"""``chatops agent``."""

from __future__ import annotations

import inspect
from typing import Any

import typer

from chatops.cli.context import Cli
from chatops.cli.define import adapted, command, group
from chatops.cli.options import CONFIG, flags_of

app = group("Run the agent of this machine.")


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

    return 0


app.callback(
    invoke_without_command=True,
    epilog="Example: CHATOPS_JOIN=coj_... chatops agent --allow exec",
)(adapted(agent, hub=False, extra=_flags()))
