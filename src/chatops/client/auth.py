"""Signing in and out, and the caller's own account."""

from __future__ import annotations

from chatops.client.session import Session
from chatops.protocol.rest import (
    FullPair,
    Login,
    Logout,
    Me,
    PasswordChange,
    Refresh,
    Register,
    User,
)


class Auth:
    """``client.auth``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def login(self, username: str, password: str) -> FullPair:
        """Sign in; the client uses the access token from now on.

        Raises:
            NotSignedIn: wrong user or password, or the account is disabled.
            TooManyRequests: too many failures lately; ``retry_after`` says how long to wait.
        """
        body = Login(username=username, password=password)
        pair = self._session.call("POST", "/auth/login", FullPair, body=body, is_open=True)
        self._session.token = pair.access_token
        return pair

    def register(self, username: str, password: str) -> User:
        """Make oneself an account with the role viewer; it is not signed in by that.

        Raises:
            NotPermitted: registration is closed on this hub.
            Conflict: the name is taken.
        """
        body = Register(username=username, password=password)
        return self._session.call("POST", "/auth/register", User, body=body, is_open=True)

    def refresh(self, refresh_token: str) -> FullPair:
        """A new pair of tokens; the given refresh token is used up by that.

        Raises:
            NotSignedIn: it has expired, was used before, or its family was ended.
        """
        body = Refresh(refresh_token=refresh_token)
        pair = self._session.call("POST", "/auth/refresh", FullPair, body=body, is_open=True)
        self._session.token = pair.access_token
        return pair

    def logout(self, refresh_token: str | None = None) -> None:
        """End the session: with a refresh token all that came from the same sign-in."""
        body = Logout(refresh_token=refresh_token)
        self._session.call("POST", "/auth/logout", type(None), body=body, is_open=True)
        self._session.token = None

    def me(self) -> Me:
        """The account whose token is used, and that token if it is an API token."""
        return self._session.call("GET", "/auth/me", Me)

    def change_password(self, current: str, new: str) -> None:
        """Give the own account a new password.

        Raises:
            NotSignedIn: ``current`` is not the password.
            InvalidInput: ``new`` is too short or too long.
        """
        body = PasswordChange(current=current, new=new)
        self._session.call("POST", "/auth/password", type(None), body=body)
