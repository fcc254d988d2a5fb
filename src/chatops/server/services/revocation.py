"""Revocation: what is open by rights that ended is ended too, at once, and nothing more starts."""

from __future__ import annotations

from chatops.errors import ChatOpsError, NotFound, NotSignedIn
from chatops.protocol import closing
from chatops.protocol.target import Facts
from chatops.server.services import losses
from chatops.server.services.losses import Loss
from chatops.server.services.runs import RunService
from chatops.server.services.ws_manager import WSManager


class Revocation:
    """Reaches all that goes on after a request was let in."""

    def __init__(self, subscribers: WSManager, runs: RunService) -> None:
        self._subscribers = subscribers
        self._runs = runs

    def session_ended(self, user_id: str) -> None:
        """Whoever signed in to the account has to do so again; its API tokens stay good."""
        self._cut(losses.of_session(user_id), _ended("the session was ended"))

    async def rights_lost(self, user_id: str, name: str, server_id: str | None = None) -> None:
        """The account may do less than before: everywhere, or on one server."""
        error: ChatOpsError = _ended("the session was ended")
        if server_id is not None:
            error = NotFound(f"the server is not shared with {name} any more")
        loss = losses.of_account(user_id, server_id)
        await self._take(loss, error, f"{name} may not do this any more")

    async def token_ended(self, token_id: str, name: str) -> None:
        """An API token was revoked, or is expired."""
        error = NotSignedIn(f"the API token {name} is not good any more")
        await self._take(losses.of_token(token_id), error, f"the API token {name} has ended")

    async def server_changed(self, server: Facts) -> None:
        """A server was renamed or has other tags: some API tokens may not be for it now."""
        error = NotFound("the API token is not for the server any more")
        await self._take(losses.of_cover(server), error, "the API token is not for it any more")

    async def _take(self, loss: Loss, error: ChatOpsError, why: str) -> None:
        self._cut(loss, error)
        await self._runs.driver.withdraw(loss, f"not started: {why}")

    def _cut(self, loss: Loss, error: ChatOpsError) -> None:
        there = isinstance(error, NotFound)
        self._subscribers.end(loss, closing.NOT_FOUND if there else closing.NOT_SIGNED_IN)
        self._runs.followed.cut(loss, error)


def _ended(text: str) -> NotSignedIn:
    return NotSignedIn(text, hint="sign in again")
