"""What is lost when a right is taken back: one rule for sockets, streams and waiting runs."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from chatops.protocol.target import Facts
from chatops.server.services.access import Holder


@dataclass(frozen=True, slots=True)
class Loss:
    """``whose`` credentials are good for nothing more; with ``server_id`` only on that server."""

    whose: Callable[[Holder], bool]
    server_id: str | None = None

    def meets(self, holder: Holder, server_ids: Collection[str]) -> bool:
        """Whether it concerns something that ``holder`` has open on these servers."""
        on_these = self.server_id is None or self.server_id in server_ids
        return on_these and self.whose(holder)


def of_session(user_id: str) -> Loss:
    """An account has to sign in again; its API tokens stay good."""
    return Loss(lambda holder: holder.user_id == user_id and holder.token is None)


def of_account(user_id: str, server_id: str | None = None) -> Loss:
    """An account, and so its API tokens, may do less than before."""
    return Loss(lambda holder: holder.user_id == user_id, server_id)


def of_token(token_id: str) -> Loss:
    """An API token was revoked, or is expired."""
    return Loss(lambda holder: holder.token is not None and holder.token.id == token_id)


def of_cover(server: Facts) -> Loss:
    """A server has another name or other tags: API tokens that are not for it any more."""
    return Loss(
        lambda holder: holder.token is not None and not holder.token.covers(server), server.id
    )
