"""``chatops settings``: what is asked of the hub, and what is shown."""

from __future__ import annotations

from typing import Any

from tests.support.fake_hub import FakeHub, error, page
from tests.support.samples import HOSTILE, THEN
from tests.unit.cli.conftest import Invoke


def setting(**fields: object) -> dict[str, Any]:
    return {
        "key": "raw_retention", "value": 172_800.0, "text": "2d", "source": "set",
        "kind": "duration", "meaning": "how long raw samples are kept", "configured": 86_400.0,
        "changed_at": THEN, "changed_by": "ada",
    } | fields  # fmt: skip


def test_list_fits_a_terminal_and_get_shows_one(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /settings", page(setting(), setting(key="request_limit", text="500")))
    hub.on("GET /settings/raw_retention", setting())
    lines = cli("settings", "list").out.splitlines()
    assert lines[0].split() == ["KEY", "VALUE", "SOURCE", "MEANING"]
    assert lines[1].split()[:3] == ["raw_retention", "2d", "set"]
    assert cli("settings", "list", "-q").out.split() == ["raw_retention", "request_limit"]
    assert cli("settings", "list", "-o", "json").json()[0] == setting()
    assert cli("settings", "get", "raw_retention", "-q").out == "2d\n"
    assert cli("settings", "get", "raw_retention", "-o", "json").json() == setting()
    assert "by       ada" in cli("settings", "get", "raw_retention").out


def test_set_sends_the_text_and_default_resets(cli: Invoke, hub: FakeHub) -> None:
    hub.on("PUT /settings/raw_retention", setting())
    hub.on("DELETE /settings/raw_retention", setting(source="default", text="1d"))
    done = cli("settings", "set", "raw_retention", "48h")
    assert (done.code, done.out, done.err) == (0, "", "raw_retention is 2d now\n")
    assert hub.asked[-1].body == {"value": "48h"}
    done = cli("settings", "set", "raw_retention", "default")
    assert done.err == "raw_retention is 1d again, its default\n"
    hub.on("DELETE /settings/raw_retention", setting(source="config", text="3d"))
    done = cli("settings", "reset", "raw_retention")
    assert done.err == "raw_retention is 3d again, its configured value\n"
    assert hub.paths()[-2:] == ["DELETE /settings/raw_retention"] * 2


def test_what_nought_means_is_said_in_words(cli: Invoke, hub: FakeHub) -> None:
    ever = setting(key="audit_retention", value=0.0, text="0s")
    ever["meaning"] = "how long records are kept; 0: for ever"
    hub.on("GET /settings", page(ever, setting(value=0.0, text="0s")))
    hub.on("GET /settings/audit_retention", ever)
    hub.on("PUT /settings/audit_retention", ever)
    lines = cli("settings", "list").out.splitlines()
    assert lines[1].split()[1:4] == ["for", "ever", "set"]
    assert lines[2].split()[1:3] == ["0s", "set"]
    assert "value    for ever\n" in cli("settings", "get", "audit_retention").out
    assert cli("settings", "get", "audit_retention", "-q").out == "0s\n"
    assert cli("settings", "get", "audit_retention", "-o", "json").json() == ever
    done = cli("settings", "set", "audit_retention", "0", "-o", "json")
    assert (done.json(), done.err) == (ever, "audit_retention is for ever now\n")


def test_errors_have_their_codes_and_hints(cli: Invoke, hub: FakeHub) -> None:
    hub.on("PUT /settings/raw_retention", error(422, "invalid", "no", "the least is 1h"))
    hub.on("PUT /settings/nonsense", error(404, "not_found", "there is no setting"))
    hub.on("GET /settings", error(403, "not_permitted", "this needs the role admin"))
    done = cli("settings", "set", "raw_retention", "1s")
    assert (done.code, "hint: the least is 1h" in done.err) == (2, True)
    assert cli("settings", "set", "nonsense", "1").code == 4
    assert cli("settings", "list").code == 5
    assert cli("settings", "set", "raw_retention").code == 2


def test_hostile_text_is_only_text(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /settings", page(setting(text=HOSTILE, meaning=HOSTILE)))
    text = cli("settings", "list").out
    assert not set("\x1b\x9b\u202e") & set(text)
