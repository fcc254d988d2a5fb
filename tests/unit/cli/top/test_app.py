"""Every key of ``chatops top``, pressed by Textual's pilot; and what is on the screen then."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from msgspec.structs import replace
from textual import events
from textual.pilot import Pilot

from chatops.cli.top import table_panels
from chatops.cli.top.app import TopApp
from chatops.cli.top.link import Trouble
from chatops.cli.top.news import Failed, Listed, Told
from chatops.cli.top.order import Order
from chatops.cli.top.server_screen import ServerScreen
from chatops.cli.top.spans import Spans
from chatops.cli.top.state import State
from chatops.errors import HubUnreachable, NotSignedIn
from chatops.protocol.metrics import Disk, Network
from chatops.protocol.rest import ServerProcess
from docs.gen.pictures import FOLDER, PICTURES, draw
from docs.gen.top_scene import NOW, opened, sample, scene, server, values
from tests.support.samples import HOSTILE
from tests.support.waiting import until_async

_COUNTS = "3 alerts, 2 firing, 2 critical!"


class Stage:
    """The program with its pilot, and what its user sees."""

    def __init__(self, app: TopApp, pilot: Pilot[int], state: State) -> None:
        self.app = app
        self.pilot = pilot
        self.state = state

    @property
    def lines(self) -> list[str]:
        strips = self.app.screen._compositor.render_strips(self.app.size)
        return [strip.text.rstrip() for strip in strips]

    @property
    def names(self) -> list[str]:
        """The servers in the table, from top to bottom."""
        rows = [line.split() for line in self.lines if line[:1] in ("●", "○", "·")]
        return [row[1] for row in rows]

    async def press(self, *keys: str) -> str:
        """Press keys; all that is on the screen then."""
        await self.pilot.press(*keys)
        await self.pilot.pause()
        return "\n".join(self.lines)

    async def paint(self) -> str:
        self.app.tick()
        return await self.press()


@asynccontextmanager
async def stage(
    state: State | None = None, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[Stage]:
    state = state or scene()
    app = TopApp(state)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield Stage(app, pilot, state)


async def test_the_fleet_is_shown_with_its_values_and_keys() -> None:
    async with stage() as one:
        status, head, first, *_, keys = one.lines
    assert status.split("  ")[:3] == ["all", "24 servers 22 online", _COUNTS]
    assert head.split() == ["SERVER↑", "CPU", "MEM", "DISK", "LOAD", "RX/s", "TX/s", "AL", "SEEN"]
    assert first.split()[:3] == ["●", "build-1", "54%"]
    assert all(
        word in keys for word in ("Open", "Filter", "Sort", "Group", "Pause", "Help", "Quit")
    )


async def test_s_sorts_by_the_next_column_and_shift_s_turns_it_round() -> None:
    async with stage(size=(80, 40)) as one:
        assert one.names == sorted(one.names)
        assert "CPU↓" in await one.press("s")
        falling = one.names
        assert falling[0] == "queue-4"
        assert "CPU↑" in await one.press("S")
        assert one.names == falling[::-1]
        for title in ("MEM↓", "DISK↓", "LOAD↓", "RX/s↓", "TX/s↓", "AL↓", "SEEN↓", "SERVER↑"):
            assert title in await one.press("s")


async def test_slash_filters_by_parts_of_names_and_by_targets() -> None:
    async with stage(size=(80, 40)) as one:
        await one.press("slash", *"web")
        assert one.names == ["web-1", "web-2", "web-3", "web-4", "web-5"]
        assert "filter web (5)" in await one.press("enter")
        await one.press("s")  # the keys are keys again
        assert one.state.order.sort == "cpu"
        await one.press("slash", *(["backspace"] * 3), *"tag:env=test !build-1")
        assert sorted(one.names) == ["build-2", "build-3", "build-4"]
        assert "no server fits the filter" in await one.press(*" nothing")
        assert one.lines[-1].split() == ["Enter", "Keep", "Esc", "Clear"]
        await one.press("escape")
        assert len(one.names) == 24


async def test_what_is_typed_in_one_go_arrives_where_it_is_meant_to() -> None:
    """As a paste, or a slow line, brings it: no key waits for the one before."""
    async with stage() as one:
        for character in "/web/1\rs":
            key = {"/": "slash", "\r": "enter"}.get(character, character)
            one.app.post_message(events.Key(key, character))
        await one.press()
        assert one.state.order == Order(sort="cpu", words="web/1")
        for key, character in (("escape", None), ("down", None), ("enter", "\r"), ("5", "5")):
            one.app.post_message(events.Key(key, character))
        await until_async(lambda: getattr(one.app.screen, "_panel", None) == "processes")
        await one.press()
        assert one.lines[0].startswith("cache-2 ")


async def test_what_is_cleared_at_once_does_not_come_back() -> None:
    async with stage() as one:
        for character in ("/", *"web", "\x1b"):
            key = {"/": "slash", "\x1b": "escape"}.get(character, character)
            one.app.post_message(events.Key(key, character))
        await one.press()
        assert (one.state.order.words, one.names[0]) == ("", "build-1")


async def test_g_groups_by_each_tag_and_then_by_none() -> None:
    async with stage(size=(80, 40)) as one:
        assert "env=prod  20 servers, 18 online" in await one.press("g")
        assert "role=build  4 servers, 4 online" in await one.press("g")
        assert "role=" not in await one.press("g")


async def test_the_cursor_moves_and_stays_on_its_server() -> None:
    async with stage() as one:
        await one.press("down", "j", "up", "k", "j", "pagedown", "pageup", "end")
        assert one.names[-1] == "web-5"
        await one.press("home", "down", "down")
        await one.press("s", "S")  # another order
        await one.press("enter")
        assert one.lines[0].startswith("build-3 ")


async def test_enter_opens_a_server_and_escape_goes_back() -> None:
    async with stage() as one:
        shown = await one.press("enter")
        assert one.lines[0].startswith("build-1  1 overview 2 cores")
        assert one.state.detail is not None
        assert "Back" in shown
        await one.press("escape")
        assert one.state.detail is None
        assert one.names[0] == "build-1"


@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
async def test_the_panels_of_a_server(size: tuple[int, int]) -> None:
    wanted = {
        "1": ["cpu", "memory", "net.rx", "disk.write", "load1", "failed units: 1  backup.service"],
        "2": ["percent 58.2%", "iowait 4.5%", "load 2.31 1.90 1.42", "0 "],
        "3": ["/var/lib/postgresql", "93.6%", "sda", "2.29 MiB/s"],
        "4": ["eth0", "1.81 MiB/s", "eth0: 2 errors/s"],
        "5": ["4 of 214, by cpu, 2s ago", "postgres: 16/main", "1.87 GiB"],
        "6": ["proxy", "running", "healthy", "worker", "exited"],
        "7": ["no alert is open"],
    }
    async with stage(size=size) as one:
        one.app.open_server("id-0001")
        opened(one.state)
        for key, words in wanted.items():
            shown = await one.press(key) + await one.press("end")
            assert [word for word in words if word not in shown] == [], shown
        for key, name in {"right": "1 overview", "tab": "2 cores", "left": "1 overview"}.items():
            await one.press(key)
            assert one.app.screen._panel == name[2:]  # type: ignore[attr-defined]


async def test_processes_are_sorted_by_cpu_or_memory() -> None:
    async with stage() as one:
        one.app.open_server("id-0001")
        opened(one.state)
        shown = await one.press("m")
        assert "by memory" in shown
        assert shown.index("java") < shown.index("postgres")
        shown = await one.press("c")
        assert "by cpu" in shown
        assert shown.index("postgres") < shown.index("java")
        told = Told("id-0001", "processes", note="the agent of db-1 is not connected")
        one.state.feed.news.append(told)
        shown = await one.paint()
        assert "4 of 214, by cpu, 9s ago" in shown, "those of the last sample"
        assert "is not connected" in shown


async def test_a_tick_between_a_screen_and_what_is_on_it_is_no_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with stage() as one:
        one.app.open_server("id-0001")
        monkeypatch.setattr(ServerScreen, "is_mounted", True)
        one.app.tick()  # nothing of it has been made yet
        monkeypatch.undo()
        assert "1 overview" in await one.press()


async def test_of_thousands_of_processes_those_in_view_are_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[int] = []

    def make(one: ServerProcess, room: int) -> Spans:
        made.append(one.pid)
        return [(f"process {one.pid}", "")]

    monkeypatch.setattr(table_panels, "_process", make)
    async with stage() as one:
        one.app.open_server("id-0001")
        page = opened(one.state).processes
        assert page is not None
        few = page.items[0]
        page.items = [replace(few, pid=pid, cpu_percent=0.0) for pid in range(5000)]
        await one.press("c")
        made.clear()
        shown = await one.paint()
        assert "process 0" in shown
        assert 10 < len(made) < 100


async def test_a_server_that_is_removed_while_it_is_open_is_told() -> None:
    async with stage() as one:
        one.app.open_server("id-0001")
        one.state.feed.news.append(Listed([server(0)]))
        assert "not there any more" in await one.paint()
        one.state.feed.news.append(Listed([server(0), server(1, name="renamed")]))
        shown = await one.paint()
        assert "not there any more" not in shown
        assert shown.startswith("renamed ")
        await one.press("escape")
        assert one.names == ["renamed", "web-1"]


async def test_p_stands_still_and_goes_on_with_all_that_came() -> None:
    async with stage() as one:
        await one.press("p")
        one.state.feed.news.append(Listed([server(0)]))
        assert "PAUSED" in await one.paint()
        assert len(one.names) == 21
        await one.press("enter")  # build-1, as it was
        opened(one.state, 4)
        shown = await one.paint()
        assert "PAUSED" in one.lines[0]
        assert "measured 1s ago" in shown, "what is opened now is shown once"
        await one.press("escape", "p")
        assert one.names == ["web-1"]


async def test_the_hubs_end_is_told_with_seconds_and_so_is_its_return() -> None:
    async with stage() as one:
        now = time.monotonic()
        error = HubUnreachable("cannot reach the hub at http://h: connection refused")
        one.state.feed.link.down("live", Trouble(error, now - 30.4, now + 5.4, 3))
        shown = await one.paint()
        assert "the hub is gone for 30 s, next try in 5 s (r: now): cannot reach" in shown
        one.state.feed.link.up("live")
        assert "the hub is gone" not in await one.paint()


async def test_an_expired_session_says_how_to_sign_in_again() -> None:
    async with stage() as one:
        now = time.monotonic()
        one.state.feed.link.down("list", Trouble(NotSignedIn("expired"), now, now, 1))
        assert "signed out (elsewhere: chatops login)" in await one.paint()


async def test_r_tries_again_at_once() -> None:
    async with stage() as one:
        await one.press("r")
        assert one.state.feed._ask.wake.is_set()
        assert one.state.feed._listen.wake.is_set()


async def test_the_help_names_all_keys_and_goes_away() -> None:
    async with stage() as one:
        shown = await one.press("question_mark")
        assert all(word in shown for word in ("filter:", "s  S", "group by", "p        pause"))
        await one.press("question_mark")
        assert one.names


@pytest.mark.parametrize(
    ("keys", "code"),
    [("q", 0), ("ctrl+q", 0), ("ctrl+c", 130), ("enter q", 0), ("question_mark q", 0),
     ("slash q enter q", 0), ("slash q ctrl+c", 130)],
)  # fmt: skip
async def test_the_ways_out(keys: str, code: int) -> None:
    async with stage() as one:
        await one.press(*keys.split())
        assert one.app.return_value == code


async def test_the_mouse_sorts_opens_and_turns_panels() -> None:
    async with stage() as one:
        await one.pilot.click("#head", offset=(one.lines[1].index("MEM"), 0))
        assert one.state.order.sort == "memory"
        await one.pilot.click("#head", offset=(one.lines[1].index("MEM"), 0))
        assert one.state.order.reverse
        await one.pilot.click("#servers", offset=(5, 3))
        assert one.state.detail is None
        await one.pilot.click("#servers", offset=(5, 3))
        await one.press()
        assert one.state.detail is not None
        await one.pilot.click("#tabs", offset=(one.lines[0].index("3 disks") + 2, 0))
        assert one.app.screen._panel == "disks"  # type: ignore[attr-defined]


async def test_any_size_will_do() -> None:
    async with stage(size=(80, 24)) as one:
        for size in ((1, 1), (10, 4), (500, 3)):
            await one.pilot.resize_terminal(*size)
            await one.press("s", "g", "down", "enter", *"123456", "escape")
        await one.pilot.resize_terminal(80, 24)
        await one.press("enter")
        assert "1 overview" in await one.press("1")


async def test_hostile_names_stay_on_their_line_as_text() -> None:
    evil = HOSTILE + "x" * 4000
    state = scene(9, name="web-1", os=evil, tags={"a": HOSTILE, "b": "[@click=app.quit]q[/]"})
    mounts = [Disk(evil, "d", "t", percent=3.0)]
    network = [Network(evil, errors_ps=1.0), Network("日本語" * 50, errors_ps=0.0)]
    async with stage(state, (120, 40)) as one:
        shown = await one.press("g", "slash", *"web")
        one.app.open_server("id-0001")
        detail = opened(one.state)
        detail.sample = sample("web-1", disks=mounts, network=network, missing={evil: evil})
        assert detail.sample.processes is not None
        assert detail.processes is not None
        for process in detail.processes.items:
            process.command = process.user = evil
        for container in detail.sample.containers:
            container.name = container.image = container.state = container.health = evil
        for key in "123456":
            shown += await one.press(key)
        assert not set("\x1b\x9b\u202e\r") & set(shown)
        assert "[bold red]x[/] \\x1b[31m" in shown
        assert {len(line) <= 120 for line in one.lines} == {True}


async def test_a_fault_in_the_feed_ends_the_program_without_a_traceback(
    capfd: pytest.CaptureFixture[str],
) -> None:
    state = scene()
    app = TopApp(state)
    state.feed.news.append(Failed(ZeroDivisionError("division by zero")))
    app.call_later(app.tick)
    await app.run_async(headless=True)
    assert isinstance(app.failure, ZeroDivisionError)
    assert "Traceback" not in "".join(capfd.readouterr())


async def test_values_of_500_servers_are_taken_while_ten_are_shown() -> None:
    async with stage(scene(500, past=False), (80, 12)) as one:
        one.state.feed.values.extend(values(number, NOW) for number in range(500))
        await one.paint()
        assert len(one.names) == 9
        assert all(row.ts is not None for row in one.state.fleet.rows.values())


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_in_the_docs_is_what_the_program_shows(name: str) -> None:
    path = FOLDER / f"{name}.svg"
    assert path.read_text(encoding="utf-8") == draw(name), "run `make docs` and look at the picture"


def test_there_are_no_other_pictures_of_it() -> None:
    assert {path.stem for path in FOLDER.glob("top-*.svg")} == set(PICTURES)
