"""The containers of a server in ``chatops top``: what is shown, and each key."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from msgspec.structs import replace

from chatops.cli.top.agenda import Job
from chatops.cli.top.link import Trouble
from chatops.cli.top.news import Told
from chatops.errors import HubUnreachable
from chatops.protocol.rest import ContainerChange
from docs.gen.top_scene import containers, opened, sample, scene
from tests.support.samples import HOSTILE
from tests.support.waiting import until
from tests.unit.cli.top.test_app import Stage, stage

ID, NAME = "id-0001", "db-1"


class Engine:
    """Takes what is to be done, in place of the feed's thread."""

    def __init__(self) -> None:
        self.asked: list[Job] = []
        self.busy = False

    def aside(self, job: Job) -> bool:
        if not self.busy:
            self.asked.append(job)
        return not self.busy


@pytest.fixture
def engine() -> Engine:
    return Engine()


@asynccontextmanager
async def panel(engine: Engine, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Stage]:
    """The panel of containers, of a server that has four."""
    state = scene()
    state.feed.aside = engine.aside  # type: ignore[method-assign]
    async with stage(state, size) as one:
        one.app.open_server(ID, "containers")
        opened(state)
        await one.paint()
        yield one


def shown(one: Stage) -> list[str]:
    """The first words of the lines of containers."""
    names = {container.name for container in containers(NAME)}
    return [line.split()[0] for line in one.lines if line.split()[:1] and line.split()[0] in names]


async def test_projects_stand_together_with_state_health_and_figures(engine: Engine) -> None:
    async with panel(engine) as one:
        text = await one.paint()
        assert shown(one) == ["cart", "proxy", "worker", "backup"]
        (cart,) = [line for line in one.lines if line.startswith("cart")]
        assert cart.split() == [
            "cart", "running", "unhealthy", "96.2%", "310", "MiB", "shop", "acme/cart:12"
        ]  # fmt: skip
        assert "NAME" in text
        assert all(len(line) <= 80 for line in one.lines)


KEYS = {
    "s": ("start", None), "t": ("stop", "stop cart on db-1?"),
    "R": ("restart", "restart cart on db-1?"), "P": ("pause", "pause cart on db-1?"),
    "K": ("kill", "kill cart on db-1?"), "D": ("rm", "remove cart on db-1?"),
}  # fmt: skip


async def test_each_key_changes_the_container_under_the_cursor(engine: Engine) -> None:
    async with panel(engine) as one:
        for key, (verb, question) in KEYS.items():
            text = await one.press(key)
            if question is not None:
                assert question in text
                assert engine.asked == []
                assert question not in await one.press("n")
                assert question in await one.press(key)
                text = await one.press("y")
            assert engine.asked == [Job("change", (ID, "2f3a9", verb))]
            assert "cart …" in text
            engine.asked.clear()


async def test_what_is_paused_goes_on_without_a_question(engine: Engine) -> None:
    async with panel(engine) as one:
        assert "letting go on backup …" in await one.press("end", "P")
    assert engine.asked == [Job("change", (ID, "3f3a9", "unpause"))]


async def test_what_became_of_it_is_told_and_the_engine_is_asked_again(engine: Engine) -> None:
    async with panel(engine) as one:
        await one.press("s")
        engine.busy = True
        assert "the change before is still under way" in await one.press("s")
        news, agenda = one.state.feed.news, one.state.feed.agenda
        while isinstance(agenda.next(0.0), Job):
            pass
        made = ContainerChange(server=NAME, id="2f3a9", name="cart", action="stop", state="exited")
        news.append(Told(ID, "change", made))
        assert "cart is exited" in await one.paint()
        news.append(Told(ID, "change", note="your role does not permit this on db-1"))
        assert "not done: your role does not permit this" in await one.paint()
        assert "not done" not in await one.press("down")


async def test_nothing_is_done_while_the_hub_is_gone(engine: Engine) -> None:
    async with panel(engine) as one:
        one.state.feed.link.down("list", Trouble(HubUnreachable("gone"), 0.0, 5.0, 1))
        assert "not done: the hub is gone" in await one.press("s")
    assert engine.asked == []


async def test_the_cursor_stays_on_its_container(engine: Engine) -> None:
    async with panel(engine) as one:
        await one.press("down")  # proxy
        few = [found for found in containers(NAME) if found.name != "cart"]
        one.state.feed.news.append(Told(ID, "containers", few))
        await one.paint()
        await one.press("s")
    assert engine.asked == [Job("change", (ID, "0f3a9", "start"))]


async def test_an_engine_that_cannot_be_asked_leaves_what_samples_tell(engine: Engine) -> None:
    async with panel(engine) as one:
        note = "the container engine did not answer within 10 s"
        one.state.feed.news.append(Told(ID, "containers", note=note))
        text = await one.paint()
        assert note in text
        assert shown(one) == ["proxy", "worker"]
        empty = sample(NAME, containers=[], container_count=None)
        one.state.feed.news.append(Told(ID, "sample", empty))
        await one.paint()
        assert len(shown(one)) == 4  # what was known stays
        assert one.state.detail is not None
        one.state.detail.containers = None
        assert "no engine that may be asked" in await one.paint()
        one.state.feed.news.append(Told(ID, "containers", []))
        assert "no containers" in await one.paint()
        assert "…" not in await one.press("s", "t", "K")
    assert engine.asked == []


async def test_foreign_text_is_text(engine: Engine) -> None:
    async with panel(engine) as one:
        evil = [
            replace(found, name=HOSTILE, image=HOSTILE, project=HOSTILE, state=HOSTILE)
            for found in containers(NAME)
        ]
        one.state.feed.news.append(Told(ID, "containers", evil))
        text = await one.paint()
        text += await one.press("K")
        assert "\x1b" not in text
        assert all(len(line) <= 80 for line in one.lines)


@pytest.fixture
def waiting() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_a_hung_engine_keeps_nothing_else_waiting(
    waiting: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = scene().feed

    def hang(*_: Any) -> Told:
        waiting.wait(30)
        return Told(ID, "change")

    monkeypatch.setattr("chatops.cli.top.feed.answer", hang)
    feed.news.clear()
    assert feed.aside(Job("change", (ID, "2f3a9", "stop")))
    assert not feed.aside(Job("change", (ID, "2f3a9", "stop")))
    assert not feed.news
    waiting.set()
    until(lambda: feed.news)
    until(lambda: feed.aside(Job("change", (ID, "2f3a9", "stop"))))
    until(lambda: len(feed.news) == 2)
