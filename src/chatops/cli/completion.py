"""Names for the shell's completion, from the hub: quickly, or silently nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from chatops.client import Client

WITHIN: Final = 0.15
"""Seconds that the hub gets; with the program's own start it stays below 300 ms."""

_HARMLESS: Final = r"[\w./:@+-]+"


def complete_servers(incomplete: str) -> list[str]:
    """Servers whose name begins so."""
    return [name for name in _names() if name.startswith(incomplete)]


def complete_targets(incomplete: str) -> list[str]:
    """The same for the last of several names in a TARGET, and ``all``."""
    before, comma, last = incomplete.rpartition(",")
    bang = "!" if last.startswith("!") else ""
    words = [*_names(), "all"]
    return [f"{before}{comma}{bang}{one}" for one in words if one.startswith(last[len(bang) :])]


def complete_metrics(ctx: Any, incomplete: str) -> list[str]:
    """METRIC names that begin so, with the instances that the server has. bash takes ``disk:/v``
    for three words, and gets the end of the last one."""
    from chatops.protocol.metric_names import METRICS

    target, before = ctx.params.get("target") or "", list(ctx.params.get("metrics") or ())
    start = ""
    if before[-1:] == [":"] and len(before) > 1:
        start = f"{before[-2]}:"
    elif incomplete == ":" and before:
        start, incomplete = f"{before[-1]}:", ""
    words = [f"{one.name}:" if one.needs_instance else one.name for one in METRICS.values()]
    words += _measured(target) if target else []
    return [one.removeprefix(start) for one in words if one.startswith(start + incomplete)]


def complete_metric_names(incomplete: str) -> list[str]:
    """METRIC names that begin so, without instances; no hub is asked."""
    from chatops.protocol.metric_names import METRICS

    return [name for name in METRICS if name.startswith(incomplete)]


def complete_rules(incomplete: str) -> list[str]:
    """Rules whose name begins so."""
    names = _quickly(lambda client: (one.name for one in client.thresholds.list(limit=1000)))
    return [name for name in names if name.startswith(incomplete)]


def complete_tried(incomplete: str) -> list[str]:
    """What may be tried: rules, and METRIC names."""
    return [*complete_rules(incomplete), *complete_metric_names(incomplete)]


def complete_containers(ctx: Any, incomplete: str) -> list[str]:
    """Containers of the server named before, whose name begins so, as its newest sample has
    them; the engine is not asked, which may be slow."""
    import re

    server = str(ctx.params.get("server") or "")
    if not server:
        return []
    names = _quickly(lambda client: (one.name for one in client.metrics.latest(server).containers))
    return [one for one in names if one.startswith(incomplete) and re.fullmatch(_HARMLESS, one)]


def complete_profiles(incomplete: str) -> list[str]:
    """Profiles whose name begins so; no hub is asked."""
    from chatops.cli.profiles import Profiles
    from chatops.errors import ChatOpsError

    try:
        return [name for name in Profiles().read().profiles if name.startswith(incomplete)]
    except ChatOpsError:
        return []


def _names() -> list[str]:
    return _quickly(lambda client: (one.name for one in client.servers.list(limit=1000)))


def _measured(server: str) -> list[str]:
    """The METRIC names with an instance that a server has now; none with a character that means
    something to a shell, because shells evaluate what they complete."""
    import re

    from chatops.protocol.metric_names import METRICS

    def names(client: Client) -> Iterator[str]:
        latest: Any = client.metrics.latest(server)  # it has a sample's fields
        for metric in METRICS.values():
            if metric.listed is not None:
                yield from (f"{metric.name}:{one}" for one in metric.instances(latest))

    return [name for name in _quickly(names) if re.fullmatch(_HARMLESS, name)]


def _quickly(ask: Callable[[Client], Iterable[str]]) -> list[str]:
    """What the hub answers in time; else, or when anything goes wrong, nothing."""
    # A thread, because looking up a host's name cannot be given a time limit.
    import threading

    found: list[str] = []
    asking = threading.Thread(target=_ask, args=(ask, found), daemon=True)
    asking.start()
    asking.join(WITHIN)
    return [] if asking.is_alive() else found


def _ask(ask: Callable[[Client], Iterable[str]], found: list[str]) -> None:
    from chatops.cli.context import Cli, Common

    try:
        cli = Cli(Common())
        with cli.client_for(cli.connection, timeout=WITHIN) as client:
            found += list(ask(client))
    except Exception:  # noqa: BLE001  (completion never shows an error)
        found.clear()
