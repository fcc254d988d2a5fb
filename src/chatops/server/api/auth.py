"""/auth: signing in and out."""

from __future__ import annotations

import msgspec

from chatops.errors import NotSignedIn
from chatops.protocol import rest
from chatops.server.api import cookies
from chatops.server.api.operation import Call, NoQuery
from chatops.server.authentication import welcome
from chatops.server.services.asked import Asked
from chatops.server.services.credentials import COOKIE, REFRESH
from chatops.server.services.users import to_user


async def login(call: Call[NoQuery, rest.Login]) -> rest.TokenPair:
    """Sign in with a user name and password."""
    body, kind = call.body, COOKIE if call.body.cookie else REFRESH
    if kind == COOKIE:
        cookies.require_console(call.request)
    pair = await call.services.auth.login(body.username, body.password, call.address, kind)
    welcome(call.request)
    return cookies.keep(call.request, pair) if kind == COOKIE else pair


async def register(call: Call[NoQuery, rest.Register]) -> rest.User:
    """Make oneself a viewer account, where the hub allows that."""
    body = call.body
    return to_user(await call.services.auth.register(body.username, body.password, call.address))


async def refresh(call: Call[NoQuery, rest.Refresh]) -> rest.TokenPair:
    """Renew a session; the refresh token is used up."""
    token, kind = cookies.token_of(call.request, call.body.refresh_token)
    try:
        pair = await call.services.auth.refresh(token, call.address, kind)
    except NotSignedIn:
        if kind == COOKIE:
            cookies.forget(call.request)
        if token is not None:  # a console asks at each start whether somebody is signed in
            path = Asked(call.request.path)
            await call.services.denials.record(call.origin, "auth.refresh", path)
        raise
    welcome(call.request)
    return cookies.keep(call.request, pair) if kind == COOKIE else pair


async def logout(call: Call[NoQuery, rest.Logout]) -> None:
    """End a session."""
    token, kind = cookies.token_of(call.request, call.body.refresh_token)
    await call.services.auth.logout(token, call.address, kind)
    if kind == COOKIE:
        cookies.forget(call.request)


async def me(call: Call[NoQuery, None]) -> rest.Me:
    """Show the signed-in account, and the API token if one is used."""
    user = await call.services.users.myself(call.principal)
    token = await call.services.tokens.used(call.principal)
    return rest.Me(**msgspec.structs.asdict(user), token=token)


async def change_password(call: Call[NoQuery, rest.PasswordChange]) -> None:
    """Change one's own password; all sessions of the account end."""
    body = call.body
    await call.services.users.change_password(call.principal, body.current, body.new, call.address)
