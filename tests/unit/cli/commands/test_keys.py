"""``chatops keys``."""

from __future__ import annotations

from tests.support.fake_hub import FakeHub, Reply, page
from tests.support.samples import HOSTILE, THEN, key
from tests.unit.cli.conftest import Invoke

MADE = {"id": "k1", "name": "spare", "key": "cok_a_b", "prefix": "a", "join": "coj_abc",
        "server": "web-1", "expires_at": None}  # fmt: skip


def test_the_list_says_which_keys_are_good(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /api-keys", page(key(), key(revoked_at=THEN), key(expires_at=THEN)))
    lines = cli("keys", "list", "web-1").out.splitlines()
    assert [line.split()[4] for line in lines] == ["STATE", "valid", "revoked", "expired"]
    assert hub.asked[0].query["server"] == ["web-1"]
    assert cli("keys", "list", "-q").out == "k1\nk1\nk1\n"


def test_a_hostile_name_is_only_text(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /api-keys", page(key(name=HOSTILE, server=HOSTILE)))
    text = cli("keys", "list").out
    assert len(text.splitlines()) == 2
    assert "\x1b" not in text


def test_making_one_shows_it_once_with_what_to_paste(cli: Invoke, hub: FakeHub) -> None:
    hub.on("POST /api-keys", Reply(201, MADE))
    done = cli("keys", "create", "web-1", "--name", "spare", "--expires", "90d")
    assert hub.asked[0].body == {"server": "web-1", "name": "spare", "expires_in": 7776000.0}
    assert "key      cok_a_b\n" in done.out
    assert "CHATOPS_JOIN=coj_abc chatops agent" in done.out
    assert cli("keys", "create", "web-1", "-o", "json").json() == MADE
    assert cli("keys", "create", "web-1", "-q").out == "cok_a_b\n"


def test_revoking_asks_first(cli: Invoke, hub: FakeHub) -> None:
    hub.on("DELETE /api-keys/k1", key(revoked_at=THEN))
    assert cli("keys", "revoke", "k1").code == 2
    done = cli("keys", "revoke", "k1", "--yes")
    assert (done.out, done.err) == ("", "revoked the key default of web-1\n")
    done = cli("keys", "revoke", "k1", "--yes", "-o", "json")
    assert (done.json(), done.err) == (key(revoked_at=THEN), "revoked the key default of web-1\n")
