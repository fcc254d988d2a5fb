"""The pictures of README and docs: the console before a fleet that has been at work for a day.

They are written into the test's own folder, or that of `CHATOPS_PICTURES` (`make pictures`).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from benchmarks.history import seed
from benchmarks.swarm.behaviour import Behaviour
from benchmarks.swarm.keys import seed_servers, server_ids
from tests.support.browser import Visitor, visiting
from tests.support.processes import PASSWORD, Bench, bench
from tests.support.swarm import swarm

FOLDER = os.environ.get("CHATOPS_PICTURES")
"""Read at once: each test gets an environment without it."""
NAMES = ("cache-1", "db-1", "db-2", "mail-1", "web-1", "web-2", "web-3", "web-4")


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Eight servers, the first web server with a day of samples. Comes before the
    browser, whose driver keeps an event loop running."""
    with bench(tmp_path_factory.mktemp("fleet")) as made:
        keys = seed_servers(made.folder / "hub", NAMES)
        asyncio.run(seed(made.folder / "hub", [server_ids(made.folder / "hub")["web-1"]]))
        made.start_hub()
        made.login()
        furnish(made)
        made.start_agent("web-1", keys.pop("web-1"), "--allow", "exec")
        with swarm(made.url, keys, behaviour=Behaviour(interval=1.0)):
            made.run("exec", "web-1", "--", "df -h /; uptime")
            yield made


def furnish(place: Bench) -> None:
    """Tags, and two rules of which at least one fires."""
    for name in NAMES:
        kind = name.partition("-")[0]
        place.run(
            "servers", "tag", name, f"role={kind}", f"env={'test' if '4' in name else 'prod'}"
        )
    place.run("thresholds", "set", "memory", ">", "1", "--for", "0s", "--name", "memory-high")
    place.run(
        "thresholds", "set", "load1", ">", "0.01", "--for", "0s", "--name", "busy",
        "--severity", "critical", "--target", "web-1",
    )  # fmt: skip


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_main_pages_have_something_to_show(
    fleet: Bench, browser: Browser, tmp_path: Path, *, dark: bool
) -> None:
    with visiting(browser, fleet.url, dark=dark) as visitor:
        visitor.sign_in("admin", PASSWORD)
        for name, page in shown(visitor):
            picture = page.screenshot()  # a path would be written in a thread that stays
            assert len(picture) > 10_000
            file = f"console-{name}{'-dark' if dark else ''}.png"
            (Path(FOLDER or tmp_path) / file).write_bytes(picture)


def shown(visitor: Visitor) -> Iterator[tuple[str, Page]]:
    """Each page once it shows what it is about."""
    page = visitor.page
    expect(page.get_by_role("img", name="cpu, the last two minutes")).to_have_count(len(NAMES))
    yield "servers", page
    visitor.open("/servers/web-1")
    expect(page.get_by_role("img", name="cpu").first).to_be_visible()
    yield "server", page
    visitor.open("/servers/web-1/metrics?range=24h")
    expect(page.get_by_role("figure").locator("canvas")).to_have_count(6)
    yield "metrics", page
    visitor.open("/alerts")
    expect(page.get_by_role("button", name="Acknowledge").nth(3)).to_be_visible()
    yield "alerts", page
