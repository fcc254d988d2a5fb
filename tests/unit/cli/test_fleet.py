"""What the live table knows of each server, and how old it is."""

from __future__ import annotations

import msgspec

from chatops.cli.fleet import STALE_AFTER, TABLE, Fleet
from chatops.protocol.client_messages import Values
from chatops.protocol.rest import Server
from chatops.units import format_time, parse_time
from tests.support.samples import HOSTILE, server

NOW = parse_time("2026-01-01T01:00:00Z")


def servers(*items: dict[str, object]) -> list[Server]:
    return msgspec.convert(list(items), list[Server])


def measured(ts: float, name: str = "web-1") -> Values:
    return Values("id", name, format_time(ts), {"cpu": 12.5, "load1": 0.5, "net.tx": 2000.0})


def table(fleet: Fleet, now: float, room: int = 20) -> list[list[str]]:
    shown, _ = fleet.shown(room, now)
    return [[cell.text for cell in TABLE.row(one)] for one in shown]  # type: ignore[arg-type]


def test_it_begins_with_what_the_hub_knows_and_says_how_old_that_is() -> None:
    seen = format_time(NOW - 7200)
    fleet = Fleet(servers(server("web-1", status="offline", last_seen=seen), server(
        "db-1", status="never", cpu_percent=None, memory_percent=None)))  # fmt: skip
    assert table(fleet, NOW) == [
        ["db-1", "never", "-", "-", "-", "-", "-", "-", "-"],
        ["web-1", "offline", "2h", "1.2%", "50.0%", "-", "-", "-", "-"],
    ]


def test_without_samples_one_that_is_online_is_stale() -> None:
    fleet = Fleet(servers(server("web-1")))
    for ts in (0.0, 5.0, 10.0):
        fleet.put(measured(NOW + ts), NOW + ts)
    assert table(fleet, NOW + 10 + STALE_AFTER)[0][1:3] == ["online", "15s"]
    assert table(fleet, NOW + 11 + STALE_AFTER)[0][1:3] == ["stale", "16s"]
    fleet.learn(servers(server("web-1", status="offline"), server("other")))
    assert table(fleet, NOW + 60)[1][1] == "offline"
    assert len(fleet) == 2, "who is new comes"


def test_a_slow_agent_is_given_its_time() -> None:
    fleet = Fleet(servers(server("web-1")))
    for ts in (0.0, 60.0):
        fleet.put(measured(NOW + ts), NOW + ts)
    assert table(fleet, NOW + 60 + 179)[0][1] == "online"
    assert table(fleet, NOW + 60 + 181)[0][1] == "stale"


def test_a_clock_here_that_is_ahead_makes_nothing_old() -> None:
    fleet, ahead = Fleet(servers(server("web-1"))), 300.0
    for ts in (0.0, 5.0):
        fleet.put(measured(NOW + ts), NOW + ts + ahead)
    assert table(fleet, NOW + 6 + ahead)[0][1:3] == ["online", "1s"]


def test_rows_that_do_not_fit_are_counted() -> None:
    items = [
        server(f"s{n:03d}", status="offline" if n % 100 == 99 else "online") for n in range(500)
    ]
    fleet = Fleet(servers(*items))
    shown, others = fleet.shown(22, NOW)
    assert [one.row.name for one in shown] == [f"s{n:03d}" for n in range(22)]
    assert others == "and 478 more: 5 offline, 473 online"
    assert fleet.shown(500, NOW)[1] == ""
    assert fleet.shown(-1, NOW)[0] == []


def test_values_are_put_in_the_columns_and_what_was_not_measured_is_none() -> None:
    fleet = Fleet(servers(server("web-1", status="offline")))
    fleet.put(measured(NOW), NOW)
    assert table(fleet, NOW)[0] == [
        "web-1", "online", "0s", "12.5%", "-", "-", "0.5", "-", "1.95 KiB/s"
    ]  # fmt: skip


def test_a_server_that_is_removed_goes() -> None:
    fleet = Fleet(servers(server("web-1")))
    fleet.learn([])
    fleet.put(measured(NOW), NOW)
    assert len(fleet) == 0


def test_a_new_name_takes_the_place_of_the_old_one() -> None:
    fleet = Fleet(servers(server("web-1")))
    fleet.learn(servers(server("web-9")))
    fleet.put(measured(NOW, "web-9"), NOW)
    assert [row[:2] for row in table(fleet, NOW)] == [["web-9", "online"]]


def test_hostile_names_are_only_text() -> None:
    fleet = Fleet(servers(server(HOSTILE)))
    assert not set("\x1b\n\u202e") & set(table(fleet, NOW)[0][0])
