"""``chatops tokens``."""

from __future__ import annotations

from tests.support.fake_hub import FakeHub, Reply, page
from tests.support.samples import HOSTILE, THEN, server, token
from tests.unit.cli.conftest import Invoke

MADE = {"id": "t1", "name": "ci", "token": "cot_a_b", "role": "operator", "servers": "web-*",
        "expires_at": None, "last_used": None}  # fmt: skip
ID = "018f0000-0000-7000-8000-000000000001"


def test_the_list_fits_a_terminal_and_says_what_each_is_for(cli: Invoke, hub: FakeHub) -> None:
    listed = page(token(id=ID), token(id=ID, servers="web-*", expires_at=THEN, last_used=THEN))
    hub.on("GET /tokens", listed)
    lines = cli("tokens", "list").out.splitlines()
    assert lines[0].split() == ["ID", "NAME", "ROLE", "SERVERS", "EXPIRES", "USED"]
    assert lines[1].split()[2:] == ["viewer", "all", "-", "-"]
    assert lines[2].split()[2:5] == ["viewer", "web-*", "expired"]
    assert max(len(line) for line in lines) <= 80
    assert "user" not in hub.asked[0].query
    assert cli("tokens", "list", "-q").out == f"{ID}\n{ID}\n"
    assert cli("tokens", "list", "-o", "csv").out.splitlines()[0] == (
        "id,name,role,servers,expires_at,last_used"
    )
    cli("tokens", "list", "--user", "ada")
    assert hub.asked[-1].query["user"] == ["ada"]


def test_a_hostile_name_is_only_text(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /tokens", page(token(name=HOSTILE, servers=HOSTILE)))
    text = cli("tokens", "list").out
    assert len(text.splitlines()) == 2
    assert "\x1b" not in text


def test_making_one_shows_it_once(cli: Invoke, hub: FakeHub) -> None:
    hub.on("POST /tokens", Reply(201, MADE))
    words = ["tokens", "create", "ci", "--role", "operator", "--servers", "web-*"]
    done = cli(*words, "--expires", "90d")
    assert hub.asked[0].body == {
        "name": "ci", "role": "operator", "servers": "web-*", "expires_in": 7776000.0
    }  # fmt: skip
    assert "token    cot_a_b\n" in done.out
    assert "expires  never\n" in done.out
    assert cli("tokens", "create", "ci", "-o", "json").json() == MADE
    assert hub.asked[-1].body["role"] == "viewer"
    assert cli("tokens", "create", "ci", "-q").out == "cot_a_b\n"
    assert cli("tokens", "create", "ci", "--role", "admin").code == 2
    assert cli("tokens", "create", "ci", "--expires", "soon").code == 2


def test_revoking_asks_first(cli: Invoke, hub: FakeHub) -> None:
    hub.on("DELETE /tokens/t1", token())
    assert cli("tokens", "revoke", "t1").code == 2
    done = cli("tokens", "revoke", "t1", "--yes")
    assert (done.out, done.err) == ("", "revoked the token ci\n")
    assert cli("tokens", "revoke", "t1", "--yes", "-o", "json").json() == token()


def test_a_token_for_nobody_is_told(cli: Invoke, hub: FakeHub) -> None:
    hub.on("POST /tokens", Reply(201, MADE))
    hub.on("GET /servers", page(server("web-1")))
    words = ["tokens", "create", "ci", "--servers"]
    assert cli(*words, "web-*").err == ""
    done = cli(*words, "zz-*")
    assert (done.code, done.err) == (
        0, "no server matches 'zz-*' now, only what is added later\n"
    )  # fmt: skip
