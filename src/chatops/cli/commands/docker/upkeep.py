"""``chatops docker pull|prune``."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from chatops.cli import show
from chatops.cli.args import SERVER, YES
from chatops.cli.commands.docker.group import app
from chatops.cli.confirm import confirm
from chatops.cli.context import Cli
from chatops.cli.define import command
from chatops.cli.exits import DONE, FAILED
from chatops.cli.view import Column, View
from chatops.protocol.rest import PrunedThing, PruneReport, PulledImage, PullEvent
from chatops.text import counted, escape

PULLED: Final = View(
    PulledImage,
    lambda one: one.id,
    [
        Column("server", lambda one: one.server),
        Column("image", lambda one: one.image),
        Column("id", lambda one: one.id),
    ],
)
PRUNED: Final = View(
    PrunedThing,
    lambda one: one.name or one.id,
    [
        Column("KIND", lambda one: one.kind),
        Column("ID", lambda one: one.id.removeprefix("sha256:")[:12]),
        Column("NAME", lambda one: one.name or None, cut=True),
        Column("SIZE", lambda one: show.size(one.size), right=True),
        Column("KEPT", lambda one: one.error, spare=True),
    ],
)


@command(app, "pull", example="chatops docker pull web-1 nginx:1.27")
def pull(
    cli: Cli,
    server: SERVER,
    image: Annotated[str, typer.Argument(metavar="IMAGE", help="as `docker pull` takes it")],
) -> None:
    """Have a server's engine pull an image. It goes on only as long as this command does: Ctrl-C
    cancels it. Registries that want a password get what `docker login` left on the server for the
    agent's user."""
    progress = _Progress(cli)
    for event in cli.client.docker.pull(server, image):
        if event.result is not None:
            cli.out.progress("")
            cli.out.item(event.result, PULLED)
        else:
            progress.take(event)


class _Progress:
    """At a terminal one line: how much of the layers is there; elsewhere a line for each step."""

    def __init__(self, cli: Cli) -> None:
        self._out = cli.out
        self._terminal = cli.out.shows_progress
        self._layers: dict[str, tuple[int, int]] = {}
        self._seen: set[str] = set()
        self._done: set[str] = set()
        self._said: dict[str | None, str] = {}

    def take(self, event: PullEvent) -> None:
        """Tell a step."""
        layer, status = event.layer, event.status or ""
        if layer is not None:
            self._seen.add(layer)
        if layer is not None and status == "Downloading" and event.total:
            self._layers[layer] = event.current or 0, event.total
        if layer is not None and status in ("Pull complete", "Already exists"):
            self._done.add(layer)
        if self._terminal:
            self._out.progress(self._line(status, layer))
        elif self._said.get(layer) != status:
            self._said[layer] = status
            self._out.say(escape(f"{layer}: {status}" if layer else status))

    def _line(self, status: str, layer: str | None) -> str:
        if layer is None and not self._layers:
            return escape(status)
        layers = f"{len(self._done)} of {counted(len(self._seen), 'layer')}"
        if not self._layers:
            return layers
        had = sum(total if key in self._done else at for key, (at, total) in self._layers.items())
        total = sum(total for _, total in self._layers.values())
        return f"{layers}, {show.size(had)} of {show.size(total)}"


@command(app, "prune", example="chatops docker prune web-1 --dry-run")
def prune(
    cli: Cli,
    server: SERVER,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="show what would go, and remove nothing")
    ] = False,
    volumes: Annotated[
        bool, typer.Option("--volumes", help="volumes without a name too, with their data")
    ] = False,
    yes: YES = False,
) -> int:
    """Remove stopped containers, and what nothing uses then. That is images without a name,
    networks and build cache. What the agent's policy does not show stays."""
    if not dry_run:
        also = ", volumes without a name" if volumes else ""
        confirm(
            f"remove stopped containers{also} and unused images, networks and build cache of "
            f"{escape(server)}?",
            yes=yes,
        )
    report = cli.client.docker.prune(server, dry_run=dry_run, volumes=volumes)
    if cli.out.form in ("json", "ndjson") and not cli.out.quiet:
        cli.out.value(report)
    else:
        cli.out.items(report.items, PRUNED)
    return _conclude(cli, report)


def _conclude(cli: Cli, report: PruneReport) -> int:
    kept = [one for one in report.items if one.error is not None]
    gone = report.count - len(kept)
    verb = "would go" if report.dry_run else "removed"
    cli.out.say(f"{counted(gone, 'thing')} {verb}, {show.size(report.space)}")
    if kept:
        cli.out.say(f"{counted(len(kept), 'thing')} could not be removed")
    return FAILED if kept else DONE
