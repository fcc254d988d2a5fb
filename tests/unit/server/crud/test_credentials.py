"""API keys, API tokens, refresh tokens."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from chatops.ids import new_id
from chatops.server.crud import api_keys, api_tokens, refresh_tokens, servers
from chatops.server.db.models import ApiKey, ApiToken, RefreshToken, Server, User
from tests.support.transactions import tx


async def _key(session: AsyncSession, server: Server, name: str) -> ApiKey:
    return await api_keys.create(
        session, server_id=server.id, created_by=None, name=name, prefix=f"cok_{name}",
        key_hash="h", now=1.0, expires_at=9.0,
    )  # fmt: skip


async def _token(session: AsyncSession, user: User, name: str) -> ApiToken:
    return await api_tokens.create(
        session, user_id=user.id, name=name, prefix=f"cot_{name}", token_hash="h",
        role="operator", now=1.0, servers="tag:env=prod",
    )  # fmt: skip


async def _refresh(
    session: AsyncSession, user: User, family: str, number: int, expires_at: float = 100.0
) -> RefreshToken:
    return await refresh_tokens.create(
        session, family=family, user_id=user.id, token_hash=f"{family}{number}",
        expires_at=expires_at, now=1.0,
    )  # fmt: skip


async def test_a_key_is_found_by_its_prefix(session: AsyncSession, web: Server) -> None:
    key = await _key(session, web, "one")
    assert await api_keys.get(session, key.id) is key
    found = await tx(session, api_keys.agent_key, "cok_one")
    assert (found.id, found.hash, found.server_name) == (key.id, key.hash, web.name)
    assert await tx(session, api_keys.agent_key, "cok_on") is None


async def test_a_key_is_revoked_once(session: AsyncSession, web: Server) -> None:
    key = await _key(session, web, "one")
    await tx(session, api_keys.touch, key.id, 2.0)
    session.expunge_all()
    assert await api_keys.revoke(session, key.id, now=3.0)
    assert not await api_keys.revoke(session, key.id, now=4.0)
    assert not await api_keys.revoke(session, new_id(), now=4.0)
    found = await api_keys.get(session, key.id)
    assert found is not None
    assert (found.last_used, found.revoked_at) == (2.0, 3.0)
    assert await tx(session, api_keys.ends, key.id) == (3.0, 9.0)


async def test_keys_of_some_servers(session: AsyncSession, web: Server) -> None:
    other = await servers.create(session, name="db-1", owner_id=None, tags={}, now=1.0)
    for server, name in ((web, "b"), (other, "c"), (web, "a")):
        await _key(session, server, name)
    rows, cursor = await api_keys.list_page(session, limit=2)
    assert [row.name for row in rows] == ["a", "b"]
    rows, _ = await api_keys.list_page(session, limit=2, cursor=cursor)
    assert [row.name for row in rows] == ["c"]
    rows, _ = await api_keys.list_page(session, limit=9, server_ids=[web.id])
    assert [row.name for row in rows] == ["a", "b"]
    assert await api_keys.list_page(session, limit=9, server_ids=[]) == ([], None)


async def test_a_token_and_its_life(session: AsyncSession, ann: User) -> None:
    token = await _token(session, ann, "ci")
    assert await api_tokens.get(session, token.id) is token
    assert await api_tokens.get_by_prefix(session, "cot_ci") is token
    await api_tokens.touch(session, {token.id: 2.0, new_id(): 2.0})
    await session.refresh(token)
    assert await api_tokens.revoke(session, token.id, now=3.0)
    assert not await api_tokens.revoke(session, token.id, now=4.0)
    assert (token.servers, token.last_used, token.revoked_at) == ("tag:env=prod", 2.0, 3.0)


async def test_tokens_of_a_user(session: AsyncSession, ann: User) -> None:
    for name in ("b", "a"):
        await _token(session, ann, name)
    rows, _ = await api_tokens.list_page(session, limit=9, user_id=ann.id)
    assert [row.name for row in rows] == ["a", "b"]
    await api_tokens.revoke(session, rows[0].id, now=2.0)
    rows, _ = await api_tokens.list_page(session, limit=9, user_id=ann.id)
    assert [row.name for row in rows] == ["b"]
    assert await api_tokens.list_page(session, limit=9, user_id=new_id()) == ([], None)


async def test_a_refresh_token_is_used_once(session: AsyncSession, ann: User) -> None:
    token = await _refresh(session, ann, "f", 1)
    assert await refresh_tokens.get_by_hash(session, "f1") is token
    assert await refresh_tokens.get_by_hash(session, "f2") is None
    assert await refresh_tokens.mark_used(session, token.id, now=2.0)
    assert not await refresh_tokens.mark_used(session, token.id, now=3.0)
    assert token.used_at == 2.0


async def test_a_revoked_refresh_token_is_not_used(session: AsyncSession, ann: User) -> None:
    first, second = [await _refresh(session, ann, "f", number) for number in (1, 2)]
    other = await _refresh(session, ann, "g", 1)
    assert await refresh_tokens.revoke_family(session, "f", now=2.0) == 2
    assert await refresh_tokens.revoke_family(session, "f", now=3.0) == 0
    assert not await refresh_tokens.mark_used(session, second.id, now=4.0)
    assert (first.revoked_at, other.revoked_at) == (2.0, None)
    assert await refresh_tokens.revoke_user(session, ann.id, now=5.0) == 1
    assert (first.revoked_at, other.revoked_at) == (2.0, 5.0)


async def test_expired_refresh_tokens_go_in_steps(session: AsyncSession, ann: User) -> None:
    for number in range(5):
        await _refresh(session, ann, "old", number, expires_at=10.0)
    await _refresh(session, ann, "new", 1, expires_at=11.0)
    steps = [await refresh_tokens.delete_expired(session, now=11.0, limit=3) for _ in range(3)]
    assert steps == [3, 2, 0]
    assert await refresh_tokens.get_by_hash(session, "new1") is not None
