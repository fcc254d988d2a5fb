"""``chatops servers``."""

from __future__ import annotations

import json

import pytest

from chatops.cli.commands.servers import tag_changes
from chatops.errors import InvalidInput
from tests.support.fake_hub import FakeHub, Reply, error, page
from tests.support.samples import HOSTILE, SERVER_ID, server
from tests.unit.cli.conftest import Invoke

KEY = {"id": "k1", "name": "default", "key": "cok_a_b", "prefix": "a", "join": "coj_abc",
       "server": "web-1"}  # fmt: skip


def test_the_list_is_a_table(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /servers", page(server(), server("db-1", status="never", tags={}, alerts=2)))
    assert cli("servers", "list").out == (
        "NAME   STATUS   CPU  MEMORY  DISK  ALERTS  SEEN  TAGS      OS\n"
        "web-1  online  1.2%   50.0%     -       0  -     env=prod  Debian 12\n"
        "db-1   never   1.2%   50.0%     -       2  -     -         Debian 12\n"
    )


def test_the_list_is_filtered_by_the_hub(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /servers", page())
    cli("servers", "list", "--tag", "env=prod", "--tag", "a=b", "--status", "online")
    assert hub.asked[0].query["tag"] == ["env=prod", "a=b"]
    assert hub.asked[0].query["status"] == ["online"]


def test_json_has_exactly_the_hubs_fields(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /servers", page(server()))
    assert cli("servers", "list", "-o", "json").json() == [server()]
    assert cli("servers", "list", "-q").out == "web-1\n"


def test_a_hostile_server_is_only_text(cli: Invoke, hub: FakeHub) -> None:
    hostile = server(HOSTILE, os=HOSTILE, tags={"k": HOSTILE}, owner=HOSTILE)
    hub.on("GET /servers", page(hostile))
    for form in ("table", "csv", "ndjson"):
        done = cli("servers", "list", "-o", form)
        assert len(done.out.splitlines()) == (1 if form == "ndjson" else 2)
        assert not set("\x1b\x9b\u202e") & set(done.out)
    assert cli("servers", "list", "-o", "json").json() == [hostile]
    assert "[bold red]x[/]" in cli("servers", "list", "-q").out


def test_adding_with_a_key_prints_the_line_to_paste(cli: Invoke, hub: FakeHub) -> None:
    hub.on("POST /servers", Reply(201, server() | {"key": KEY}))
    done = cli("servers", "add", "web-1", "--tag", "env=prod", "--key")
    assert hub.asked[0].body == {"name": "web-1", "tags": {"env": "prod"}, "key": True}
    last = "  CHATOPS_JOIN=coj_abc chatops agent --allow exec,docker\n"
    assert done.out.endswith(last)
    assert cli("servers", "add", "web-1", "--key", "--monitor-only").out.endswith(
        "  CHATOPS_JOIN=coj_abc chatops agent\n"
    )
    assert cli("servers", "add", "web-1", "--key", "-o", "json").json()["key"]["join"] == "coj_abc"
    assert cli("servers", "add", "web-1", "--key", "-q").out == "cok_a_b\n"
    hub.on("POST /servers", Reply(201, server()))
    assert cli("servers", "add", "web-1", "-q").out == "web-1\n"


def test_showing_one(cli: Invoke, hub: FakeHub) -> None:
    facts = {"hostname": "web-1.example.org", "kernel": "6.1"}
    hub.on("GET /servers/web-1", server() | {"host": facts, "allow": [], "address": "10.0.0.1"})
    text = cli("servers", "show", "web-1").out
    assert "allows       nothing\n" in text
    assert "hostname     web-1.example.org\n" in text
    hub.on("GET /servers/web-1", server())
    assert "allows       -\n" in cli("servers", "show", "web-1").out


def test_showing_what_its_policy_says_of_commands(cli: Invoke, hub: FakeHub) -> None:
    policy = {
        "commands": ["['uptime']", HOSTILE], "deny": ["'reboot'"], "user": HOSTILE, "path": "/bin",
        "env_allow": [], "folders": None, "max_running": 2, "timeout": 90.0, "max_output": 1024,
    }  # fmt: skip
    hub.on("GET /servers/web-1", server() | {"allow": ["exec"], "exec": policy})
    shown = cli("servers", "show", "web-1").out
    assert "limits       2 at a time, 1m30s time, 1 KiB output\n" in shown
    assert "commands     ['uptime'], " in shown
    assert "; never 'reboot'\n" in shown
    assert not set("\x1b\x9b\u202e") & set(shown)
    assert cli("servers", "show", "web-1", "-o", "json").json()["exec"] == policy
    unbounded = {"user": "root", "path": "/bin", "deny": [], "commands": None}
    hub.on("GET /servers/web-1", server() | {"allow": ["exec"], "exec": unbounded})
    shown = cli("servers", "show", "web-1").out
    for line in ("runs as      root\n", "commands     any\n", "limits       none\n"):
        assert line in shown


def test_renaming_tagging_and_removing(cli: Invoke, hub: FakeHub) -> None:
    hub.on("PATCH /servers/web-1", server("web-2"))
    hub.on(f"DELETE /servers/{SERVER_ID}", Reply(204))
    assert cli("servers", "rename", "web-1", "web-2").err == "web-1 is now web-2\n"
    assert cli("servers", "tag", "web-1", "env=test", "old-").code == 0
    assert [asked.body for asked in hub.asked] == [
        {"name": "web-2", "tags": None},
        {"name": None, "tags": {"env": "test", "old": None}},
    ]
    assert cli("servers", "rm", SERVER_ID).code == 2
    assert len(hub.asked) == 2
    assert cli("servers", "rm", SERVER_ID, "--yes").code == 0


def test_a_server_that_is_not_there(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /servers/gone", error(404, "not_found", "no such server", "look at the list"))
    done = cli("servers", "show", "gone")
    assert (done.code, done.out) == (4, "")
    assert done.err == "error: no such server\nhint: look at the list\n"
    done = cli("servers", "show", "gone", "-o", "json")
    assert json.loads(done.err) == {
        "error": {"code": "not_found", "message": "no such server", "hint": "look at the list"}
    }


@pytest.mark.parametrize("word", ["x", "-", "", "=v"])
def test_words_that_change_no_tag(word: str) -> None:
    with pytest.raises(InvalidInput):
        tag_changes([word])


def test_a_value_may_end_with_a_minus() -> None:
    assert tag_changes(["a=b-", "c-"]) == {"a": "b-", "c": None}


SHARE = {
    "server": "web-1", "user": "ada", "role": "operator", "effective": "operator",
    "created_at": "2026-01-02T03:04:05Z",
}  # fmt: skip


def test_sharing_and_taking_it_back(cli: Invoke, hub: FakeHub) -> None:
    hub.on("PUT /servers/web-1/shares", SHARE)
    hub.on("DELETE /servers/web-1/shares/ada", Reply(204))
    done = cli("servers", "share", "web-1", "--user", "ada", "--role", "operator")
    assert (done.code, done.out, done.err) == (0, "", "ada is operator on web-1\n")
    assert hub.asked[0].body == {"user": "ada", "role": "operator"}
    hub.on("PUT /servers/web-1/shares", SHARE | {"effective": "viewer"})
    done = cli("servers", "share", "web-1", "--user", "ada", "--role", "operator")
    assert done.err == ("ada is viewer on web-1\nthe account ada is viewer, and the less counts\n")
    gone = cli("servers", "unshare", "web-1", "--user", "ada")
    assert (gone.code, gone.err) == (0, "web-1 is not shared with ada any more\n")
    assert cli("servers", "share", "web-1", "--user", "ada", "--role", "admin").code == 2


def test_changes_print_the_server_for_machines(cli: Invoke, hub: FakeHub) -> None:
    hub.on("PATCH /servers/web-1", server("web-2", tags={"a": "b", "c": "d"}))
    hub.on("PUT /servers/web-1/shares", SHARE)
    done = cli("servers", "rename", "web-1", "web-2", "-o", "json")
    assert done.json() == server("web-2", tags={"a": "b", "c": "d"})
    assert done.err == "web-1 is now web-2\n"
    assert cli("servers", "rename", "web-1", "web-2").out == ""
    rows = cli("servers", "tag", "web-1", "a=b", "-o", "csv").out.splitlines()
    assert rows[1].split(",")[1:4] == ["web-2", "online", "a=b c=d"]
    share = ["servers", "share", "web-1", "--user", "ada", "--role", "operator"]
    assert cli(*share, "-o", "json").json() == SHARE


def test_shares_are_listed(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /servers/web-1/shares", page(SHARE))
    assert cli("servers", "shares", "web-1", "-q").out == "ada\n"
    assert cli("servers", "shares", "web-1", "-o", "json").json() == [SHARE]
    assert [one.query for one in hub.asked] == [{}, {}]  # the hub takes none here


DETAIL = server() | {"allow": ["exec"]}


def test_what_is_removed_is_printed_for_machines(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /servers/web-1", DETAIL)
    hub.on("DELETE /servers/web-1", Reply(204))
    done = cli("servers", "rm", "web-1", "--yes", "-o", "json")
    assert (done.code, done.json()["name"], done.err) == (0, "web-1", "removed web-1\n")
    shares = [SHARE, SHARE | {"user": "bob"}]
    left = iter([page(*shares), page(shares[1])])
    hub.on("GET /servers/web-1/shares", lambda _: Reply(body=next(left)))
    hub.on("DELETE /servers/web-1/shares/u1", Reply(204))  # an id, which no share has
    done = cli("servers", "unshare", "web-1", "--user", "u1", "-o", "json")
    assert (done.code, done.json()) == (0, SHARE)


def test_showing_one_names_who_shares_it(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /servers/web-1", DETAIL)
    assert "shared with  -\n" in cli("servers", "show", "web-1").out  # not for others to know
    hub.on("GET /servers/web-1/shares", page())
    assert "shared with  nobody\n" in cli("servers", "show", "web-1").out
    hub.on("GET /servers/web-1/shares", page(SHARE, SHARE | {"user": HOSTILE}))
    shown = cli("servers", "show", "web-1").out
    assert "shared with  ada (operator), [bold red]x" in shown
    assert "\x1b" not in shown
    hub.asked.clear()
    assert "shared" not in cli("servers", "show", "web-1", "-o", "json").out
    assert len(hub.asked) == 1
