"""A run that is not over, as it is held in memory: made anew, or taken up after a restart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from chatops.server.db.models import Command
from chatops.server.services.access import Holder, Principal
from chatops.server.services.live_command import LiveCommand
from chatops.server.services.output_file import OutputFile
from chatops.server.services.run_plan import RunPlan
from chatops.server.services.run_records import MadeRun
from chatops.server.services.run_recovery import OpenRun
from chatops.server.services.run_spec import RunSpec
from chatops.server.services.standard_input import StandardInput


@dataclass(eq=False)
class LiveRun:
    """A run. ``commands`` stand in order of their servers' names; ``open`` are those that are
    not over, by id; ``first`` those that are recorded as sent, and not sent yet.

    ``held`` are commands whose turn came, after a restart of the hub, before their agents were
    back. ``attach_by`` is when somebody must have attached, by the monotonic clock. ``since`` is
    the count of revocations when its maker's rights were read (see Followings); it stands on
    those of ``holder``. ``sealed``: its variables lie in the database, for what waits.
    """

    id: str
    spec: RunSpec
    plan: RunPlan
    commands: list[LiveCommand]
    holder: Holder
    first: list[str] = field(default_factory=list)
    held: set[str] = field(default_factory=set)
    resumed: bool = False
    attach_by: float | None = None
    since: int = 0
    sealed: bool = False

    def __post_init__(self) -> None:
        self.open = {live.id: live for live in self.commands if live.result is None}

    @property
    def used(self) -> list[str]:
        """The ids of the servers on which it needs rights, of those that had not refused it."""
        return [
            live.server_id for live in self.commands
            if live.result is None or live.result.status != "refused"
        ]  # fmt: skip


def new_run(made: MadeRun, principal: Principal, file: OutputFile, since: int) -> LiveRun:
    """A run that was just written down. What cannot be run is over."""
    spec, credit = made.spec, made.spec.credit(len(made.commands))
    lives = []
    for row, server in made.commands:
        live = LiveCommand(
            row["id"], made.id, row["server_id"], server, user_id=principal.user_id,
            user_name=principal.name, command=spec.command, credit=credit, file=file,
        )  # fmt: skip
        _prepare(live, spec, len(made.commands))
        if row["status"] in ("offline", "refused"):
            live.finish(live.outcome(row["status"], error=row["error"]))
        lives.append(live)
    return LiveRun(
        made.id, spec, made.plan, lives, principal.holder, first=made.first, since=since,
        sealed=bool(spec.env and made.plan.waiting),
    )  # fmt: skip


def resumed_run(opened: OpenRun, revive: Callable[[Command, str, int], LiveCommand]) -> LiveRun:
    """A run of before the hub's restart: what was sent is under way, the rest waits."""
    spec = opened.spec
    lives = [revive(row, server, spec.credit(opened.count)) for row, server in opened.commands]
    lives.sort(key=lambda live: live.server_name)
    for live in lives:
        _prepare(live, spec, opened.count)
    plan = spec.plan(
        [live.id for live in lives if not live.sent],
        opened.count,
        under_way=[live.id for live in lives if live.sent],
        failures=opened.failures,
    )
    return LiveRun(opened.id, spec, plan, lives, opened.holder, resumed=True, sealed=bool(spec.env))


def _prepare(live: LiveCommand, spec: RunSpec, count: int) -> None:
    live.terminal = spec.terminal is not None
    if spec.stdin:
        live.stdin = StandardInput(live.id)
    if count > 1:
        live.keep = 0  # nobody waits for the result of just this one
