"""Revocation: what is open of an account whose session or rights ended is ended too, at once."""

from __future__ import annotations

from chatops.errors import NotFound, NotSignedIn
from chatops.server.services.runs import RunService
from chatops.server.services.ws_manager import WSManager


class Revocation:
    """Reaches all that goes on after a request was let in."""

    def __init__(self, subscribers: WSManager, runs: RunService) -> None:
        self._subscribers = subscribers
        self._runs = runs

    def session_ended(self, user_id: str) -> None:
        """Whoever holds the account's tokens has to sign in again."""
        self._subscribers.end_user(user_id)
        self._runs.cut(user_id, None, NotSignedIn("the session was ended", hint="sign in again"))

    async def rights_lost(self, user_id: str, name: str, server_id: str | None = None) -> None:
        """The account may do less than before: everywhere, or on one server."""
        if server_id is None:
            self.session_ended(user_id)
        else:
            self._subscribers.end_user(user_id, server_id)
            error = NotFound(f"the server is not shared with {name} any more")
            self._runs.cut(user_id, server_id, error)
        why = f"not started: {name} may not do this any more"
        await self._runs.driver.withdraw(user_id, server_id, why)
