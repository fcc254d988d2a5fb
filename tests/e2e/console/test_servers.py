"""The list of servers: what is live there, and the arrival of one that is added."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.support.browser import Visitor
from tests.support.processes import Bench


def test_values_and_sparklines_move_by_themselves(admin: Visitor) -> None:
    row = admin.page.get_by_role("row", name="web-1")
    line = row.get_by_label("cpu, the last two minutes").locator("path")
    line.wait_for(state="attached")
    first = line.get_attribute("d") or ""
    expect(line).not_to_have_attribute("d", first)
    expect(row).to_contain_text(re.compile(r"\d %"))


def test_what_is_looked_for_stands_in_the_address(admin: Visitor, site: Bench) -> None:
    site.run("servers", "add", "db-1", "--tag", "role=db")
    page = admin.page
    page.get_by_role("searchbox").fill("role=db")
    expect(page.get_by_role("link", name="db-1")).to_be_visible()
    expect(page.get_by_role("link", name="web-1")).to_have_count(0)
    assert page.url.endswith("/servers?q=role%3Ddb")
    page.reload()
    expect(page.get_by_role("link", name="db-1")).to_be_visible()
    expect(page.get_by_role("link", name="web-1")).to_have_count(0)


def test_a_server_is_added_and_its_arrival_seen(admin: Visitor, site: Bench) -> None:
    page = admin.page
    page.get_by_role("button", name="Add a server").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("new-1")
    dialog.get_by_label("Tags").fill("env=test")
    expect(dialog).to_contain_text("chatops servers add new-1 --tag env=test --key")
    dialog.get_by_role("button", name="Add").click()
    expect(dialog).to_contain_text("waiting for it to connect")
    words = dialog.locator("code").inner_text().split()
    assert words[1:] == ["chatops", "agent", "--allow", "exec,docker"]
    page.keyboard.press("Escape")
    expect(dialog.get_by_role("alert")).to_contain_text("shown this once, and was not copied")
    expect(dialog.get_by_role("button", name="I have it")).to_be_visible()
    agent = site.start(
        "agent-new-1", "agent", "--data-dir", str(site.folder / "agent-new-1"),
        CHATOPS_JOIN=words[0].removeprefix("CHATOPS_JOIN="),
    )  # fmt: skip
    expect(dialog).to_contain_text("new-1 is connected")
    dialog.get_by_role("link", name="Open new-1").click()
    expect(page).to_have_url(f"{admin.url}/servers/new-1")
    assert agent.stop() == 0


def test_a_name_that_is_taken_is_said_where_it_was_typed(admin: Visitor) -> None:
    page = admin.page
    page.get_by_role("button", name="Add a server").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("web-1")
    dialog.get_by_label("Name").press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("web-1")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("button", name="Add a server")).to_be_focused()
