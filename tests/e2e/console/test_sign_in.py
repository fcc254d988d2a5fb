"""Signing in at the console: by cookie, for good, and out again."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.support.browser import Visitor
from tests.support.processes import PASSWORD


def test_one_signs_in_stays_so_over_a_reload_and_signs_out(visitor: Visitor) -> None:
    page = visitor.sign_in("admin", PASSWORD, "/servers?status=online")
    expect(page).to_have_url(f"{visitor.url}/servers?status=online")
    expect(page.get_by_role("link", name="web-1")).to_be_visible()
    page.reload()
    expect(page.get_by_role("link", name="web-1")).to_be_visible()
    page.get_by_role("button", name="Account: admin").click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    page.goto(visitor.url + "/servers")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_a_page_that_is_loaded_while_the_hub_is_away_signs_in_when_it_is_back(
    admin: Visitor,
) -> None:
    page = admin.page
    page.route("**/api/v1/auth/refresh", lambda route: route.abort(), times=2)
    page.reload()
    expect(page.get_by_role("link", name="web-1")).to_be_visible()


def test_a_wrong_password_is_said_and_nothing_is_kept_where_a_script_can_read_it(
    visitor: Visitor,
) -> None:
    page = visitor.open("/login")
    page.get_by_label("User").fill("admin")
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    visitor.sign_in("admin", PASSWORD)
    assert page.evaluate("document.cookie") == ""
    assert page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])") == "[{},{}]"
    (cookie,) = page.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
