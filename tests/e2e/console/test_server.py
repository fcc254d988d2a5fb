"""The pages of one server: what moves there by itself, its logs, its keys."""

from __future__ import annotations

import subprocess
import sys

from playwright.sync_api import Locator, expect

from tests.support.browser import Visitor
from tests.support.processes import Bench
from tests.support.waiting import until

_HOLD = "held = b'x' * (800 << 20); print(len(held), flush=True); input()"
"""Takes a thirtieth of this machine's memory until it is told to end."""
_PIXELS = "canvas => canvas.toDataURL()"


def per_cent(cell: Locator) -> float:
    """The value of a cell."""
    return float(cell.inner_text().removesuffix("%"))


def test_a_load_on_this_machine_moves_the_live_chart(admin: Visitor) -> None:
    page = admin.open("/servers/web-1/metrics?range=15m")
    figure = page.get_by_role("figure").filter(has=page.get_by_role("heading", name="memory"))
    canvas = figure.locator("canvas")
    canvas.wait_for()
    last = figure.get_by_role("row", name="memory").get_by_role("cell").first
    before = per_cent(last)
    drawn = canvas.evaluate(_PIXELS)
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as load:
        assert load.stdout is not None
        assert load.stdout.readline() == b"838860800\n"
        until(lambda: per_cent(last) > before + 1, what="a higher value in the page")
        until(lambda: canvas.evaluate(_PIXELS) != drawn, what="another drawing")
        load.communicate(b"\n")


def test_a_log_line_is_followed_as_text(admin: Visitor, site: Bench) -> None:
    page = admin.open("/servers/web-1/logs")
    lines = page.get_by_label("Log lines")
    lines.wait_for()
    hostile = "<img src=x onerror=alert(1)> \x1b[31mred\x1b[0m ‮txet"
    with (site.folder / "app.log").open("a", encoding="utf-8") as log:
        log.write(f"{hostile}\nthe line after it\n")
    expect(lines).to_contain_text("the line after it")
    expect(lines).to_contain_text("<img src=x onerror=alert(1)> ")
    assert page.locator("img").count() == 0
    shown = lines.inner_text()
    assert "\x1b" not in shown
    assert "‮" not in shown


def test_a_key_is_revoked_and_its_server_is_seen_to_go(admin: Visitor, site: Bench) -> None:
    agent = site.start_agent("gone-1", site.add_server("gone-1"))
    page = admin.open("/servers/gone-1/keys")
    expect(page.get_by_text("online", exact=True)).to_be_visible()
    page.get_by_role("button", name="Revoke").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("chatops keys revoke")
    dialog.get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("offline", exact=True)).to_be_visible()
    assert agent.process.wait(15) == 3
