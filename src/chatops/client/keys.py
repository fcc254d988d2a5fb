"""API keys: what an agent signs in with. Each belongs to one server."""

from __future__ import annotations

from collections.abc import Iterator

from chatops.client.session import Session, segment
from chatops.protocol.rest import ApiKey, ApiKeyCreate, ApiKeyCreated, ApiKeySelf, Page


class Keys:
    """``client.keys``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list(self, *, server: str | None = None, limit: int | None = None) -> Iterator[ApiKey]:
        """The keys of all servers or of one, revoked ones too."""
        query = {"server": server}
        return self._session.pages("/api-keys", Page[ApiKey], query=query, limit=limit)

    def create(
        self, server: str, *, name: str = "default", expires_in: float | None = None
    ) -> ApiKeyCreated:
        """Make a key; it is shown this once. ``expires_in`` is in seconds.

        Raises:
            NotFound: there is no such server that the caller may see.
        """
        body = ApiKeyCreate(server=server, name=name, expires_in=expires_in)
        return self._session.call("POST", "/api-keys", ApiKeyCreated, body=body)

    def revoke(self, key_id: str) -> ApiKey:
        """End a key, and at once the connection that uses it.

        Raises:
            NotFound: there is no such key.
            Conflict: it was revoked before.
        """
        return self._session.call("DELETE", f"/api-keys/{segment(key_id)}", ApiKey)

    def whose(self, key: str) -> ApiKeySelf:
        """What the hub knows of an API key that one holds; the key itself is the credential.

        Raises:
            NotSignedIn: the key is unknown, revoked or expired.
        """
        return self._session.call("GET", "/api-keys/me", ApiKeySelf, token=key)
