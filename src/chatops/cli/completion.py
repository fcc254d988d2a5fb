"""Names for the shell's completion, from the hub: quickly, or silently nothing."""

from __future__ import annotations

from typing import Final

WITHIN: Final = 0.15
"""Seconds that the hub gets; with the program's own start it stays below 300 ms."""


def complete_servers(incomplete: str) -> list[str]:
    """Servers whose name begins so."""
    return [name for name in _names() if name.startswith(incomplete)]


def complete_targets(incomplete: str) -> list[str]:
    """The same for the last of several names in a TARGET, and ``all``."""
    before, comma, last = incomplete.rpartition(",")
    bang = "!" if last.startswith("!") else ""
    words = [*_names(), "all"]
    return [f"{before}{comma}{bang}{one}" for one in words if one.startswith(last[len(bang) :])]


def _names() -> list[str]:
    # A thread, because looking up a host's name cannot be given a time limit.
    import threading

    found: list[str] = []
    asking = threading.Thread(target=_ask, args=(found,), daemon=True)
    asking.start()
    asking.join(WITHIN)
    return [] if asking.is_alive() else found


def _ask(found: list[str]) -> None:
    from chatops.cli.context import Cli, Common

    try:
        cli = Cli(Common())
        with cli.client_for(cli.connection, timeout=WITHIN) as client:
            found += [server.name for server in client.servers.list(limit=1000)]
    except Exception:  # noqa: BLE001  (completion never shows an error)
        found.clear()


def complete_metrics(incomplete: str) -> list[str]:
    """METRIC names that begin so; no hub is asked."""
    from chatops.protocol.metric_names import METRICS

    return [name for name in METRICS if name.startswith(incomplete)]


def complete_profiles(incomplete: str) -> list[str]:
    """Profiles whose name begins so; no hub is asked."""
    from chatops.cli.profiles import Profiles
    from chatops.errors import ChatOpsError

    try:
        return [name for name in Profiles().read().profiles if name.startswith(incomplete)]
    except ChatOpsError:
        return []
