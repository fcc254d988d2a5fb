"""Alerts in ``chatops top``: what is known of them, and every key of their screens."""

from __future__ import annotations

import time
from typing import Any

from msgspec import structs

from chatops.cli.top.agenda import Job
from chatops.cli.top.alarms import Alarms, Tally, by_server, tally
from chatops.cli.top.alert_lines import detail, head, line
from chatops.cli.top.columns import Moment
from chatops.cli.top.link import Trouble
from chatops.cli.top.news import Alerted, Told
from chatops.cli.top.spans import Spans, width_of
from chatops.errors import HubUnreachable
from chatops.protocol.rest import Alert
from docs.gen.top_scene import NOW, alert, alert_detail, alerts, scene, server
from tests.support.samples import HOSTILE
from tests.unit.cli.top.test_app import Stage, stage

NAMES = {server(number).name for number in range(24)}


def text(spans: Spans) -> str:
    return "".join(piece for piece, _ in spans)


def changed(shown: Alert, **fields: Any) -> Alert:
    return structs.replace(shown, **fields)


def together(*names: str) -> Alert:
    """One alert of several servers that dropped together."""
    made = alert("all", 0, "offline", None, 90.0, 60.0, "offline", "critical")
    return changed(made, server=None, servers=list(names))


def asked(one: Stage) -> list[Job]:
    """What the user wanted since the last time."""
    once = one.state.feed.agenda._once
    found = list(once)
    once.clear()
    return found


def answered(one: Stage, kind: Any, about: str, answer: object, note: str | None = None) -> None:
    one.state.feed.news.append(Told(about, kind, answer, note))


def test_changes_go_on_where_the_list_ended() -> None:
    alarms = Alarms()
    first, second, third = alerts(24)
    alarms.put([second])
    alarms.change(first)
    alarms.change(third)
    assert alarms.of(NAMES) == [first, third, second], "the worst first, then the newest"
    assert alarms.of({"web-3"}) == [second]
    alarms.change(changed(first, state="acknowledged", acked_by="ada"))
    assert [one.id for one in alarms.of(NAMES)] == ["a3", "a1", "a2"], "what fires comes first"
    frozen = alarms.copy()
    alarms.change(changed(first, state="resolved"))
    alarms.change(changed(second, state="resolved"))
    assert alarms.of(NAMES) == [third]
    assert len(frozen.of(NAMES)) == 3


def test_what_is_of_several_servers_is_known_from_the_list_alone() -> None:
    alarms = Alarms()
    alarms.put([together("web-1", "db-1")])
    alarms.change(together("web-1"))  # a part, for who watches only that one
    (whole,) = alarms.of({"db-1"})
    assert whole.servers == ["web-1", "db-1"]
    assert by_server([whole]) == dict.fromkeys(("web-1", "db-1"), Tally(1, 1, 1))
    assert tally([]) == Tally(0, 0, 0)


def test_a_line_says_all_in_words_and_fits() -> None:
    shown = changed(alerts(24)[1], stale=True, silenced=True)
    for width in (79, 120, 200):
        assert width_of(head(width)) == width_of(line(shown, width, Moment(NOW))) == width
    words = text(line(shown, 120, Moment(NOW))).rstrip()
    assert words.endswith(" acked: grace, stale, silenced")
    assert text(line(together("a", "b"), 79, Moment(NOW))).startswith("! critical 2 servers ")


def test_nothing_of_a_long_message_is_lost() -> None:
    shown = changed(alerts(24)[0], message="begin " + "日本語" * 60 + " end")
    lines = detail(shown, None, 60, None)
    assert max(map(width_of, lines)) <= 60
    assert shown.message in "".join(text(one[1:]) for one in lines)


async def test_servers_with_critical_alerts_have_a_sign() -> None:
    async with stage() as one:
        marked = {row.split()[1] for row in one.lines[2:-1] if "!" in row}
        assert marked == {"queue-1", "cache-4"}
        one.state.feed.changed.append(changed(alerts(24)[0], state="resolved"))
        assert "2 alerts, 1 firing, 1 critical!" in await one.paint()
        await one.press(*"sssssss")
        assert one.state.order.sort == "alerts"
        await one.press("home")
        assert one.names[:2] == ["cache-4", "web-3"], "critical ones first"


async def test_shift_a_shows_all_alerts_and_escape_goes_back() -> None:
    async with stage() as one:
        await one.press("A")
        assert [row.split()[-1] for row in one.lines[2:5]] == ["firing", "firing", "grace"]
        assert "a Acknowledge Enter Details Esc Back" in one.lines[-1]
        one.state.feed.news.append(Alerted([]))
        assert "no alert is open" in await one.paint()
        await one.press("a", "enter")  # there is nothing to do anything about
        assert asked(one) == []
        await one.press("escape")
        assert one.names


async def test_alerts_of_other_servers_than_those_watched_are_not_shown() -> None:
    async with stage(scene(4)) as one:
        one.state.feed.news.append(Alerted([*alerts(24), together("web-1", "elsewhere")]))
        await one.paint()
        shown = await one.press("A")
    assert "queue-1" in shown
    assert "2 servers" in shown
    assert "web-3" not in shown


async def test_a_acknowledges_the_alert_under_the_cursor_wherever_it_moves() -> None:
    async with stage() as one:
        await one.press("A", "down", "up", "down")
        newer = alert("a0", 5, "cpu", None, 99.0, 90.0, "hot", "critical", fired_at="2026-01-02")
        one.state.feed.changed.append(changed(newer, fired_at="2026-01-02T10:29:59.000Z"))
        await one.paint()
        assert "acknowledging offline" in await one.press("a")
        assert asked(one) == [Job("ack", ("a3",))]
        done = changed(alerts(24)[2], state="acknowledged", acked_by="ada")
        answered(one, "ack", "a3", done)
        shown = await one.paint()
        assert "acknowledged offline" in shown
        assert "acked: ada" in shown
        assert "acknowledged offline" not in await one.press("k")


async def test_a_refusal_is_shown_in_words() -> None:
    async with stage() as one:
        await one.press("A", "a")
        answered(one, "ack", "a1", None, "this needs an operator, and you are a viewer\x1b")
        shown = await one.paint()
        assert "not acknowledged: this needs an operator, and you are a viewer\\x1b" in shown
        now = time.monotonic()
        one.state.feed.link.down("list", Trouble(HubUnreachable("away"), now, now + 9, 1))
        asked(one)
        assert "not acknowledged: the hub is gone" in await one.press("a")
        assert asked(one) == [], "and it is not done later"


async def test_enter_shows_an_alert_with_its_evidence() -> None:
    async with stage(size=(80, 40)) as one:
        assert "waiting for the hub" in await one.press("A", "enter")
        assert asked(one) == [Job("alert", ("a1",))]
        first = alerts(24)[0]
        answered(one, "alert", "a1", alert_detail(first))
        shown = await one.paint()
        for words in ("disk-full: disk is 96.8, above 90", "96.8%  (rule: > 90.0%)",
                      "postgres: 16/main", "pg_wal", "archive command failed"):  # fmt: skip
            assert words in shown
        await one.press("a")
        answered(one, "ack", "a1", changed(first, state="acknowledged", acked_by="ada"))
        assert "acknowledged disk-full" in await one.paint()
        one.state.feed.changed.append(changed(first, state="resolved", resolved_reason="cleared"))
        await one.paint()
        assert asked(one) == [Job("ack", ("a1",)), *[Job("alert", ("a1",))] * 2]
        answered(one, "alert", "a1", None, "there is no alert 'a1'")
        assert "there is no alert 'a1'" in await one.paint()
        await one.press("escape")
        assert one.state.sight.shown is None
        assert one.lines[1].split()[:3] == ["SEVERITY", "SERVER", "METRIC"]


async def test_the_panel_of_a_server_has_its_alerts_with_the_same_keys() -> None:
    async with stage() as one:
        one.app.open_server("id-0010")
        shown = await one.press("7")
        assert "cpu" in one.lines[2]
        assert "queue-1" not in shown
        await one.press("a")
        assert asked(one) == [Job("ack", ("a2",))]
        assert "the nightly build" in await one.press("enter")
        await one.press("escape", "escape")
        assert one.names, "back at the table"


async def test_a_second_click_on_a_servers_alerts_shows_them() -> None:
    async with stage() as one:
        place = (one.lines[1].index("AL") + 1, one.names.index("queue-1"))
        await one.pilot.click("#servers", offset=place)
        await one.pilot.click("#servers", offset=place)
        shown = await one.press()
        assert one.lines[0].startswith("queue-1 ")
        assert "disk:/var/lib" in shown
        await one.pilot.click("#alerts", offset=(5, 0))
        await one.press()
        assert one.state.sight.shown is not None


async def test_any_size_will_do_for_alerts() -> None:
    async with stage() as one:
        for size in ((1, 1), (10, 4), (500, 3)):
            await one.pilot.resize_terminal(*size)
            await one.press("A", "down", "enter", "a", "escape", "escape")
        assert one.state.sight.shown is None


async def test_hostile_words_of_alerts_stay_text() -> None:
    evil = HOSTILE + "x" * 3000
    bad = alert("a9", 0, "custom.x", evil, 1.0, 0.0, evil, "critical", message=evil,
                acked_by=evil, comment=evil)  # fmt: skip
    evidence = {"taken_at": evil, "journal": [evil], "mount": {"path": evil},
                "containers": [{"name": evil, "state": evil}],
                "processes": {"by_cpu": [{"pid": evil, "command": evil}]}}  # fmt: skip
    async with stage(size=(120, 40)) as one:
        one.state.feed.news.append(Alerted([changed(bad, server=evil, servers=["web-1", evil])]))
        await one.paint()
        shown = await one.press("A", "a") + await one.press("enter")
        answered(one, "alert", "a9", alert_detail(bad, evidence=evidence))
        shown += await one.paint() + await one.press("end")
        assert not set("\x1b\x9b\u202e\r") & set(shown)
        assert "[bold red]x[/] \\x1b[31m" in shown
        assert {len(row) <= 120 for row in one.lines} == {True}


async def test_paused_alerts_stand_still() -> None:
    async with stage() as one:
        await one.press("A", "p")
        one.state.feed.news.append(Alerted([]))
        shown = await one.paint()
        assert "PAUSED" in shown
        assert "queue-1" in shown
        assert "no alert is open" in await one.press("p")
