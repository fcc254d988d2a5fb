"""From the command to the screen and back."""

from __future__ import annotations

import os
import signal
import sys
from typing import Final

from chatops.cli.context import Cli
from chatops.cli.figures import has_blocks
from chatops.cli.streams import silence
from chatops.cli.top.app import TopApp
from chatops.cli.top.asking import facts_of
from chatops.cli.top.feed import Feed
from chatops.cli.top.state import State
from chatops.errors import NotFound
from chatops.protocol.limits import PROCESSES_WITHIN
from chatops.protocol.target import parse_target

_TIMEOUT: Final = PROCESSES_WITHIN + 2.0
"""Seconds that the hub may be silent before it counts as gone; while it waits for an agent, it is
not."""


def run(cli: Cli, text: str) -> int:
    """Show the fleet until the user leaves; the exit code.

    Raises:
        NotFound: the TARGET names a server that is not there.
        ChatOpsError: the hub refuses, or is not there: what is wrong at the start ends it.
    """
    target = parse_target(text)
    servers = target.select(cli.client.servers.list(), facts_of)
    if not servers and text != "all":
        raise NotFound(f"no server matches {text[:80]!r}")
    where = cli.connection._replace(token=cli.client.token)
    feed = Feed(
        lambda: cli.client_for(where, timeout=_TIMEOUT),
        target,
        lambda: cli.client_for(where),
    )
    if cli.common.no_color:
        os.environ["NO_COLOR"] = "1"
    state = State(feed, text, blocks=has_blocks(cli.environ))
    app = TopApp(state, hung_up=lambda: not sys.stdin.isatty())
    feed.start(servers)
    try:
        code = app.run()
    finally:
        feed.stop()
    if code == 128 + signal.SIGHUP:  # what is left in their buffers would spoil the end
        silence(sys.stdout)
        silence(sys.stderr)
    if app.failure is not None:
        raise app.failure
    return code or 0
