"""A browser and a fleet for the tests of a module; they end with it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.support.browser import Visitor, chromium, visiting
from tests.support.processes import PASSWORD, Bench, bench
from tests.support.waiting import until


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium. Of a module, not of a session: its driver keeps an event loop running, and tests
    that run one of their own come later in the same process."""
    with chromium() as made:
        yield made


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A hub with an agent ``web-1`` that allows everything and ships ``app.log``."""
    with bench(tmp_path_factory.mktemp("site")) as made:
        made.start_hub()
        made.login()
        log = made.folder / "app.log"
        log.touch()
        key = made.add_server("web-1")
        made.start_agent("web-1", key, "--allow", "all", "--log", str(log))
        until(lambda: made.run("metrics", "show", "web-1").code == 0, what="a sample of web-1")
        yield made


@pytest.fixture
def visitor(browser: Browser, site: Bench) -> Iterator[Visitor]:
    """Somebody who has not signed in."""
    with visiting(browser, site.url) as made:
        yield made


@pytest.fixture
def admin(visitor: Visitor) -> Visitor:
    """Somebody who has signed in as the administrator, and sees the servers."""
    visitor.sign_in("admin", PASSWORD)
    return visitor
