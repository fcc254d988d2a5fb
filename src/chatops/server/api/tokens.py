"""/tokens: API tokens, for people who signed in with their password."""

from __future__ import annotations

from chatops.protocol import rest
from chatops.server.api.operation import Call, NoQuery
from chatops.server.api.queries import TokensQuery


async def list_tokens(call: Call[TokensQuery, None]) -> rest.Page[rest.Token]:
    """List one's own API tokens; for administrators another user's too."""
    query = call.query
    return await call.services.tokens.page(
        call.principal, user=query.user, limit=query.limit, cursor=query.cursor
    )


async def create_token(call: Call[NoQuery, rest.TokenCreate]) -> rest.TokenCreated:
    """Make an API token; this answer is the only one that shows it."""
    return await call.services.tokens.create(call.principal, call.origin, call.body)


async def revoke_token(call: Call[NoQuery, None]) -> rest.Token:
    """Revoke an API token; what is open by it ends at once."""
    return await call.services.tokens.revoke(call.principal, call.origin, call.path["token"])
