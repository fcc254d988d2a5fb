"""Events, audit, alerts, thresholds."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from chatops.ids import new_id
from chatops.server.crud import alerts, audit, events, servers, thresholds
from chatops.server.db.models import Alert, AlertThreshold, AuditLog, Server
from tests.support.transactions import tx

# -- events ---------------------------------------------------------------------------


async def test_events_newest_first_and_filtered(session: AsyncSession, web: Server) -> None:
    for number in range(4):
        await events.add(
            session, server_id=web.id if number % 2 else None, event=f"e{number}",
            now=float(number), address="::1",
        )  # fmt: skip

    async def found(**filters: Any) -> str:
        rows, _ = await events.list_page(session, limit=9, **filters)
        return " ".join(row.event for row in rows)

    assert await found() == "e3 e2 e1 e0"
    assert await found(server_ids=[web.id]) == "e3 e1"
    assert await found(server_ids=[]) == ""
    assert await found(since=1.0, until=3.0) == "e2 e1"


async def test_the_latest_event_of_each_server(session: AsyncSession, web: Server) -> None:
    other = await servers.create(session, name="db-1", owner_id=None, tags={}, now=1.0)
    for server in (web, other, web):
        last = await events.add(session, server_id=server.id, event="connected", now=1.0)
    await events.add(session, server_id=None, event="refused", now=2.0)
    found = await events.latest_by_server(session, [web.id, other.id, new_id()])
    assert set(found) == {web.id, other.id}
    assert found[web.id].id == last.id


async def test_old_events_go_in_steps(session: AsyncSession, web: Server) -> None:
    for number in range(5):
        await events.add(session, server_id=web.id, event="connected", now=float(number))
    steps = [await events.delete_before(session, before=4.0, limit=3) for _ in range(3)]
    assert steps == [3, 1, 0]


# -- audit ----------------------------------------------------------------------------


async def _record(session: AsyncSession, **fields: Any) -> AuditLog:
    given: dict[str, Any] = {
        "ts": 1.0, "user_id": None, "user_name": None, "action": "login", "target": None,
        "outcome": "ok", "address": None, "detail": None, "prev_hash": "", "hash": "h",
    }  # fmt: skip
    before = await tx(session, audit.newest)
    record: Any = {"id": before[0] + 1 if before else 1} | given | fields
    await tx(session, audit.append, record)
    (newest,), _ = await audit.list_page(session, limit=1)
    return newest


async def test_the_last_record(session: AsyncSession) -> None:
    assert await tx(session, audit.newest) is None
    await _record(session, hash="a")
    found = await _record(session, prev_hash="a", hash="b", detail={"k": [1, None]})
    assert await tx(session, audit.newest) == (found.id, "b")
    assert (found.prev_hash, found.hash, found.detail) == ("a", "b", {"k": [1, None]})


async def test_audit_filters(session: AsyncSession) -> None:
    user_id = new_id()
    await _record(session, action="user.create", user_name="ann", user_id=user_id, ts=1.0)
    await _record(session, action="user.delete", user_name="bob", ts=2.0)
    await _record(session, action="us%", user_name="ann", ts=3.0)

    async def found(**filters: Any) -> list[str]:
        rows, _ = await audit.list_page(session, limit=9, **filters)
        return [row.action for row in rows]

    assert await found() == ["us%", "user.delete", "user.create"]
    assert await found(user="ann") == ["us%", "user.create"]
    assert await found(user=user_id) == ["user.create"]
    assert await found(action="user.") == ["user.delete", "user.create"]
    assert await found(action="us%") == ["us%"]
    assert await found(since=2.0, until=3.0) == ["user.delete"]
    assert await found(action="user", user="bob") == ["user.delete"]


async def test_audit_filters_by_target_and_outcome(session: AsyncSession) -> None:
    outcomes = ("ok", "sent", "queued", "succeeded", "denied", "failed")
    for number, outcome in enumerate(outcomes):
        await _record(session, target=f"Web-{number}%", outcome=outcome)
    await _record(session, target=None, outcome="denied")

    async def found(**filters: Any) -> list[str | None]:
        rows, _ = await audit.list_page(session, limit=9, **filters)
        return [row.target for row in rows]

    assert await found(target="web-3") == ["Web-3%"]
    assert await found(target="%") == [f"Web-{number}%" for number in reversed(range(6))]
    assert await found(outcome="denied") == [None, "Web-4%"]
    assert await found(outcome="bad") == [None, "Web-5%", "Web-4%"]
    assert await found(outcome="bad", target="5") == ["Web-5%"]


async def test_whole_records_come_oldest_first(session: AsyncSession) -> None:
    made = [(await _record(session, ts=float(n), detail={"n": n})).id or 0 for n in range(7)]
    rows = await tx(session, lambda tx: audit.after(tx, made[1], limit=3))
    assert [row[0] for row in rows] == made[2:5]
    assert (rows[0][1], rows[0][8], rows[0][10]) == (2.0, '{"n": 2}', "h")


async def test_old_records_go_from_the_old_end_in_steps(session: AsyncSession) -> None:
    assert await tx(session, lambda tx: audit.delete_through(tx, 9, limit=3)) == 0
    made = [(await _record(session, ts=float(n), hash=str(n))).id or 0 for n in range(7)]
    assert await tx(session, audit.oldest) == (made[0], 0.0)
    row = await tx(session, lambda tx: audit.newest_before(tx, 5.0))
    assert row is not None
    assert (row[0], row[10]) == (made[4], "4")
    assert await tx(session, lambda tx: audit.newest_before(tx, 0.0)) is None
    counts = [
        await tx(session, lambda tx: audit.delete_through(tx, made[4], limit=3)) for _ in "abc"
    ]
    assert counts == [3, 2, 0]
    assert await tx(session, audit.oldest) == (made[5], 5.0)


# -- thresholds and alerts ------------------------------------------------------------


async def _rule(session: AsyncSession, name: str, **fields: Any) -> AlertThreshold:
    return await thresholds.create(
        session, created_by=None, now=1.0, name=name, metric="cpu", op="gt", value=90.0, **fields
    )


async def test_a_rule_and_its_defaults(session: AsyncSession) -> None:
    rule = await _rule(session, "hot")
    assert (rule.for_s, rule.severity, rule.target, rule.enabled) == (60.0, "warning", "all", True)
    assert await thresholds.get(session, rule.id) is rule
    assert await thresholds.get_by_name(session, "hot") is rule
    assert await thresholds.update(session, rule.id, value=95.0, enabled=False)
    assert (rule.value, rule.enabled, rule.metric) == (95.0, False, "cpu")
    assert not await thresholds.update(session, new_id(), value=1.0)


async def test_rules_in_order_of_name(session: AsyncSession) -> None:
    for name in ("b", "a"):
        await _rule(session, name)
    rows, cursor = await thresholds.list_page(session, limit=1)
    assert [row.name for row in rows] == ["a"]
    rows, _ = await thresholds.list_page(session, limit=1, cursor=cursor)
    assert [row.name for row in rows] == ["b"]


def _alert(server: Server | None, state: str, rule: AlertThreshold | None = None) -> Alert:
    return Alert(
        id=new_id(), server_id=server.id if server else None,
        threshold_id=rule.id if rule else None, threshold_name="hot", metric="cpu", op="gt",
        threshold=90.0, severity="warning", state=state, started_at=1.0,
    )  # fmt: skip


async def test_a_deleted_rule_leaves_its_alerts(session: AsyncSession, web: Server) -> None:
    rule = await _rule(session, "hot")
    alert = _alert(web, "firing", rule)
    session.add(alert)
    await session.flush()
    assert await thresholds.delete(session, rule.id)
    assert not await thresholds.delete(session, rule.id)
    await session.refresh(alert)
    assert (alert.threshold_id, alert.threshold_name) == (None, "hot")


async def test_counting_alerts(session: AsyncSession, web: Server) -> None:
    other = await servers.create(session, name="db-1", owner_id=None, tags={}, now=1.0)
    for server, state in (
        (web, "firing"), (web, "acknowledged"), (web, "pending"), (web, "resolved"),
        (other, "firing"), (None, "firing"),
    ):  # fmt: skip
        session.add(_alert(server, state))
    await session.flush()
    assert await alerts.open_by_server(session) == {web.id: 2, other.id: 1}
    assert await alerts.open_by_server(session, [other.id, new_id()]) == {other.id: 1}
    assert await alerts.count_by_state(session) == {"firing": 3, "acknowledged": 1, "pending": 1}
    assert await alerts.count_by_state(session, [other.id]) == {"firing": 1}
    assert await alerts.count_by_state(session, []) == {}
