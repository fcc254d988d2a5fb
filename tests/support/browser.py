"""A real Chromium (Debian's), driven by Playwright, for the web console's tests.

The one without windows of its own: it takes a third less of the processor than the one of people.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)

ROOT: Final = Path(__file__).resolve().parents[2]
DIST: Final = ROOT / "web" / "dist"
_FLAGS: Final = (
    "--no-sandbox",  # tests run as root
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_PATIENCE: Final = 30_000
"""Milliseconds that something may take to show up on a machine with other tests."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser.

    Raises:
        AssertionError: there is none, or no console to look at.
    """
    program = shutil.which("chromium-headless-shell")
    assert program, "Debian's chromium-headless-shell is missing: scripts/debian.sh tests"
    assert (DIST / "index.html").exists(), "the console is not built: make web"
    expect.set_options(timeout=_PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_FLAGS))
        try:
            yield browser
        finally:
            browser.close()


class Visitor:
    """A page of the console in a profile of its own. What it complains of is kept: an error of the
    page, a request to another host, something that the Content-Security-Policy forbade."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        context.set_default_timeout(_PATIENCE)
        self.url = url
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._heard)
        self.page.on("request", lambda request: self._asked(request.url))

    def open(self, path: str) -> Page:
        """Go to a page of the console by its address."""
        self.page.goto(self.url + path)
        return self.page

    def sign_in(self, user: str, password: str, path: str = "/login") -> Page:
        """Sign in as a person does; afterwards the page is where ``path`` led."""
        page = self.open(path)
        page.get_by_label("User").fill(user)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("link", name="Skip to the page").wait_for(state="attached")
        return page

    def _asked(self, url: str) -> None:
        if not url.startswith((self.url, "blob:", "data:")):
            self.complaints.append(f"a request to another host: {url}")

    def _heard(self, message: ConsoleMessage) -> None:
        # That the hub refuses something, or is away, is said by the browser as an error too.
        of_browser = message.text.startswith(("Failed to load resource", "WebSocket connection to"))
        if message.type == "error" and not of_browser:
            self.complaints.append(message.text)


@contextmanager
def visiting(
    browser: Browser, url: str, *, width: int = 1280, dark: bool = False, lenient: bool = False
) -> Iterator[Visitor]:
    """A visitor with a clean profile; it fails afterwards if its page complained of anything.
    ``lenient``: the Content-Security-Policy does not hold, for what a test brings along."""
    context = browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme="dark" if dark else "light",
        bypass_csp=lenient,
    )
    try:
        visitor = Visitor(context, url)
        yield visitor
    finally:
        for page in context.pages:
            page.close()  # as a window: a context alone would end without a word to its pages
        context.close()
    assert visitor.complaints == []
