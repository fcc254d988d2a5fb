"""A terminal at the console: the same as `chatops shell`, and back by itself."""

from __future__ import annotations

import signal
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, expect

from tests.support.browser import Visitor, visiting
from tests.support.processes import PASSWORD, Bench
from tests.support.waiting import until


def open_terminal(visitor: Visitor, command: str = "sh") -> Page:
    """A terminal on web-1 whose program has written something."""
    page = visitor.open("/servers/web-1/terminal")
    page.get_by_role("textbox", name="Command").fill(command)
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_text("connected", exact=True)).to_be_visible()
    return page


def test_a_command_is_typed_and_answered_and_its_exit_code_told(admin: Visitor) -> None:
    page = open_terminal(admin)
    screen = page.get_by_role("region", name="Terminal")
    screen.click()
    page.keyboard.type("echo $((6 * 7))-ü\n")
    expect(screen).to_contain_text("42-ü")
    page.keyboard.type("printf '\\033]0;not the title\\007<b>bold</b>\\n'\n")
    expect(screen).to_contain_text("<b>bold</b>")
    assert page.title() == "web-1 · Terminal · ChatOps"
    page.keyboard.type("exit 7\n")
    expect(page.get_by_role("alert")).to_contain_text("7")


def test_what_a_program_prints_reaches_nothing_beyond_its_screen(admin: Visitor) -> None:
    admin.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    asked: list[str] = []
    admin.page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    admin.page.on("popup", lambda popup: asked.append(popup.url))
    link = r"\033]8;;https://evil.example/\033\\a-link\033]8;;\033\\"
    resize, copy = r"\033[8;5;5t", r"\033]52;c;aGVycw==\007"
    page = open_terminal(admin, f"printf '{link}{resize}{copy} the-end\\n'; read answer")
    page.evaluate("navigator.clipboard.writeText('mine')")
    screen = page.get_by_role("region", name="Terminal")
    expect(screen).to_contain_text("the-end")
    box = page.locator(".xterm-rows > div", has_text="a-link").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 8)
    page.mouse.move(box["x"] + 10, box["y"] + 8)
    page.mouse.click(box["x"] + 10, box["y"] + 8)
    assert page.evaluate("navigator.clipboard.readText()") == "mine"
    assert page.locator(".xterm-rows > div").count() > 5
    assert asked == []


def test_a_terminal_ends_with_its_window(admin: Visitor, site: Bench) -> None:
    open_terminal(admin, "sleep 300").close()

    def ended() -> bool:
        (newest,) = site.run("commands", "list", "--limit", "1", "-o", "json").json()
        return (newest["command"], newest["status"]) == ("sleep 300", "cancelled")

    until(ended, within=20, what="the end of the program, long before the 60 s of a lost link")


def test_a_terminal_and_the_page_are_back_after_the_hub_was_killed(
    browser: Browser, place: Bench
) -> None:
    hub = place.start_hub()
    place.login()
    place.start_agent("web-1", place.add_server("web-1"), "--allow", "shell")
    with visiting(browser, place.url) as visitor:
        visitor.sign_in("admin", PASSWORD)
        page = open_terminal(visitor)
        screen = page.get_by_role("region", name="Terminal")
        screen.click()
        page.keyboard.type("mark=still-here\n")
        expect(screen).to_contain_text("mark=still-here")
        hub.stop(signal.SIGKILL)
        expect(page.get_by_text("the hub is away; coming back …", exact=True)).to_be_visible()
        # Asked at once and not at the next look for it.
        expect(page.get_by_text("The hub does not answer.")).to_be_visible(timeout=8_000)
        pages = page.get_by_role("navigation", name="Pages", exact=True)
        pages.get_by_role("link", name="Logs").click()  # a page that was not fetched before
        expect(page.get_by_text("This page could not be fetched")).to_be_visible()
        expect(pages).to_be_visible()
        page.go_back()
        expect(screen).to_be_visible()
        place.start_hub(None, "--port", str(urlsplit(place.url).port))
        expect(page.get_by_text("connected", exact=True)).to_be_visible()
        expect(page.get_by_text("The hub does not answer.")).to_have_count(0)
        screen.click()
        page.keyboard.type('echo "[$mark]"\n')
        expect(screen).to_contain_text("[still-here]")
