"""What the user does to containers. No I/O."""

from __future__ import annotations

import time
from typing import Final

from chatops.cli.top.agenda import Job
from chatops.cli.top.container_lines import AnyContainer
from chatops.cli.top.feed import Feed
from chatops.cli.top.news import Told
from chatops.cli.top.spans import Span, safe
from chatops.protocol.rest import ContainerChange, ContainerVerb, Server

DISTURBING: Final[dict[ContainerVerb, str]] = {
    "stop": "stop", "restart": "restart", "pause": "pause", "kill": "kill", "rm": "remove",
}  # fmt: skip
"""What is asked about before it is done."""
_DOING: Final[dict[ContainerVerb, str]] = {
    "start": "starting", "stop": "stopping", "restart": "restarting", "pause": "pausing",
    "unpause": "letting go on", "kill": "killing", "rm": "removing",
}  # fmt: skip


class ContainerSight:
    """``said`` is what became of the last change."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self.said: Span | None = None

    def change(self, server: Server, one: AnyContainer, verb: ContainerVerb) -> None:
        """Have the engine do it, now or not at all: who waits for a hub that is gone may not be
        there any more when it comes back."""
        if not self._feed.link.is_up("list"):
            self.said = ("not done: the hub is gone", "bad")
        elif self._feed.aside(Job("change", (server.id, one.id, verb))):
            self.said = (f"{_DOING[verb]} {safe(one.name, 60)} …", "dim")
        else:
            self.said = ("not done: the change before is still under way", "warn")

    def told(self, one: Told) -> None:
        """An answer of the hub's; the engine is asked again how things stand."""
        if isinstance(one.answer, ContainerChange):
            self.said = (f"{safe(one.answer.name, 60)} is {one.answer.state or 'removed'}", "good")
        else:
            self.said = (f"not done: {safe(one.note)}", "bad")
        self._feed.agenda.hurry_if_due("containers", time.monotonic())
        self._feed.wake()
