"""API tokens: credentials of scripts, that may at most what their user may."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from chatops.client.session import Session, segment
from chatops.protocol.rest import Page, Token, TokenCreate, TokenCreated


class Tokens:
    """``client.tokens``. They are for people: an API token itself may not do any of this."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list(self, *, user: str | None = None, limit: int | None = None) -> Iterator[Token]:
        """One's own tokens that are not revoked, or (administrators) those of ``user``."""
        return self._session.pages("/tokens", Page[Token], query={"user": user}, limit=limit)

    def create(
        self,
        name: str,
        *,
        role: Literal["viewer", "operator"] = "viewer",
        servers: str | None = None,
        expires_in: float | None = None,
    ) -> TokenCreated:
        """Make a token; it is shown this once. ``servers`` is a TARGET, None covers all that
        one may see, now and later. ``expires_in`` is in seconds.

        Raises:
            NotPermitted: the role is above one's own.
            NotFound: the TARGET names a server that is not there.
        """
        body = TokenCreate(name=name, role=role, servers=servers, expires_in=expires_in)
        return self._session.call("POST", "/tokens", TokenCreated, body=body)

    def revoke(self, token_id: str) -> Token:
        """End a token, and at once all that is open by it.

        Raises:
            NotFound: there is no such token of one's own.
            Conflict: it was revoked before.
        """
        return self._session.call("DELETE", f"/tokens/{segment(token_id)}", Token)
