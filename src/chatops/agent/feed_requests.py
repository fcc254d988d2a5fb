"""Answers ``feed``: what the hub may have of the host as a feed, one table of sources."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from chatops.agent.copies import Copies
from chatops.agent.feeds import Feed, FeedError, Feeds
from chatops.agent.file_feed import read_file
from chatops.agent.files_policy import FilesPolicy
from chatops.agent.policy import Policy
from chatops.protocol.copies import CopyInArgs, CopyOutArgs
from chatops.protocol.feed_messages import FeedRequest, FeedResponse
from chatops.protocol.log_feeds import FileArgs, UnitArgs
from chatops.protocol.messages import Message
from chatops.text import shown

Post = Callable[[Message], None]


class _Kind(NamedTuple):
    """One source: what it is asked with, and what reads it."""

    args: type
    read: Callable[[FilesPolicy, Any, Feed], None]


def _read_unit(policy: FilesPolicy, args: UnitArgs, feed: Feed) -> None:
    from chatops.agent.unit_feed import read_unit  # many agents are never asked for one

    read_unit(policy, args, feed)


_KINDS: Final[Mapping[str, _Kind]] = {
    "file": _Kind(FileArgs, read_file),
    "unit": _Kind(UnitArgs, _read_unit),
}
"""Those of logs; copies need what is kept of them."""


class FeedRequests:
    """Answers the hub that asked, if it is still there."""

    def __init__(self, policy: Policy, feeds: Feeds, copies: Copies) -> None:
        self.copies = copies
        self._kinds = {
            **_KINDS,
            "copy_out": _Kind(CopyOutArgs, copies.read),
            "copy_in": _Kind(CopyInArgs, copies.write),
        }
        self._policy = policy
        self._feeds = feeds
        self._post: Post | None = None

    def connected(self, post: Post) -> None:
        """A session stands; answers go to ``post``."""
        self._post = post
        self.copies.inputs.connected(post)

    def disconnected(self) -> None:
        """It is gone, and with it whoever asked."""
        self._post = None
        self.copies.inputs.disconnected()

    def ask(self, request: FeedRequest) -> Message | None:
        """Begin a feed, which answers by itself; the answer where it cannot be begun."""

        def answer(data: Any) -> None:
            if self._post is not None:
                self._post(_outcome(request, data))

        try:
            kind, args = self._allowed(request)
            bounds = self._policy.files
            self._feeds.start(
                request.streams, lambda feed: kind.read(bounds, args, feed), answer,
                name=request.source,
            )  # fmt: skip
        except FeedError as error:
            return _outcome(request, error)
        return None

    def _allowed(self, request: FeedRequest) -> tuple[_Kind, Any]:
        if "files" not in self._policy.allow:
            raise FeedError("not_allowed", "this agent was not started with --allow files")
        kind = self._kinds.get(request.source)
        if kind is None:
            raise FeedError("unsupported", f"this agent cannot read {shown(request.source)}")
        try:
            return kind, msgspec.convert(request.args, kind.args)
        except msgspec.ValidationError as error:
            raise FeedError("invalid", f"the arguments do not fit: {error}") from None


def _outcome(request: FeedRequest, data: Any) -> FeedResponse:
    if isinstance(data, FeedError):
        return FeedResponse(id=request.id, ok=False, code=data.code, error=data.message)
    return FeedResponse(id=request.id, ok=True, data=data)
