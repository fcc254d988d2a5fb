"""The three databases, open, and the rows that most tests need."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from chatops.server.crud import servers, users
from chatops.server.db.files import Databases
from chatops.server.db.models import Server, User
from tests.support.databases import open_databases


@pytest.fixture
async def databases(tmp_path: Path) -> AsyncIterator[Databases]:
    async with open_databases(tmp_path) as databases:
        yield databases


@pytest.fixture
async def session(databases: Databases) -> AsyncIterator[AsyncSession]:
    """A writing session on chatops.db that ends with the test."""
    async with databases.chatops.write() as session:
        yield session


@pytest.fixture
async def ann(session: AsyncSession) -> User:
    return await users.create(session, name="ann", password_hash="h", role="admin", now=1.0)


@pytest.fixture
async def web(session: AsyncSession, ann: User) -> Server:
    return await servers.create(session, name="web-1", owner_id=ann.id, tags={}, now=2.0)
