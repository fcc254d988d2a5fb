"""Users."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from chatops.ids import is_id, new_id
from chatops.server.crud import api_keys, api_tokens, refresh_tokens, users
from chatops.server.db.models import ApiKey, ApiToken, Command, RefreshToken, Server, User
from tests.support.commands import add_command


async def test_a_user_is_found_by_id_and_name(session: AsyncSession, ann: User) -> None:
    assert is_id(ann.id)
    assert (ann.disabled, ann.generation, ann.last_login) == (False, 0, None)
    assert await users.get(session, ann.id) is ann
    assert await users.get_by_name(session, "ann") is ann
    assert await users.get_by_name_or_id(session, "ann") is ann
    assert await users.get_by_name_or_id(session, ann.id) is ann


async def test_nobody_is_none(session: AsyncSession, ann: User) -> None:
    assert await users.get(session, new_id()) is None
    assert await users.get_by_name(session, "ANN") is None
    assert await users.get_by_name_or_id(session, new_id()) is None
    assert await users.get_by_name_or_id(session, "ann ") is None


async def test_only_the_given_fields_change(session: AsyncSession, ann: User) -> None:
    assert await users.update(session, ann.id, role="viewer", last_login=5.0)
    assert (ann.role, ann.last_login, ann.password_hash) == ("viewer", 5.0, "h")
    assert not await users.update(session, new_id(), disabled=True)


async def test_ending_sessions_raises_the_generation(session: AsyncSession, ann: User) -> None:
    await users.end_sessions(session, ann.id)
    await users.end_sessions(session, ann.id)
    await session.refresh(ann)
    assert ann.generation == 2


async def test_count_by_role_and_state(session: AsyncSession, ann: User) -> None:
    await users.create(session, name="bob", password_hash="h", role="viewer", now=1.0)
    await users.update(session, ann.id, disabled=True)
    assert await users.count(session) == 2
    assert await users.count(session, role="admin") == 1
    assert await users.count(session, role="admin", enabled=True) == 0
    assert await users.count(session, enabled=True) == 1


async def test_names_of_those_that_exist(session: AsyncSession, ann: User) -> None:
    assert await users.names(session, [ann.id, new_id()]) == {ann.id: "ann"}
    assert await users.names(session, []) == {}


async def test_deleting_takes_credentials_and_leaves_servers_and_history(
    session: AsyncSession, ann: User, web: Server
) -> None:
    key = await api_keys.create(
        session, server_id=web.id, created_by=ann.id, name="k", prefix="p", key_hash="h", now=1.0
    )
    token = await api_tokens.create(
        session, user_id=ann.id, name="t", prefix="p", token_hash="h", role="viewer", now=1.0
    )
    refresh = await refresh_tokens.create(
        session, family="f", user_id=ann.id, token_hash="h", expires_at=9.0, now=1.0
    )
    command = await add_command(session, web.id, user_id=ann.id, user_name="ann")
    ids = (web.id, key.id, command.id, token.id, refresh.id)
    assert await users.delete(session, ann.id)
    session.expunge_all()
    server, kept, past = (
        await session.get(Server, ids[0]),
        await session.get(ApiKey, ids[1]),
        await session.get(Command, ids[2]),
    )
    assert server is not None
    assert server.owner_id is None
    assert kept is not None
    assert kept.created_by is None
    assert past is not None
    assert (past.user_id, past.user_name) == (None, "ann")
    assert await session.get(ApiToken, ids[3]) is None
    assert await session.get(RefreshToken, ids[4]) is None
    assert not await users.delete(session, ann.id)


async def test_a_representation_holds_no_hash(session: AsyncSession) -> None:
    user = await users.create(
        session, name="bob", password_hash="$argon2id$x", role="viewer", now=1.0
    )
    assert "argon2" not in repr(user)
