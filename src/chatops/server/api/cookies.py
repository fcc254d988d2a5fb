"""The console's session: its refresh token as a cookie that no script can read.

The cookie counts only beside a header that the page of another site cannot send without being
asked first whether it may, which nobody here allows it. SameSite says the same; the two do not
depend on one another.
"""

from __future__ import annotations

from typing import Final

import msgspec
from aiohttp import web

from chatops.errors import InvalidInput
from chatops.protocol import rest
from chatops.server.api.operation import PREFIX
from chatops.server.services.auth import REFRESH_LIFE
from chatops.server.services.credentials import COOKIE, REFRESH, Kind

PATH: Final = f"{PREFIX}/auth"
HEADER: Final = "X-Chatops-Console"
_TO_PUT: Final = web.RequestKey("chatops_cookie", str)
"""What the answer of a request is to set, as the request knows it: a token; "" for none."""


def require_console(request: web.Request) -> None:
    """That a request which asks for a cookie comes from the console: a form of another site could
    sign a browser in as somebody else.

    Raises:
        InvalidInput: it lacks the header.
    """
    if not _from_console(request):
        raise InvalidInput(
            "a session by cookie is for the console",
            hint=f"send the header {HEADER}: 1, or leave `cookie` out",
        )


def name_of(request: web.Request) -> str:
    """The cookie's name, which has the port that the browser asked: browsers share cookies between
    all ports of a host, and a demo beside a hub would sign it out."""
    return f"chatops_refresh_{request.url.port}"


def token_of(request: web.Request, in_body: str | None) -> tuple[str | None, Kind]:
    """The refresh token of a request, and its kind: that of the body, else of the cookie."""
    if in_body is not None or not _from_console(request):
        return in_body, REFRESH
    return request.cookies.get(name_of(request)), COOKIE


def keep(request: web.Request, pair: rest.FullPair) -> rest.TokenPair:
    """Have the browser keep a refresh token; the pair without it."""
    request[_TO_PUT] = pair.refresh_token
    return rest.TokenPair(**msgspec.structs.asdict(pair) | {"refresh_token": None})


def forget(request: web.Request) -> None:
    """Have the browser forget it."""
    request[_TO_PUT] = ""


async def put(request: web.Request, response: web.StreamResponse) -> None:
    """Set the cookie, or clear it, as the request's handler wanted (a signal of aiohttp's: errors
    are answers too)."""
    if (token := request.get(_TO_PUT)) is None:
        return
    life = REFRESH_LIFE if token else 0
    words = [f"{name_of(request)}={token}", f"Max-Age={life}", f"Path={PATH}"]
    words += ["HttpOnly", "SameSite=Strict", *(["Secure"] if request.secure else [])]
    response.headers.add("Set-Cookie", "; ".join(words))


def _from_console(request: web.Request) -> bool:
    return request.headers.get(HEADER) == "1"
