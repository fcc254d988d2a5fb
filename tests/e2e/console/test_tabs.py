"""Several tabs of one browser: they share one cookie, and so one account."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.support.browser import Visitor
from tests.support.processes import PASSWORD, Bench


@pytest.fixture
def other(admin: Visitor) -> Iterator[Visitor]:
    """A second tab beside that of the administrator."""
    made = Visitor(admin.page.context, admin.url)
    made.open("/servers")
    expect(made.page.get_by_role("link", name="web-1")).to_be_visible()
    yield made
    assert made.complaints == []


def sign_out(visitor: Visitor) -> None:
    visitor.page.get_by_role("button", name="Account: admin").click()
    visitor.page.get_by_role("menuitem", name="Sign out").click()
    expect(visitor.page.get_by_role("button", name="Sign in")).to_be_visible()


def test_who_signs_out_in_one_tab_is_out_in_all(admin: Visitor, other: Visitor) -> None:
    sign_out(other)
    expect(admin.page.get_by_role("button", name="Sign in")).to_be_visible()
    other.sign_in("admin", PASSWORD)
    expect(admin.page.get_by_role("link", name="web-1")).to_be_visible()


def test_a_tab_that_renews_as_another_account_shows_nothing_of_the_one_before(
    admin: Visitor, other: Visitor, site: Bench
) -> None:
    site.run("users", "create", "otto", "--role", "viewer", "--password-stdin", stdin=PASSWORD)
    # As if the first tab had slept, and heard nothing of this.
    other.page.add_init_script("BroadcastChannel.prototype.postMessage = () => undefined")
    other.open("/servers")
    sign_out(other)
    other.sign_in("otto", PASSWORD)
    expect(admin.page.get_by_role("link", name="web-1")).to_be_visible()
    ended = {"error": {"code": "not_signed_in", "message": "the token has expired"}}
    admin.page.route(
        "**/api/v1/servers*", lambda route: route.fulfill(status=401, json=ended), times=1
    )
    expect(admin.page.get_by_role("button", name="Account: otto")).to_be_visible()
    expect(admin.page.get_by_role("link", name="web-1")).to_have_count(0)


def test_a_sign_out_that_the_hub_does_not_hear_of_is_said(admin: Visitor) -> None:
    admin.page.route("**/auth/logout", lambda route: route.abort())
    sign_out(admin)
    expect(admin.page.get_by_role("alert")).to_contain_text("The hub was not told")
