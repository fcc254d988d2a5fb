"""Access tokens: JWTs (HS256, 30 minutes) that name an account and its generation."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from chatops.errors import NotSignedIn
from chatops.server.services.jwt_only import jwt

ACCESS_LIFE: Final = 30 * 60
"""Seconds for which an access token is good."""
EXPIRED: Final = "expired"
"""Reason in the error's details of a token that was good once."""
_ALGORITHM: Final = "HS256"
_REMEMBERED: Final = 10_000


class _Claims(NamedTuple):
    user_id: str
    generation: int
    expires: int


class AccessTokens:
    """Signs and reads them. A signature that was right is not computed again: it stays right."""

    def __init__(self, key: str) -> None:
        self._key = bytes.fromhex(key)
        self._read: dict[str, _Claims] = {}

    def create(self, user_id: str, generation: int, now: float) -> str:
        """A token that names ``user_id`` for the next 30 minutes."""
        claims = {"sub": user_id, "gen": generation, "iat": int(now)}
        expires = int(now) + ACCESS_LIFE
        return jwt.encode({**claims, "exp": expires}, self._key, algorithm=_ALGORITHM)

    def read(self, token: str, now: float) -> tuple[str, int]:
        """The account's id and generation in a token.

        Raises:
            NotSignedIn: it is no token of ours, or is expired.
        """
        claims = self._read.get(token)
        if claims is None:
            claims = self._verify(token)
            if len(self._read) >= _REMEMBERED:
                self._read.clear()
            self._read[token] = claims
        if claims.expires <= now:
            del self._read[token]
            raise NotSignedIn(
                "the token has expired", hint="sign in again: chatops login",
                details={"reason": EXPIRED},
            )  # fmt: skip
        return claims.user_id, claims.generation

    def _verify(self, token: str) -> _Claims:
        try:
            claims: dict[str, Any] = jwt.decode(
                token, self._key, algorithms=[_ALGORITHM],
                options={"require": ["sub", "exp", "gen"], "verify_exp": False},
            )  # fmt: skip
            return _Claims(str(claims["sub"]), int(claims["gen"]), int(claims["exp"]))
        except (jwt.InvalidTokenError, ValueError, TypeError):
            raise NotSignedIn(
                "the token is not valid here", hint="sign in again: chatops login"
            ) from None
