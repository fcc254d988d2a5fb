"""Work on the fleet at the console: a run on many, a recording played, the trail verified."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.support.browser import Visitor
from tests.support.processes import PASSWORD, Bench


def test_a_command_runs_on_many_and_each_outcome_shows(admin: Visitor, site: Bench) -> None:
    site.run("servers", "add", "away-1")
    page = admin.open("/exec")
    page.get_by_role("textbox", name="Target").fill("all")
    expect(page.get_by_text("1 of them not connected")).to_be_visible()
    page.get_by_role("textbox", name="Command").fill("echo from-the-page; exit 3")
    page.get_by_role("button", name="Preview").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("away-1")
    expect(dialog).to_contain_text("chatops exec --expect-count 2 all 'echo from-the-page; exit 3'")
    dialog.get_by_role("button", name="Run").click()
    expect(page.get_by_text("2 of 2 servers done")).to_be_visible()
    row = page.get_by_role("row", name="web-1")
    expect(row).to_contain_text("exit status 3")
    expect(row).to_contain_text("from-the-page")
    expect(page.get_by_role("row", name="away-1")).to_contain_text("offline")
    ran = site.run("commands", "list", "--limit", "2", "-o", "json").json()
    assert {one["server"]: one["exit_code"] for one in ran} == {"web-1": 3, "away-1": None}


def test_a_command_that_may_hold_secrets_is_kept_by_the_page_alone(admin: Visitor) -> None:
    page = admin.open("/exec?target=web-1")
    command = page.get_by_role("textbox", name="Command")
    command.fill("echo s3cret")
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("dialog").get_by_role("button", name="Run").click()
    expect(page.get_by_text("1 of 1 server done")).to_be_visible()
    page.go_back()
    expect(command).to_have_value("echo s3cret")
    kept = "JSON.stringify([history.state, {...localStorage}, {...sessionStorage}])"
    assert "s3cret" not in page.evaluate(kept)
    page.go_forward()
    page.get_by_role("button", name="Run again").click()
    expect(command).to_have_value("echo s3cret")
    assert "s3cret" not in page.evaluate(kept)


def test_a_preview_names_who_would_not_run_it_and_why(admin: Visitor, site: Bench) -> None:
    key = site.add_server("watched-1")
    agent = site.start_agent("watched-1", key)
    page = admin.open("/exec?target=watched-1")
    page.get_by_role("textbox", name="Command").fill("id")
    page.get_by_role("button", name="Preview").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("the agent of watched-1 was not started with --allow exec")
    expect(dialog.get_by_role("button", name="Run")).to_be_disabled()
    agent.stop()


def test_commands_and_records_are_chosen_by_the_hub(admin: Visitor, site: Bench) -> None:
    site.run("exec", "web-1", "--", "exit 7")
    site.run("login", site.url, "-u", "nobody", "--password-stdin", stdin="wrong")
    page = admin.open("/commands")
    with page.expect_request(lambda request: "status=failed" in request.url):
        page.get_by_label("State").select_option("failed")
    table = page.get_by_role("table", name="Commands")
    expect(table).to_contain_text("exit 7")
    expect(table).not_to_contain_text("succeeded")
    expect(page.get_by_text("chatops commands list --status failed")).to_be_visible()
    admin.open("/audit")
    with page.expect_request(lambda request: "target=nobody&outcome=denied" in request.url):
        page.get_by_label("Target has").fill("nobody")
        page.get_by_label("Outcome").select_option("denied")
    records = page.get_by_role("table", name="Audit records")
    expect(records.get_by_role("row")).to_have_count(2)
    expect(records).to_contain_text("auth.login")


def test_a_terminal_that_was_recorded_is_played(admin: Visitor) -> None:
    page = admin.open("/servers/web-1/terminal")
    page.get_by_role("textbox", name="Command").fill("echo to-be-played; sleep 0.2")
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("alert")).to_contain_text("succeeded")
    admin.open("/recordings")
    page.get_by_role("link", name="Play echo to-be-played").click()
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.get_by_role("region", name="Recording")).to_contain_text("to-be-played")


def test_the_trail_names_who_did_it_and_is_verified(admin: Visitor) -> None:
    page = admin.open("/audit")
    expect(page.get_by_role("table", name="Audit records")).to_contain_text("auth.login")
    page.get_by_role("button", name="Verify the trail").click()
    expect(page.get_by_text("The trail holds")).to_be_visible()


def test_a_new_password_ends_the_sessions_and_is_the_one_that_counts(
    visitor: Visitor, site: Bench
) -> None:
    site.run("users", "create", "pat", "--password-stdin", stdin=PASSWORD)
    page = visitor.sign_in("pat", PASSWORD, "/login?to=/settings")
    page.get_by_label("Present password").fill(PASSWORD)
    page.get_by_label("New password", exact=True).fill("another password")
    page.get_by_label("New password again").fill("another password")
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    visitor.sign_in("pat", "another password")
