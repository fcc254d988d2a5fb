"""What a history has no row of, and why: said to whoever asked for it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

from chatops.cli.context import Cli
from chatops.errors import ChatOpsError, NoSample
from chatops.protocol.metric_names import parse_metric
from chatops.protocol.rest import Server
from chatops.protocol.target import Facts, parse_target
from chatops.text import escape, shorten

SAID: Final = 5
"""Servers that get a line each."""
_NAMED: Final = 8
"""Instances that are named as those there are."""
Found = Collection[tuple[str, str]]
"""Servers and metrics of which there are rows."""


def say_absent(cli: Cli, target: str, metrics: Sequence[str], found: Found) -> None:
    """Say which servers of a TARGET have nothing of some METRICs in the span that was asked for.
    What there is besides is asked for only if something is missing; ``metrics`` are names, none
    of them ``*``."""
    several = parse_target(target).one is None
    if several or len(found) < len(metrics):
        for text in _absent(cli, servers_of(cli, target), metrics, found):
            cli.out.say(text)


def servers_of(cli: Cli, target: str) -> list[Server]:
    """The servers that a TARGET means now."""
    meant = parse_target(target)
    if meant.one is not None:
        return [cli.client.servers.get(meant.one)]

    def facts(server: Server) -> Facts:
        return Facts(server.id, server.name, server.tags)

    return meant.select(cli.client.servers.list(), facts)


def _absent(
    cli: Cli, servers: Sequence[Server], metrics: Sequence[str], found: Found
) -> Iterator[str]:
    lacking = {
        one.name: left
        for one in servers
        if (left := [name for name in metrics if (one.name, name) not in found])
    }
    for server in list(lacking)[:SAID]:
        yield from _reasons(cli, server, lacking[server])
    if len(lacking) > SAID:
        yield f"nothing either of some of it on {len(lacking) - SAID} more servers"


def _reasons(cli: Cli, server: str, metrics: Sequence[str]) -> Iterator[str]:
    try:
        latest: Any = cli.client.metrics.latest(server)  # it has a sample's fields
    except NoSample:
        yield f"{escape(server)} has not sent metrics yet"
        return
    except ChatOpsError:  # this is only talk: what was asked for has come
        latest = None
    for name in metrics:
        metric, instance = parse_metric(name)
        there = metric.instances(latest) if latest is not None and metric.listed else None
        if instance and there is not None and instance not in there:
            yield (
                f"{escape(server)} has no {metric.instance} {escape(shorten(instance, 80))} now; "
                f"it has {_list(list(there))}"
            )
        else:
            yield f"{escape(server)}: nothing was measured of {escape(shorten(name, 80))} then"


def _list(names: Sequence[str]) -> str:
    shown = ", ".join(escape(shorten(name, 40)) for name in names[:_NAMED])
    return (shown + (" …" if len(names) > _NAMED else "")) or "none"
