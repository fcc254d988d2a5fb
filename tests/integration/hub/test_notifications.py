"""Delivery: what happens to alerts reaches real receivers, whatever these do, once and in order."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from chatops.clock import FakeClock
from chatops.protocol.limits import MAX_MESSAGE_ALERTS
from chatops.server.crud import notifications, told_alerts
from chatops.server.db.models import Alert, AlertServer
from chatops.server.services.alerting.outbox import AlertChange
from chatops.server.services.notify.heartbeat import Heartbeat
from chatops.server.services.notify.schedule import Pace
from tests.support.changes import change, resolved
from tests.support.hub import TestHub, running_hub
from tests.support.ports import free_port
from tests.support.receivers import Receiver, receiving
from tests.support.waiting import until_async

FAST = Pace(gather=0.2, first=0.02, cap=0.1, slow_cap=1.0)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[TestHub]:
    async with running_hub(tmp_path / "hub") as running:
        running.services.notifications.outbox.pace = FAST
        yield running


async def add(hub: TestHub, url: str, name: str = "ops", **fields: Any) -> Any:
    return await hub.ok("POST", "/channels", {"name": name, "url": url, **fields})


async def happen(hub: TestHub, *changes: AlertChange) -> None:
    """What AlertService does when an alert changes."""
    notifications = hub.services.notifications
    await hub.hub.databases.chatops.transact(lambda tx: notifications.note(tx, changes))
    notifications.wake()


async def log(hub: TestHub, name: str = "ops") -> list[Any]:
    """The attempts, the newest first."""
    return list((await hub.ok("GET", f"/channels/{name}/log"))["items"])


async def delivered(hub: TestHub, name: str = "ops") -> bool:
    return bool((await hub.ok("GET", f"/channels/{name}"))["waiting"] == 0)


async def test_a_firing_and_its_end_are_told_signed_and_what_comes_close_together(
    hub: TestHub, receiver: Receiver
) -> None:
    made = await add(hub, receiver.url, secret="s3cret of the hook", severity="warning")
    assert "token-of-the-path" not in str(made)
    first, second, third = change(), change(), change(severity="info")
    await happen(hub, first)
    await until_async(lambda: receiver.bodies("firing"), what="the first message")
    await happen(hub, second, third)
    await happen(hub, change())
    await until_async(lambda: len(receiver.bodies("firing")) == 2, what="the second message")
    one, two = receiver.bodies("firing")
    assert [alert["id"] for alert in one["alerts"]] == [first.alert.id]
    assert len(two["alerts"]) == 2
    assert third.alert.id not in str(receiver.bodies())
    await happen(hub, resolved(first), resolved(third))
    await until_async(lambda: receiver.bodies("resolved"), what="the end")
    assert [alert["id"] for alert in receiver.bodies("resolved")[0]["alerts"]] == [first.alert.id]
    stored = b"".join(path.read_bytes() for path in hub.services.settings.folder.glob("*.db*"))
    assert first.alert.id.encode() in stored
    assert b"token-of-the-path" not in stored
    assert b"s3cret of the hook" not in stored
    for got in receiver.got:
        digest = hmac.new(b"s3cret of the hook", got.body, hashlib.sha256).hexdigest()
        assert got.headers["X-ChatOps-Signature"] == f"sha256={digest}"
        assert got.headers["X-ChatOps-Id"] == got.json["id"]
    await until_async(lambda: delivered(hub), what="the record of it")
    assert [one["attempt"] for one in await log(hub)] == [1, 1, 1]
    assert (await hub.ok("GET", "/channels"))["items"][0]["last_result"] == "200 OK: thank you"


@pytest.mark.parametrize(
    ("manner", "answer"),
    [
        ("500", "500 Internal Server Error: out of order: /***/*** \\x1b[31m"),
        ("hang", "no answer within 0.1 s"),
        ("redirect", "302 Found, and redirects are not followed"),
        ("close", "the connection was closed without an answer"),
        ("garbage", "what it answers is no HTTP"),
        ("packed", "503 Service Unavailable"),
    ],
)
async def test_a_receiver_that_does_not_take_it_gets_the_same_message_until_it_does(
    hub: TestHub, receiver: Receiver, manner: Any, answer: str
) -> None:
    hub.services.notifications.senders.timeouts = (0.1, 5.0)
    receiver.manner = manner
    await add(hub, receiver.url)
    one = change()
    await happen(hub, one, resolved(one))
    await until_async(lambda: len(receiver.got) > 2, what="some attempts")
    receiver.manner = "ok"
    await until_async(lambda: delivered(hub), what="the delivery")
    fired = [got for got in receiver.got if got.json["event"] == "firing"]
    assert {got.json["id"] for got in fired} == {receiver.bodies("firing")[0]["id"]}
    assert [body["event"] for body in receiver.bodies()] == ["firing", "resolved"]
    assert "/elsewhere" not in {got.path for got in receiver.got}
    attempts = await log(hub)
    assert len(attempts) == len(receiver.got)
    assert attempts[-1]["answer"] == answer
    assert (attempts[0]["ok"], attempts[-1]["ok"]) == (True, False)


async def test_a_receiver_that_is_down_gets_it_when_it_is_back_and_a_lost_answer_repeats_it(
    hub: TestHub,
) -> None:
    port = free_port()
    await add(hub, f"http://127.0.0.1:{port}/hook")
    await happen(hub, change())
    await until_async(lambda: log(hub), what="an attempt")
    assert (await log(hub))[-1]["answer"] == "cannot connect: connection refused"
    figures = hub.services.notifications.figures()
    assert (figures.waiting, figures.failures > 0, figures.oldest_s > 0) == (1, True, True)

    async def warned() -> bool:
        return "the channel ops has not taken" in str((await hub.ok("GET", "/status"))["warnings"])

    await until_async(warned, what="a warning")
    with receiving(port) as receiver:
        receiver.manner = "lost"
        await until_async(lambda: delivered(hub), what="the delivery")
        first, again = receiver.bodies()
        assert (first["id"], first["alerts"]) == (again["id"], again["alerts"])
    assert not await warned()
    notifications, now = hub.services.notifications, hub.services.clock.now()
    assert await notifications.purge(now - 60.0, 10) == 0
    assert await notifications.purge(now + 60.0, 10) == 1
    assert await log(hub) == []
    await until_async(lambda: hub.services.notifications.figures().waiting == 0, what="none")
    assert hub.services.notifications.figures().oldest_s == 0.0


async def test_one_that_hangs_delays_no_other(hub: TestHub, receiver: Receiver) -> None:
    with receiving() as slow:
        slow.manner = "hang"
        await add(hub, slow.url, "slow")
        await add(hub, receiver.url)
        await happen(hub, change())
        await until_async(lambda: receiver.taken and slow.got, what="both")
        assert not slow.taken
        slow.released.set()


async def test_channels_hear_of_what_they_are_for(hub: TestHub, receiver: Receiver) -> None:
    web = await hub.server("web-1", tags={"env": "prod"})
    await hub.server("db-1")
    facts = change().servers[0].server._replace(id=web["id"])
    await add(hub, receiver.url + "/critical", "critical", severity="critical")
    await add(hub, receiver.url + "/prod", "prod", target="tag:env=prod")
    await add(hub, receiver.url + "/web", "web", target="web-1,!db-1")
    await add(hub, receiver.url + "/any", "any")
    elsewhere = facts._replace(id="x", name="db-1", tags={})
    await happen(hub, change(server=facts), change(server=elsewhere, severity="critical"))
    await happen(hub, change(server=None, severity="critical", metric="offline"))

    def heard(channel: str) -> list[tuple[str | None, str]]:
        bodies = [got.json for got in receiver.taken if got.path.endswith(channel)]
        return sorted(
            (str(one["server"]), one["severity"]) for body in bodies for one in body["alerts"]
        )

    await until_async(lambda: len(heard("")) == 7, what="all")
    assert len(heard("/any")) == 3
    assert heard("/prod") == heard("/web") == [("web-1", "warning")]
    assert heard("/critical") == [("None", "critical"), ("db-1", "critical")]
    assert (await hub.ok("GET", "/channels/web"))["target"] == "web-1,!db-1"


async def test_a_change_that_is_undone_is_told_to_nobody_and_the_same_twice_is_told_once(
    hub: TestHub, receiver: Receiver
) -> None:
    await add(hub, receiver.url)
    notifications, one = hub.services.notifications, change()

    def fail(tx: Any) -> None:
        notifications.note(tx, [change()])
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await hub.hub.databases.chatops.transact(fail)
    await happen(hub, one, one)
    await happen(hub, resolved(one), resolved(one), resolved(change()))
    await until_async(lambda: receiver.bodies("resolved"), what="the end")
    await until_async(lambda: delivered(hub), what="the record of it")
    ids = [alert["id"] for body in receiver.bodies() for alert in body["alerts"]]
    assert ids == [one.alert.id] * 2


async def _alert(hub: TestHub, one: AlertChange, **fields: Any) -> None:
    """The row of an alert, as AlertService keeps it."""
    given = one.alert
    row = Alert(
        id=given.id, threshold_name=given.threshold_name, metric=given.metric, op=given.op,
        threshold=given.threshold, value=97.0, severity=given.severity,
        state="firing", message="now 97 %", started_at=0.0,
    )  # fmt: skip
    async with hub.hub.databases.chatops.write() as session:
        await session.merge(row.model_copy(update=fields))


async def test_who_shall_be_reminded_is_until_somebody_acknowledges(
    hub: TestHub, receiver: Receiver
) -> None:
    await add(hub, receiver.url, remind_s=1)
    hushed = change()
    hub.services.notifications.couriers.may_remind = lambda alert: alert != hushed.alert.id
    await _alert(hub, hushed)
    one, stale, silenced = change(), change(), change()
    await _alert(hub, one)
    await _alert(hub, stale, stale=True)
    await _alert(hub, silenced, silenced=True)
    await happen(hub, one, stale, silenced, hushed)
    await until_async(lambda: len(receiver.bodies("reminder")) == 2, what="reminders")
    for body in receiver.bodies("reminder"):
        (alert,) = body["alerts"]
        assert (alert["id"], alert["value"], alert["message"]) == (one.alert.id, 97.0, "now 97 %")
    await _alert(hub, one, state="acknowledged")
    await _alert(hub, hushed, state="acknowledged")
    await until_async(lambda: delivered(hub), what="the record of it")
    (channel,) = (await hub.ok("GET", "/channels"))["items"]
    look = hub.hub.databases.chatops.look
    assert await look(lambda tx: told_alerts.told_firing(tx, channel["id"], 10)) == []
    assert await look(lambda tx: told_alerts.told_alert(tx, channel["id"], one.alert.id)) is None


async def test_a_storm_that_fires_again_is_told_again_and_reminders_say_who_is_away(
    hub: TestHub, receiver: Receiver
) -> None:
    await add(hub, receiver.url)
    storm = change(server=None, metric="offline", message="5 servers dropped together: a, b")
    again = change(alert_id=storm.alert.id, server=None, fired_at="2026-01-02T04:05:05.000Z")
    last = change(
        alert_id=storm.alert.id,
        server=None,
        fired_at="2026-01-02T05:05:05.000Z",
        threshold_name="offline",
    )
    await happen(hub, storm)
    await until_async(lambda: receiver.bodies("firing"), what="the first message")
    await happen(hub, again, last)
    await until_async(lambda: len(receiver.bodies("firing")) == 2, what="the second message")
    (told,) = receiver.bodies("firing")[1]["alerts"]
    assert told["fired_at"] == last.alert.fired_at
    hub.services.notifications.couriers.may_remind = lambda _: True
    names = {name: (await hub.server(name))["id"] for name in ("web-1", "web-2", "db-1")}
    await _alert(hub, storm, message="not heard for 1m1s")
    async with hub.hub.databases.chatops.write() as session:
        for name, server_id in names.items():
            back = name == "db-1"
            session.add(AlertServer(alert_id=storm.alert.id, server_id=server_id, back=back))
    await add(hub, receiver.url + "/reminded", "reminded", remind_s=1)
    await happen(hub, last)
    await until_async(lambda: receiver.bodies("reminder"), what="a reminder")
    await hub.services.logs.flush()
    for name, server_id in names.items():
        entries = await hub.services.logs.recent(server_id, name, 10)
        assert "offline, firing: told the channel reminded" in str(entries), "none may see others"
    (reminded,) = receiver.bodies("reminder")[0]["alerts"]
    assert reminded["servers"] == ["web-1", "web-2"]
    assert reminded["message"] == "2 servers dropped together: web-1, web-2"
    await happen(hub, resolved(storm))
    await until_async(lambda: len(receiver.bodies("resolved")) == 2, what="the end")


async def test_what_is_given_up_is_said_and_its_end_is_not_told(tmp_path: Path) -> None:
    clock = FakeClock()
    async with running_hub(tmp_path / "hub", clock=clock) as hub:
        notifications = hub.services.notifications
        notifications.outbox.pace = replace(FAST, gather=0.0, give_up=3600.0, enough=1)
        await add(hub, f"http://127.0.0.1:{free_port()}/hook")
        server = await hub.server("web-1")
        one = change()
        await _alert(hub, one, server_id=server["id"])
        await happen(hub, one)
        await until_async(lambda: log(hub), what="an attempt")
        await happen(hub, resolved(one))
        clock.advance(3600.0)
        hub.admin = await hub.login()
        (channel,) = (await hub.ok("GET", "/channels"))["items"]
        notifications.couriers.look_at(channel["id"])
        await until_async(lambda: delivered(hub), what="the end of it")
        assert notifications.couriers.counts.given_up == 1
        assert {attempt["event"] for attempt in await log(hub)} == {"firing"}
        await hub.services.logs.flush()
        entries = await hub.services.logs.recent(server["id"], "web-1", 10)
        assert [(one.level, one.source) for one in entries if one.source == "notifications"] == [
            ("warning", "notifications"), ("error", "notifications"),
        ]  # fmt: skip


async def test_who_heard_of_a_storm_hears_of_its_end_though_its_second_message_was_given_up(
    tmp_path: Path, receiver: Receiver
) -> None:
    clock = FakeClock()
    async with running_hub(tmp_path / "hub", clock=clock) as hub:
        service = hub.services.notifications
        service.outbox.pace = replace(FAST, gather=0.0, give_up=3600.0, enough=1)
        await add(hub, receiver.url)
        storm = change(server=None, metric="offline")
        await _alert(hub, storm)
        await happen(hub, storm)
        await until_async(lambda: delivered(hub), what="the first message")
        receiver.manner = "500"
        again = change(
            alert_id=storm.alert.id, server=None, fired_at="2026-01-02T04:05:05.000Z"
        )  # fmt: skip
        await happen(hub, again)
        await until_async(lambda: _tried(hub, 2), what="an attempt at the second one")
        clock.advance(3601.0)
        hub.admin = await hub.login()
        (channel,) = (await hub.ok("GET", "/channels"))["items"]
        service.couriers.look_at(channel["id"])
        await until_async(lambda: delivered(hub), what="the end of it")
        assert service.couriers.counts.given_up == 1
        receiver.manner = "ok"
        await happen(hub, resolved(storm))
        await until_async(lambda: receiver.bodies("resolved"), what="the storm's end")


async def _tried(hub: TestHub, times: int) -> bool:
    return len(await log(hub)) >= times


async def test_of_what_waits_for_a_dead_channel_only_the_newest_message_is_read_to_add_to_it(
    tmp_path: Path, receiver: Receiver
) -> None:
    receiver.manner, tried, clock = "500", Pace().tried, FakeClock()
    async with running_hub(tmp_path / "hub", clock=clock) as hub:
        hub.services.notifications.outbox.pace = Pace(gather=0.0)
        await add(hub, receiver.url)
        for number in range(tried):
            await happen(hub, change())
            await until_async(lambda: _tried(hub, number + 1), what="an attempt")  # noqa: B023
        for _ in range(5):
            clock.advance(0.01)  # ids are in order of time
            await happen(hub, *(change() for _ in range(MAX_MESSAGE_ALERTS // 2)))
        (channel,) = (await hub.ok("GET", "/channels"))["items"]
        look = hub.hub.databases.chatops.look
        newest = await look(lambda tx: notifications.newest_open(tx, channel["id"], "firing"))
        assert len(newest) == MAX_MESSAGE_ALERTS // 2
        waits = await look(lambda tx: notifications.waiting(tx, channel["id"]))
        sizes = sorted(Counter(row.id for row in waits).values())
        assert sizes == [*[1] * tried, len(newest), MAX_MESSAGE_ALERTS, MAX_MESSAGE_ALERTS]


async def test_a_hub_that_stops_waits_for_the_answer_to_what_it_is_sending(
    tmp_path: Path, receiver: Receiver
) -> None:
    receiver.manner = "slow"
    async with running_hub(tmp_path / "hub") as hub:
        await add(hub, receiver.url)
        await happen(hub, change())
        await until_async(lambda: receiver.got, what="an attempt")
        asyncio.get_running_loop().call_later(0.3, receiver.released.set)
    async with running_hub(tmp_path / "hub") as hub:
        assert [(one["attempt"], one["ok"]) for one in await log(hub)] == [(1, True)]
        assert len(receiver.got) == 1


async def test_private_addresses_can_be_forbidden(hub: TestHub, receiver: Receiver) -> None:
    await hub.ok("PUT", "/settings/private_receivers", {"value": "forbidden"})
    port = receiver.port
    webhooks = {
        "name": f"http://localhost:{port}/x", "v4": receiver.url,
        "mapped": f"http://[::ffff:127.0.0.1]:{port}/x", "zero": f"http://0.0.0.0:{port}/x",
    }  # fmt: skip
    for name, url in {**webhooks, "apprise": f"json://localhost:{port}/x"}.items():
        await add(hub, url, name, insecure=True)
        sent = await hub.ok("POST", f"/channels/{name}/test")
        assert not sent["ok"]
        assert "is a private address" in sent["answer"], (name, sent)
    for number, url in enumerate((f"http://127.1:{port}/x", f"http://2130706433:{port}/x")):
        await add(hub, url, f"odd-{number}", insecure=True)
        assert not (await hub.ok("POST", f"/channels/odd-{number}/test"))["ok"]
    assert receiver.got == []
    await hub.ok("DELETE", "/settings/private_receivers")
    assert (await hub.ok("POST", "/channels/v4/test"))["ok"]


async def test_a_name_that_stands_for_loopback_no_more_is_not_called_in_the_clear(
    hub: TestHub, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add(hub, f"http://localhost:{receiver.port}/x")

    async def elsewhere(*_: Any, **__: Any) -> list[Any]:
        return [(2, 1, 6, "", ("192.0.2.1", receiver.port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", elsewhere, raising=False)
    sent = await hub.ok("POST", "/channels/ops/test")
    assert sent["answer"] == "192.0.2.1 is not this machine, and http is only for that"


async def test_nonsense_is_refused_with_the_reason(hub: TestHub) -> None:
    for fields, words in (
        ({"url": "foo://s3cret"}, "foo:// is none of its schemes"),
        ({"url": "slack://s3cret"}, "Apprise cannot use that URL"),
        ({"url": "s3cret"}, "no URL of a channel"),
        ({"url": "http://example.org/s3cret"}, "is not this machine"),
        ({"url": "https://e.org/s3cret", "severity": "worst"}, "severity"),
        ({"url": "https://e.org/s3cret", "remind_s": 0}, "remind_s"),
        ({"url": "https://e.org/s3cret", "target": ",,"}, "target"),
        ({"url": "https://e.org/s3cret", "name": "a b"}, "cannot be a name"),
        ({"url": "ntfy://s3cret", "secret": "x"}, "a secret is for a webhook"),
    ):
        answer = await hub.call("POST", "/channels", {"name": "x", **fields})
        assert answer.status == 422, answer.body
        assert words in answer.body["error"]["message"], answer.body
        assert "s3cret" not in str(answer.body)
    await add(hub, "https://e.org/s3cret", "taken")
    again = {"name": "taken", "url": "https://e.org"}
    assert (await hub.call("POST", "/channels", again)).status == 409
    missing = {"name": "x", "url": "https://e.org", "target": "nobody"}
    assert (await hub.call("POST", "/channels", missing)).status == 404
    await hub.ok("DELETE", "/channels/taken")
    assert (await hub.call("GET", "/channels/taken")).status == 404


async def test_a_heart_beats_while_all_databases_can_be_written(
    tmp_path: Path, receiver: Receiver
) -> None:
    url = receiver.url
    async with running_hub(tmp_path / "hub", heartbeat_url=url, heartbeat_every=1.0) as hub:
        await until_async(lambda: len(receiver.got) > 1, what="beats")
        assert receiver.got[0].method == "GET"
        databases = hub.hub.databases
        heart = Heartbeat([databases.chatops, databases.logs], hub.services.live)
        await heart.once()
        assert heart.trouble is None
        async with databases.logs.write() as session:
            await session.execute(text("PRAGMA query_only = ON"))
        await heart.once()
        assert "not well" in str(heart.trouble)
        async with databases.logs.read() as session:
            await session.execute(text("PRAGMA query_only = ON"))
    receiver.manner = "500"
    broken = Heartbeat([], hub.services.live)
    await broken.once()
    assert str(broken.trouble) == "the monitor answers 500"
    receiver.manner = "redirect"
    await broken.once()
    assert str(broken.trouble) == "the monitor answers 302"


async def test_a_hub_whose_secrets_changed_says_so(hub: TestHub, receiver: Receiver) -> None:
    await add(hub, receiver.url)
    async with hub.hub.databases.chatops.write() as session:
        await session.execute(text("UPDATE channels SET sealed = x'00'"))
    sent = await hub.ok("POST", "/channels/ops/test")
    assert "cannot be decrypted" in sent["answer"]
