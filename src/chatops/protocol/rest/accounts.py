"""Signing in, and accounts."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from chatops.protocol.limits import MAX_PASSWORD
from chatops.protocol.names import Role
from chatops.protocol.rest.common import Name, Password, Request, Timestamp


class Login(Request, omit_defaults=True):
    """With ``cookie`` the refresh token comes as a cookie that no script can read. That is for the
    console: the request needs the header ``X-Chatops-Console: 1``."""

    username: Annotated[str, Meta(max_length=256)]
    password: Annotated[str, Meta(max_length=MAX_PASSWORD)]
    cookie: bool = False


class TokenPair(Struct, kw_only=True):
    """``expires_in`` is the access token's life in seconds; ``refresh_token`` is null when it came
    as a cookie."""

    access_token: str
    refresh_token: str | None
    token_type: Literal["bearer"] = "bearer"
    expires_in: int


class FullPair(TokenPair, kw_only=True):
    """A pair with both: what who asks for no cookie gets."""

    refresh_token: str


class Refresh(Request):
    """Without a refresh token that of the cookie is used, if the request has the header
    ``X-Chatops-Console: 1``."""

    refresh_token: Annotated[str, Meta(max_length=512)] | None = None


class Logout(Request):
    """With a refresh token, or that of the cookie as in Refresh, its whole family ends."""

    refresh_token: Annotated[str, Meta(max_length=512)] | None = None


class Register(Request):
    username: Name
    password: Password


class PasswordChange(Request):
    current: Annotated[str, Meta(max_length=MAX_PASSWORD)]
    new: Password


class User(Struct, kw_only=True):
    id: str
    name: str
    role: Role
    disabled: bool
    created_at: Timestamp
    last_login: Timestamp | None = None


class UserCreate(Request):
    name: Name
    password: Password
    role: Role = "viewer"


class Token(Struct, kw_only=True):
    """An API token. ``servers`` is a TARGET with the names that servers have now, an id for one
    that is not there (any more); null: all that its user may see, now and later."""

    id: str
    name: str
    role: Role
    servers: str | None
    expires_at: Timestamp | None
    last_used: Timestamp | None


class Me(User, kw_only=True):
    """The account that calls, with the role that counts now: with an API token, which stands in
    ``token`` then, that is at most the token's."""

    token: Token | None = None


class TokenCreated(Struct, kw_only=True):
    """The only time the token is seen."""

    id: str
    name: str
    token: str
    role: Role
    servers: str | None
    expires_at: Timestamp | None
    last_used: Timestamp | None


class TokenCreate(Request):
    """``expires_in`` is in seconds; without it the token does not end by itself."""

    name: Name
    role: Literal["viewer", "operator"] = "viewer"
    servers: Annotated[str, Meta(min_length=1, max_length=4096)] | None = None
    expires_in: Annotated[float, Meta(gt=0, le=10 * 366 * 86_400)] | None = None


class UserUpdate(Request):
    """Only the given fields change."""

    role: Role | None = None
    disabled: bool | None = None
    password: Password | None = None
