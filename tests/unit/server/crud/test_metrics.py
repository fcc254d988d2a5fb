"""Samples."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from chatops.server.crud import metrics
from chatops.server.crud.metrics import NewSample, StoredSample
from chatops.server.db.files import Databases


@pytest.fixture
async def session(databases: Databases) -> AsyncIterator[AsyncSession]:
    async with databases.metrics.write() as session:
        yield session


def _sample(server: str, seq: int, ts: float, *, epoch: str = "e", text: str = "") -> NewSample:
    return NewSample(
        server_id=server, epoch=epoch, seq=seq, ts=ts, received_at=0.0,
        sample=(text or f"{server}{seq}").encode(),
    )  # fmt: skip


async def _all(session: AsyncSession, server: str) -> list[StoredSample]:
    return await _between(session, server, 0.0, 1e12)


async def _between(
    session: AsyncSession, server: str, since: float, until: float
) -> list[StoredSample]:
    walk = metrics.history(session, server, since=since, until=until)
    return [one async for some in walk for one in some]


async def test_a_sample_comes_once_whatever_comes_twice(session: AsyncSession) -> None:
    first = [_sample("a", 1, 1.0), _sample("a", 2, 2.0)]
    assert await metrics.insert_many(session, first) == 2
    again = [_sample("a", 2, 2.0, text="other"), _sample("a", 3, 3.0), _sample("a", 3, 3.0)]
    assert await metrics.insert_many(session, again) == 1
    more = [_sample("a", 1, 4.0, epoch="f"), _sample("b", 1, 4.0)]
    assert await metrics.insert_many(session, more) == 2
    assert await metrics.insert_many(session, []) == 0
    assert [(one.ts, one.sample) for one in await _all(session, "a")] == [
        (1.0, b"a1"), (2.0, b"a2"), (3.0, b"a3"), (4.0, b"a1"),
    ]  # fmt: skip


async def test_the_latest_is_the_one_with_the_latest_time(session: AsyncSession) -> None:
    assert await metrics.latest(session, "a") is None
    assert await metrics.latest_for_all(session) == {}
    await metrics.insert_many(
        session, [_sample("a", 1, 5.0), _sample("a", 2, 3.0), _sample("b", 1, 9.0)]
    )
    assert await metrics.latest(session, "a") == (5.0, b"a1")
    assert await metrics.latest_for_all(session) == {"a": (5.0, b"a1"), "b": (9.0, b"b1")}


async def test_history_is_in_order_and_whole(session: AsyncSession) -> None:
    await metrics.insert_many(
        session, [_sample("a", n, float(1200 - n)) for n in range(1200)] + [_sample("b", 1, 5.0)]
    )
    whole = await _all(session, "a")
    assert [one.ts for one in whole] == [float(n) for n in range(1, 1201)]
    part = await _between(session, "a", 10.0, 20.0)
    assert [one.ts for one in part] == [float(n) for n in range(10, 20)]


async def test_a_walk_that_is_left_early_leaves_the_session_usable(
    session: AsyncSession,
) -> None:
    await metrics.insert_many(session, [_sample("a", n, float(n)) for n in range(2000)])
    walk = metrics.history(session, "a", since=0.0, until=1e9)
    first = await anext(walk)
    assert first[0].ts == 0.0
    assert len(first) < 2000
    await walk.aclose()
    assert (await metrics.latest(session, "a") or (0.0,))[0] == 1999.0


async def test_old_samples_go_in_steps(session: AsyncSession) -> None:
    await metrics.insert_many(session, [_sample("a", n, float(n)) for n in range(10)])
    steps = [await metrics.delete_before(session, before=7.0, limit=5) for _ in range(3)]
    assert steps == [5, 2, 0]
    assert [one.ts for one in await _all(session, "a")] == [7.0, 8.0, 9.0]


async def test_a_removed_servers_samples_go_in_steps(session: AsyncSession) -> None:
    await metrics.insert_many(session, [_sample("a", n, float(n)) for n in range(4)])
    await metrics.insert_many(session, [_sample("b", 1, 1.0)])
    steps = [await metrics.delete_for_server(session, "a", limit=3) for _ in range(3)]
    assert steps == [3, 1, 0]
    assert set(await metrics.latest_for_all(session)) == {"b"}
