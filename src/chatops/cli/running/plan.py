"""The servers of ``exec --dry-run``."""

from __future__ import annotations

from chatops.cli.output import Output
from chatops.cli.view import Column, Style, View
from chatops.protocol.rest.commands import PlannedServer, RunPlan

SERVERS = View(
    PlannedServer,
    lambda one: one.server,
    [
        Column("NAME", lambda one: one.server),
        Column("STATUS", lambda one: one.status, lambda one: _style(one.status)),
        Column("BECAUSE", lambda one: one.error),
    ],
)


def _style(status: str) -> Style:
    return "good" if status == "online" else "dim" if status == "never" else "bad"


def show_plan(out: Output, plan: RunPlan) -> None:
    """Print where a run would go."""
    out.items(plan.servers, SERVERS)
