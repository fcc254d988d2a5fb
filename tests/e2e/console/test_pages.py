"""Every page: to be read by everybody, and within its width."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.support.browser import ROOT, visiting
from tests.support.processes import PASSWORD, Bench
from tests.support.waiting import until

AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
PAGES = (
    "/servers",
    "/servers/web-1",
    "/servers/web-1/metrics",
    "/servers/web-1/processes",
    "/servers/web-1/containers",
    "/servers/web-1/terminal",
    "/servers/web-1/commands",
    "/servers/web-1/logs",
    "/servers/web-1/alerts",
    "/servers/web-1/keys",
    "/servers/web-1/events",
    "/servers/nobody",
    "/alerts",
    "/alerts/rules",
    "/alerts/rules?make=1",
    "/alerts/silences",
    "/exec",
    "/commands",
    "/logs",
    "/recordings",
    "/audit",
    "/settings",
    "/settings/tokens",
    "/settings/users",
    "/settings/channels",
    "/settings/hub",
    "/settings/status",
    "/nowhere",
)
_CALM = "() => !document.querySelector('[aria-label=Loading]') && !!document.querySelector('h1')"
_WIDER = "document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"
_AXE = """async () => {
    const { violations, passes } = await axe.run();
    const problems = violations.map(one => [one.id, one.nodes.map(node => node.html)]);
    return passes.length > 5 ? problems : [...problems, "axe looked at next to nothing"];
}"""


@pytest.fixture(scope="module")
def furnished(site: Bench) -> Bench:
    """The site with something to see on each page."""
    site.run("thresholds", "set", "memory", ">", "0", "--for", "0s", "--name", "memory-used")
    site.run("silences", "add", "web-1", "--for", "1h", "--metric", "disk")
    site.run("exec", "web-1", "--", "uname -a; df -h /")
    with (site.folder / "app.log").open("a", encoding="utf-8") as log:
        log.writelines(f"{level} request {n} served\n" for n, level in enumerate(("INFO",) * 30))
    until(lambda: site.run("alerts", "list", "-o", "json").json() != [], what="an alert that fires")
    return site


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)], ids=["desk", "phone"])
def test_every_page_passes_axe_and_is_no_wider_than_the_window(
    browser: Browser, furnished: Bench, width: int, *, dark: bool
) -> None:
    found: dict[str, Any] = {}
    with visiting(browser, furnished.url, width=width, dark=dark, lenient=True) as visitor:
        page = visitor.open("/login")
        page.get_by_label("User").wait_for()
        found["/login"] = looked_at(page)
        visitor.sign_in("admin", PASSWORD)
        for path in PAGES:
            settle(visitor.open(path))
            found[path] = looked_at(page)
    assert {path: problems for path, problems in found.items() if problems} == {}


def settle(page: Page) -> None:
    """Wait until a page has what it asked for."""
    page.wait_for_function(_CALM)


def looked_at(page: Page) -> list[Any]:
    """What is wrong with a page as it stands."""
    page.evaluate(AXE.read_text(encoding="utf-8") + ";0")
    problems: list[Any] = page.evaluate(_AXE)
    wider = page.evaluate(_WIDER)
    return problems if wider <= 0 else [*problems, f"{wider} pixels wider than the window"]
