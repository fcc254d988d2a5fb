"""From the headers of a request to the caller they stand for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from aiohttp import web

from chatops.errors import NotSignedIn
from chatops.server.context import Services
from chatops.server.services.access import Access, Agent, Principal, require


async def authenticate(services: Services, request: web.Request) -> Principal:
    """The account whose token stands in ``Authorization: Bearer``.

    Raises:
        NotSignedIn: there is none, or it is not valid.
    """
    principal = await verified(services, bearer(request))
    welcome(request)
    return principal


async def verified(services: Services, token: str) -> Principal:
    """The account that a token belongs to, and as of when that is true.

    Raises:
        NotSignedIn: it is not valid.
    """
    since = services.runs.followed.now
    return replace(await services.auth.verify_token(token), since=since)


async def let_in(
    services: Services, request: web.Request, access: Access
) -> Principal | Agent | None:
    """The caller of an operation, if it may be let in.

    Raises:
        NotSignedIn: no valid credentials of the kind that the operation takes.
        NotPermitted: the account's role does not suffice.
    """
    if access is Access.OPEN:
        return None
    if access is Access.AGENT_KEY:
        agent = await services.keys.holder(bearer(request))
        welcome(request)
        return agent
    principal = await authenticate(services, request)
    require(principal, access)
    return principal


def bearer(request: web.Request) -> str:
    """The credential in the Authorization header.

    Raises:
        NotSignedIn: there is none.
    """
    kind, _, credential = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not credential.strip():
        raise NotSignedIn("this needs credentials", hint="sign in: chatops login")
    return credential.strip()


def bound(request: web.BaseRequest, room: int, more: Callable[[], int]) -> None:
    """A connection may send no more than ``room`` bytes until it is welcome, and then what ``more``
    gives it, none if it is 0."""
    bounded: Callable[[int, Callable[[], int]], None] | None
    if bounded := getattr(request.protocol, "bound", None):
        bounded(room, more)


def welcome(request: web.BaseRequest) -> None:
    """A request showed a good credential: its connection is no stranger's any more."""
    known: Callable[[], None] | None = getattr(request.protocol, "welcome", None)
    if known is not None:
        known()
