"""The settings in use: those that the hub was started with, under those set while it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from chatops.server.settings import HubSettings

Follower = Callable[[HubSettings], None]


class LiveSettings:
    """Ask ``now`` each time: what it answers is not changed, but replaced."""

    def __init__(self, started: HubSettings) -> None:
        self.started = started
        """What file, variables, flags and defaults say."""
        self._now = started
        self._followers: list[Follower] = []

    @property
    def now(self) -> HubSettings:
        """The values in use."""
        return self._now

    def follow(self, follower: Follower) -> None:
        """Tell ``follower`` the values in use, now and after each change."""
        self._followers.append(follower)
        follower(self._now)

    def put(self, values: Mapping[str, Any]) -> None:
        """These are set, and no others."""
        self._now = replace(self.started, **values)
        for follower in self._followers:
            follower(self._now)
