"""/users: accounts, for administrators."""

from __future__ import annotations

from chatops.protocol import rest
from chatops.server.api.operation import Call, NoQuery
from chatops.server.api.queries import DeleteUserQuery, PageQuery


async def list_users(call: Call[PageQuery, None]) -> rest.Page[rest.User]:
    """List accounts in order of name."""
    return await call.services.users.page(limit=call.query.limit, cursor=call.query.cursor)


async def create_user(call: Call[NoQuery, rest.UserCreate]) -> rest.User:
    """Make an account."""
    body = call.body
    return await call.services.users.create(call.origin, body.name, body.password, body.role)


async def show_user(call: Call[NoQuery, None]) -> rest.User:
    """Show an account."""
    return await call.services.users.show(call.path["user"])


async def update_user(call: Call[NoQuery, rest.UserUpdate]) -> rest.User:
    """Change an account's role, state or password; its sessions end."""
    return await call.services.users.update(call.origin, call.path["user"], call.body)


async def delete_user(call: Call[DeleteUserQuery, None]) -> None:
    """Remove an account; if it owns servers, another one gets them."""
    await call.services.users.delete(call.origin, call.path["user"], call.query.reassign_to)
