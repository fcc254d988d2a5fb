"""Rules and alerts at the console: made, tried, fired, taken care of."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.support.browser import Visitor
from tests.support.processes import Bench


def test_a_rule_is_tried_then_made_fires_and_is_acknowledged(admin: Visitor, site: Bench) -> None:
    page = admin.open("/alerts/rules")
    page.get_by_role("button", name="Make a rule").click()
    form = page.get_by_role("dialog")
    form.get_by_label("Name").fill("any-load")
    form.get_by_label("Metric").fill("memory")
    form.get_by_label("Value").fill("0")
    form.get_by_label("For", exact=True).fill("0s")
    form.get_by_role("button", name="Try").click()
    expect(form.get_by_role("status", name="What the rule would have done")).to_contain_text(
        "web-1"
    )
    form.get_by_role("button", name="Make the rule").click()
    expect(page.get_by_role("row", name="any-load")).to_be_visible()
    rules = {one["name"] for one in site.run("thresholds", "list", "-o", "json").json()}
    assert "any-load" in rules

    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Alerts").click()
    page.get_by_role("button", name="Acknowledge").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill("seen it")
    dialog.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_role("list", name="Alerts").get_by_text("acknowledged")).to_be_visible()
    (alert,) = site.run("alerts", "list", "--state", "acknowledged", "-o", "json").json()
    assert (alert["server"], alert["comment"], alert["acked_by"]) == ("web-1", "seen it", "admin")
