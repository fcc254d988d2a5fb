"""Containers of a real engine at the console."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.support.browser import Visitor
from tests.support.engine import RealEngine, real_engine
from tests.support.processes import Bench, bench

HOSTILE = "<img src=x onerror=alert(1)> \x1b[31m\u202e"
TICK = "i=0; while :; do echo out $i; i=$((i+1)); sleep 0.2; done"


@pytest.fixture(scope="module")
def engine() -> Iterator[RealEngine]:
    """An engine with a container that writes a line now and then."""
    with real_engine() as made:
        made.run("ticks", "/bin/sh", "-c", TICK)
        yield made


@pytest.fixture(scope="module")
def site(engine: RealEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A hub with an agent that may ask the engine."""
    with bench(tmp_path_factory.mktemp("site")) as made:
        made.start_hub()
        made.login()
        key = made.add_server("web-1")
        made.start_agent("web-1", key, "--allow", "docker", DOCKER_HOST=engine.host)
        yield made


def started(engine: RealEngine) -> str:
    """When the container was started last, in the engine's words."""
    with engine.client() as client:
        return str(client.inspect_container("ticks")["State"]["StartedAt"])


def test_a_container_is_restarted_and_its_log_followed(admin: Visitor, engine: RealEngine) -> None:
    page = admin.open("/servers/web-1/containers")
    row = page.get_by_role("row", name="ticks")
    expect(row).to_contain_text("running")
    before = started(engine)
    actions = row.get_by_role("button", name="Actions for ticks")
    actions.click()
    page.get_by_role("menuitem", name="Stop").click()
    dialog = page.get_by_role("dialog")
    dialog.wait_for()
    page.keyboard.press("Escape")
    expect(actions).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("menuitem", name="Restart").click()
    expect(dialog).to_contain_text("chatops docker restart web-1 ticks")
    dialog.get_by_role("button", name="Restart").click()
    expect(page.get_by_text("ticks: running")).to_be_visible()
    assert started(engine) != before

    row.get_by_role("link", name="ticks").click()
    log = page.get_by_label("Log lines")
    expect(log).to_contain_text("out 3")
    line = log.get_by_text("out ").last.inner_text()
    expect(log.get_by_text("out ").last).not_to_have_text(line)


def test_a_terminal_in_a_container(admin: Visitor) -> None:
    page = admin.open("/servers/web-1/containers/ticks")
    page.get_by_role("link", name="Open a terminal").click()
    expect(page.locator("main")).to_contain_text("chatops docker exec -it web-1 ticks sh")
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_text("connected", exact=True)).to_be_visible()
    screen = page.get_by_role("region", name="Terminal")
    screen.click()
    page.keyboard.type("echo pid-1-is-$(tr '\\0' ' ' < /proc/1/cmdline | cut -c 1-7)\n")
    expect(screen).to_contain_text("pid-1-is-/bin/sh")
    page.keyboard.type("exit 3\n")
    expect(page.get_by_role("alert")).to_contain_text("exit status 3")


def test_what_an_engine_says_is_text(admin: Visitor, engine: RealEngine) -> None:
    labels = {"com.docker.compose.project": HOSTILE}
    engine.run(
        "evil", "/bin/sh", "-c", 'printf "%s\n" "$1"; sleep 1000', "sh", HOSTILE, labels=labels
    )
    page = admin.open("/servers/web-1/containers")
    row = page.get_by_role("row", name="evil")
    expect(row).to_contain_text("<img src=x onerror=alert(1)> \\x1b[31m\\u202e")
    row.get_by_role("link", name="evil").click()
    for part in (page.get_by_label("Log lines"), page.get_by_role("definition").first):
        expect(part).to_be_visible()
    expect(page.get_by_label("Log lines")).to_contain_text("<img src=x onerror=alert(1)> \\x1b[31m")
    whole = page.locator("main").inner_text()
    assert "\x1b" not in whole
    assert "\u202e" not in whole
    assert page.locator("main img").count() == 0
