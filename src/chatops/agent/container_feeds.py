"""What the hub may have of the container engine as a feed: one table beside that of the actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from chatops.agent.container_logs import read_logs
from chatops.agent.container_pull import pull_image
from chatops.agent.docker_policy import DockerPolicy
from chatops.agent.engine import Engine, EngineError
from chatops.agent.feeds import Feed, FeedError, Source
from chatops.protocol.containers import DockerArgs

Run = Callable[[Engine, DockerPolicy, DockerArgs, Feed], None]


class FeedAction(NamedTuple):
    """``run`` is the source; ``changes``: more than a look."""

    run: Run
    changes: bool = False

    def source(self, engine: Engine, policy: DockerPolicy, args: DockerArgs) -> Source:
        """The source of one feed."""

        def run(feed: Feed) -> None:
            try:
                self.run(engine, policy, args, feed)
            except EngineError as error:
                raise FeedError(error.code, error.message) from None

        return run


FEED_ACTIONS: Final[Mapping[str, FeedAction]] = {
    "logs": FeedAction(read_logs),
    "pull": FeedAction(
        lambda engine, _policy, args, feed: pull_image(engine, args, feed), changes=True
    ),
}
