"""What a viewer sees at the console, and what the hub says when it is asked all the same."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.support.browser import Visitor
from tests.support.processes import PASSWORD, Bench


@pytest.fixture
def viewer(visitor: Visitor, site: Bench) -> Visitor:
    """Somebody who may look at web-1."""
    site.run("users", "create", "vera", "--role", "viewer", "--password-stdin", stdin=PASSWORD)
    site.run("servers", "share", "web-1", "--user", "vera", "--role", "viewer")
    visitor.sign_in("vera", PASSWORD)
    return visitor


def test_a_viewer_sees_no_action_that_it_may_not_take(viewer: Visitor) -> None:
    page = viewer.page
    pages = page.get_by_role("navigation", name="Pages").get_by_role("link")
    expect(pages).to_have_text(["Servers", "Alerts", "Commands", "Logs", "Settings"])
    expect(page.get_by_role("link", name="web-1")).to_be_visible()
    expect(page.get_by_role("button", name="Add a server")).to_have_count(0)
    page.get_by_role("link", name="web-1").click()
    expect(page.get_by_role("heading", name="web-1")).to_be_visible()
    expect(page.get_by_role("button", name="Manage")).to_have_count(0)
    expect(page.get_by_role("link", name="Terminal")).to_have_count(0)


def test_the_hub_refuses_a_viewer_who_goes_there_all_the_same(viewer: Visitor, site: Bench) -> None:
    page = viewer.open("/servers/web-1/terminal")
    expect(page.get_by_role("button", name="Open")).to_have_count(0)
    answer = page.evaluate(
        """async () => {
            const json = { "Content-Type": "application/json", "X-Chatops-Console": "1" };
            const post = (path, body, more) => fetch("/api/v1" + path,
                { method: "POST", body: JSON.stringify(body), headers: { ...json, ...more } });
            const pair = await (await post("/auth/refresh", {})).json();
            const mine = { Authorization: `Bearer ${pair.access_token}` };
            return (await post("/commands", { target: "web-1", command: "id" }, mine)).status;
        }"""
    )
    assert answer == 403
    denied = site.run("audit", "list", "--user", "vera", "-o", "json").json()
    assert any(one["outcome"] == "denied" for one in denied)


def test_a_share_that_is_taken_back_takes_the_page_with_it(viewer: Visitor, site: Bench) -> None:
    page = viewer.open("/servers/web-1/events")
    expect(page.get_by_role("table", name="Events")).to_be_visible()
    site.run("servers", "unshare", "web-1", "--user", "vera")
    expect(page.get_by_text("There is no such thing, or it is not yours to see")).to_be_visible()
    expect(page.get_by_role("table", name="Events")).to_have_count(0)
