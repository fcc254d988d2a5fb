"""What a history has no row of, and why: said to whoever asked for it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain, islice
from typing import Any, Final, NamedTuple, TypeVar

from chatops.cli.context import Cli
from chatops.errors import ChatOpsError, NoSample, NotFound
from chatops.protocol.limits import LARGEST_VALUE
from chatops.protocol.metric_names import parse_metric
from chatops.protocol.rest import HistoryRow, Server, ServerHistoryRow
from chatops.protocol.target import Facts, parse_target
from chatops.text import escape, shorten

SAID: Final = 10
"""Lines that are said at most."""
_NAMED: Final = 8
"""Instances that are named as those there are."""
_KINDS: Final = {"containers": "container", "custom": "custom value"}
"""What instances are called of which the label is no more than a name."""
R = TypeVar("R", HistoryRow, ServerHistoryRow)


class Reason(NamedTuple):
    """Why there is no row, and the error that this is if nothing else was asked for; None where
    there could have been one."""

    text: str
    error: type[NotFound] | None = None


class Seen:
    """What there is in rows that pass: servers (None where all are of one) and metrics."""

    def __init__(self) -> None:
        self.found: set[tuple[str | None, str]] = set()

    def of(self, rows: Iterable[R]) -> Iterator[R]:
        """The rows, noted as they pass."""
        for row in rows:
            self.found.add((getattr(row, "server", None), row.metric))
            yield row


def or_absent(cli: Cli, target: str, metrics: Sequence[str], rows: Iterator[R]) -> Iterator[R]:
    """The rows. Where there is none, because no server has any of ``metrics``, that is an error.

    Raises:
        NoSample: none has sent a sample yet.
        NotFound: none has such an instance.
    """
    first = next(rows, None)
    if first is not None:
        return chain((first,), rows)
    reasons: list[Reason] = []
    if metrics:
        with suppress(ChatOpsError):  # then nothing is known of why
            reasons = list(islice(_absent(cli, servers_of(cli, target), metrics, ()), SAID))
    if reasons and all(one.error for one in reasons):
        kind = NoSample if all(one.error is NoSample for one in reasons) else NotFound
        raise kind("; ".join(one.text for one in reasons))
    return rows


def say_absent(
    cli: Cli, target: str, metrics: Sequence[str], found: Collection[tuple[str | None, str]]
) -> None:
    """Say which servers of a TARGET have nothing of some METRICs in the span that was asked for;
    without ``metrics`` any are enough. It is only talk: where the hub does not answer what is
    asked for it, there is none."""
    one = parse_target(target).one is not None
    if not (one and found and len({name for _, name in found}) >= len(metrics)):
        with suppress(ChatOpsError):
            for text, _ in islice(_absent(cli, servers_of(cli, target), metrics, found), SAID):
                cli.out.say(escape(text))


def _absent(
    cli: Cli,
    servers: Sequence[Server],
    metrics: Sequence[str],
    found: Collection[tuple[str | None, str]],
) -> Iterator[Reason]:
    for server in servers:
        of_it = {name for owner, name in found if owner in (None, server.name)}
        left = [name for name in metrics if name not in of_it]
        if left or not of_it:
            yield from _reasons(cli, server.name, left)


def servers_of(cli: Cli, target: str) -> list[Server]:
    """The servers that a TARGET means now."""
    meant = parse_target(target)
    if meant.one is not None:
        return [cli.client.servers.get(meant.one)]

    def facts(server: Server) -> Facts:
        return Facts(server.id, server.name, server.tags)

    return meant.select(cli.client.servers.list(), facts)


def say_if_nobody(cli: Cli, target: str) -> None:
    """Say it if a TARGET that is for later, too, means no server now: it may be mistyped. Names
    were looked for by the hub, which refuses those that are not there."""
    with suppress(ChatOpsError):  # what was asked for is done, and this is only talk
        meant = parse_target(target)
        if str(meant) != "all" and meant.one is None and not servers_of(cli, target):
            cli.out.flush()
            cli.out.say(f"no server matches {escape(target[:80])!r} now, only what is added later")


def _reasons(cli: Cli, server: str, metrics: Sequence[str]) -> Iterator[Reason]:
    try:
        latest: Any = cli.client.metrics.latest(server)  # it has a sample's fields
    except NoSample:
        yield Reason(f"{server} has not sent metrics yet", NoSample)
        return
    except ChatOpsError:  # this is only talk: what was asked for has come
        latest = None
    if not metrics:
        yield Reason(f"{server}: nothing was measured then")
    for name in metrics:
        metric, instance = parse_metric(name)
        there = metric.instances(latest) if latest is not None and metric.listed else None
        if instance and there is not None and instance not in there:
            assert metric.listed is not None
            kind = _KINDS.get(metric.listed.field, metric.instance)
            yield Reason(
                f"{server} has no {kind} {shorten(instance, 80)} now; it has {_list(list(there))}",
                NotFound,
            )
        elif there and abs(there.get(instance or "") or 0.0) > LARGEST_VALUE:
            yield Reason(
                f"{server}: {shorten(name, 80)} is too large for a history, which keeps values "
                f"up to {LARGEST_VALUE:.0e}"
            )
        else:
            yield Reason(f"{server}: nothing was measured of {shorten(name, 80)} then")


def _list(names: Sequence[str]) -> str:
    shown = ", ".join(shorten(name, 40) for name in names[:_NAMED])
    return (shown + (" …" if len(names) > _NAMED else "")) or "none"
