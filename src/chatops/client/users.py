"""Accounts (admin only)."""

from __future__ import annotations

from collections.abc import Iterator

from chatops.client.session import Session, segment
from chatops.protocol.names import Role
from chatops.protocol.rest import Page, User, UserCreate, UserUpdate


class Users:
    """``client.users``. Users are named by name or id."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list(self, *, limit: int | None = None) -> Iterator[User]:
        """All accounts in order of name."""
        return self._session.pages("/users", Page[User], limit=limit)

    def create(self, name: str, password: str, *, role: Role = "viewer") -> User:
        """Make an account.

        Raises:
            Conflict: the name is taken.
        """
        body = UserCreate(name=name, password=password, role=role)
        return self._session.call("POST", "/users", User, body=body)

    def get(self, user: str) -> User:
        """One account.

        Raises:
            NotFound: there is none of that name.
        """
        return self._session.call("GET", f"/users/{segment(user)}", User)

    def update(
        self,
        user: str,
        *,
        role: Role | None = None,
        disabled: bool | None = None,
        password: str | None = None,
    ) -> User:
        """Change what is given of an account.

        Raises:
            NotFound: there is none of that name.
            Conflict: the last admin would be lost.
        """
        body = UserUpdate(role=role, disabled=disabled, password=password)
        return self._session.call("PATCH", f"/users/{segment(user)}", User, body=body)

    def delete(self, user: str, *, reassign_to: str | None = None) -> None:
        """Remove an account; its servers go to ``reassign_to``.

        Raises:
            NotFound: there is none of that name.
            Conflict: it owns servers and no heir is named, or it is the last admin.
        """
        path = f"/users/{segment(user)}"
        self._session.call("DELETE", path, type(None), query={"reassign_to": reassign_to})
