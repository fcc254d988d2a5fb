"""The small pure parts: the agenda, the hub's clock, the link, charts, the fleet."""

from __future__ import annotations

from chatops.agent import process_list
from chatops.cli.top import run
from chatops.cli.top.agenda import EVERY, FILL, Agenda, Job
from chatops.cli.top.charts import bar, beside, chart
from chatops.cli.top.columns import Moment
from chatops.cli.top.fleet import Fleet, Row
from chatops.cli.top.hub_clock import HubClock
from chatops.cli.top.link import Link, Trouble
from chatops.cli.top.panels import overview
from chatops.cli.top.spans import Spans
from chatops.cli.top.state import State
from chatops.errors import HubUnreachable, InternalError
from chatops.protocol.client_messages import Values
from chatops.protocol.limits import PROCESSES_WITHIN
from chatops.protocol.rest import ServerHistoryRow
from docs.gen.top_scene import NOW, scene, server, values


def text(spans: Spans) -> str:
    return "".join(piece for piece, _ in spans)


def begun() -> Agenda:
    """One whose lists were asked for at 0."""
    agenda = Agenda()
    assert {agenda.next(0.0), agenda.next(0.0)} == {Job("alerts"), Job("servers")}
    return agenda


def test_the_agenda_asks_for_the_lists_again_and_again() -> None:
    agenda = begun()
    assert agenda.next(1.0) == EVERY["servers"] - 1.0
    agenda.hurry("servers", 2.0)
    assert agenda.next(2.0) == Job("servers")
    for at in (4.0, 3.0, 5.0):  # many changes are one question
        agenda.hurry("alerts", at)
    assert agenda.next(2.5) == 0.5
    assert agenda.next(3.0) == Job("alerts")
    agenda.once(Job("ack", ("a1",)))
    assert agenda.next(3.0) == Job("ack", ("a1",)), "what the user does comes first"


def test_the_agenda_asks_all_about_the_server_that_is_open() -> None:
    agenda = begun()
    agenda.open("s1", 1.0)
    asked = [agenda.next(1.0) for _ in range(3)]
    assert {job.kind for job in asked if isinstance(job, Job)} == {"info", "sample", "history"}
    assert {job.about for job in asked if isinstance(job, Job)} == {("s1",)}
    assert agenda.next(1.0) == EVERY["sample"]
    agenda.look("processes", 1.0)
    agenda.look("processes", 1.5)
    assert agenda.next(1.5) == Job("processes", ("s1",))
    agenda.look("overview", 1.5)
    assert agenda.next(1.5) == EVERY["sample"] - 0.5
    agenda.open(None, 2.0)
    assert agenda.next(2.0) == EVERY["servers"] - 2.0


def test_a_server_opened_while_the_hub_is_away_has_what_was_known() -> None:
    state = scene(1)
    (server_id,) = state.fleet.rows
    state.open(server_id)
    assert state.detail is not None
    assert state.detail.history["cpu"]
    first = overview(state.detail, 80, Moment(NOW, live=False))[0]
    assert first[0] == ("online when last heard", "dim")
    assert overview(state.detail, 80, Moment(NOW))[0][0] == ("online", "good")


def test_the_past_is_asked_for_a_few_servers_at_a_time() -> None:
    agenda = begun()
    agenda.fill(map(str, range(FILL + 1)))
    assert agenda.next(1.0) == Job("fill", tuple(map(str, range(FILL))))
    assert agenda.next(1.0) == Job("fill", (str(FILL),))


def test_time_is_the_hubs_however_wrong_this_machines_clock_is() -> None:
    passed = [100.0]
    clock = HubClock(lambda: 7.0, lambda: passed[0])
    assert (clock.known, clock.now()) == (False, 7.0)
    clock.told(5000.0)
    passed[0] += 3.0
    assert (clock.known, clock.now()) == (True, 5003.0)
    clock.told(None)  # an older hub does not say
    assert clock.now() == 7.0


def test_the_first_trouble_of_both_ways_is_told_and_the_next_try() -> None:
    link = Link()
    assert link.words(0.0) is None
    link.down("live", Trouble(InternalError("odd"), 0.0, 9.0, 1))
    assert link.words(1.0) == "the hub refuses for 1 s, next try in 8 s (r: now): odd"
    link.down("list", Trouble(HubUnreachable("no\x1b"), 0.0, 9.5, 1))
    assert link.words(9.0) == "the hub is gone for 9 s, trying now: no\\x1b"
    link.up("list")
    link.up("live")
    assert link.works


def test_a_chart_is_as_high_as_its_values_and_gaps_stay_blank() -> None:
    lines = chart("cpu", [0.0, 50.0, 100.0, None], unit="%", height=2, latest=100.0)
    assert text(lines[0]) == "cpu    100%"
    assert [text(one) for one in lines[1:]] == ["  100%   █ ", "     0 ▁██ "]
    drawn = chart("x", [None], unit="", height=1, blocks=False)
    assert all(text(one).isascii() for one in drawn)


def test_bars_and_charts_beside_each_other() -> None:
    assert text(bar(50.0, 4)) == "██░░"
    assert text(bar(None, 4)) == "    "
    assert text(bar(1e9, 4, blocks=False)) == "####"
    both = beside([[[("a", "")]], [[("b", "")], [("c", "")]]], [3, 2])
    assert [text(one) for one in both] == ["a  b ", "   c "]


def test_servers_come_go_and_change_and_keep_what_is_known() -> None:
    fleet = Fleet()
    fleet.list([server(0), server(1)])
    fleet.take(values(0, NOW))
    fleet.list([server(0, name="other"), server(2)])
    assert [row.name for row in fleet.rows.values()] == ["other", "cache-1"]
    assert fleet.rows["id-0000"].ts == NOW
    fleet.take(values(1, NOW))  # it is gone
    assert set(fleet.rows) == {"id-0000", "id-0002"}


def test_a_late_sample_is_history_and_a_nonsensical_one_is_nothing() -> None:
    row = Row(server(0))
    fleet = Fleet()
    fleet.rows[row.server.id] = row
    for ts, cpu in (("2026-01-02T10:00:00.000Z", 5.0), ("2026-01-02T09:59:00.000Z", 9.0)):
        fleet.take(Values("id-0000", "web-1", ts, {"cpu": cpu}))
    fleet.take(Values("id-0000", "web-1", "yesterday", {"cpu": 1.0}))
    assert row.value("cpu") == 5.0
    assert row.ts is not None
    assert row.trails["cpu"].last(row.ts, 3) == [9.0, None, 5.0]


def test_history_goes_to_those_who_are_still_there() -> None:
    fleet = Fleet()
    fleet.list([server(0)])
    rows = [
        ServerHistoryRow(server=name, ts="2026-01-02T10:00:00.000Z", metric=metric, value=4.0,
                         min=4.0, max=4.0)
        for name in ("web-1", "gone") for metric in ("cpu", "load15")
    ]  # fmt: skip
    fleet.fill(rows)
    assert fleet.rows["id-0000"].trails["cpu"].last(1_767_348_000.0, 1) == [4.0]


def test_the_past_is_wanted_once_of_each_server() -> None:
    state: State = scene(2, past=False)
    rows = list(state.fleet.rows.values())
    for row in rows:
        row.filled = False
    state.feed.agenda._due = {"servers": 9.0}
    state.want_past(rows)
    state.want_past(rows)
    assert state.feed.agenda.next(0.0) == Job("fill", ("web-1", "db-1"))
    assert not isinstance(state.feed.agenda.next(0.0), Job)


def test_a_hub_that_waits_for_an_agent_is_not_gone() -> None:
    """The agent gives up first, then the hub, and only then top."""
    assert process_list.LIMIT < PROCESSES_WITHIN < run._TIMEOUT
