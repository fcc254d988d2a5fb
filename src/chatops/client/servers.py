"""The fleet: servers, their tags and states."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from chatops.client.session import Session, segment
from chatops.protocol.rest import (
    Page,
    Server,
    ServerCreate,
    ServerCreated,
    ServerDetail,
    ServerStatus,
    ServerUpdate,
    Share,
    ShareCreate,
)


class Servers:
    """``client.servers``. Servers are named by name or id."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list(
        self,
        *,
        tags: Mapping[str, str] | None = None,
        status: ServerStatus | None = None,
        limit: int | None = None,
    ) -> Iterator[Server]:
        """The servers that have all of ``tags`` and that ``status``, in order of name."""
        wanted = [f"{key}={value}" for key, value in (tags or {}).items()]
        query = {"tag": wanted, "status": status}
        return self._session.pages("/servers", Page[Server], query=query, limit=limit)

    def create(
        self, name: str, *, tags: Mapping[str, str] | None = None, key: bool = False
    ) -> ServerCreated:
        """Add a server; with ``key`` its first API key is made too and shown this once.

        Raises:
            Conflict: the name is taken.
        """
        body = ServerCreate(name=name, tags=dict(tags or {}), key=key)
        return self._session.call("POST", "/servers", ServerCreated, body=body)

    def get(self, server: str) -> ServerDetail:
        """One server, with what its agent told of the host.

        Raises:
            NotFound: there is none of that name that the caller may see.
        """
        return self._session.call("GET", f"/servers/{segment(server)}", ServerDetail)

    def update(
        self,
        server: str,
        *,
        name: str | None = None,
        tags: Mapping[str, str | None] | None = None,
    ) -> Server:
        """Rename a server, or set tags; a tag whose value is None is taken away.

        Raises:
            NotFound: there is none of that name that the caller may see.
            Conflict: the new name is taken.
        """
        body = ServerUpdate(name=name, tags=dict(tags) if tags is not None else None)
        return self._session.call("PATCH", f"/servers/{segment(server)}", Server, body=body)

    def delete(self, server: str) -> None:
        """Remove a server with everything that is stored of it.

        Raises:
            NotFound: there is none of that name that the caller may see.
        """
        self._session.call("DELETE", f"/servers/{segment(server)}", type(None))

    def shares(self, server: str) -> Iterator[Share]:
        """What accounts other than the owner may do on a server, in order of name.

        Raises:
            NotFound, NotPermitted: for this caller.
        """
        path = f"/servers/{segment(server)}/shares"
        yield from self._session.call("GET", path, Page[Share]).items  # one page has them all

    def share(self, server: str, user: str, role: Literal["viewer", "operator"]) -> Share:
        """Give a user a role on a server, in place of the one it had there.

        Raises:
            NotFound: no such server or user; NotPermitted: it is somebody else's.
        """
        body = ShareCreate(user=user, role=role)
        return self._session.call("PUT", f"/servers/{segment(server)}/shares", Share, body=body)

    def unshare(self, server: str, user: str) -> None:
        """Take a user's share of a server back.

        Raises:
            NotFound: no such server or share; NotPermitted: it is somebody else's.
        """
        path = f"/servers/{segment(server)}/shares/{segment(user)}"
        self._session.call("DELETE", path, type(None))
