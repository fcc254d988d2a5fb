"""``chatops users``, ``whoami``, ``passwd``, ``register``."""

from __future__ import annotations

import json

from tests.support.fake_hub import FakeHub, Reply, error, page
from tests.support.samples import HOSTILE, THEN, token, user
from tests.unit.cli.conftest import Invoke


def test_the_list(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /users", page(user(), user("bob", disabled=True, role="admin")))
    lines = cli("users", "list").out.splitlines()
    assert lines[0].split() == ["NAME", "ROLE", "STATE", "CREATED", "LAST", "LOGIN"]
    assert lines[2].split()[:3] == ["bob", "admin", "disabled"]
    assert cli("users", "list", "-o", "csv").out.splitlines()[0] == (
        "id,name,role,disabled,created_at,last_login"
    )


def test_a_hostile_user_is_only_text(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /users", page(user(HOSTILE)))
    text = cli("users", "list").out
    assert len(text.splitlines()) == 2
    assert "\x1b" not in text


def test_passwords_come_from_stdin_and_stand_nowhere(cli: Invoke, hub: FakeHub) -> None:
    hub.on("POST /users", Reply(201, user()))
    hub.on("PATCH /users/ada", user())
    hub.on("GET /tokens", page())
    words = ["users", "create", "ada", "--role", "operator", "--password-stdin"]
    done = cli(*words, stdin="s3cret pass\n")
    assert "s3cret" not in done.out + done.err
    assert hub.asked[0].body == {"name": "ada", "password": "s3cret pass", "role": "operator"}
    cli("users", "reset-password", "ada", "--password-stdin", stdin="another\n")
    assert hub.asked[-1].body["password"] == "another"
    assert cli("users", "create", "ada").code == 2


def test_a_new_password_says_what_ends_and_what_stays(cli: Invoke, hub: FakeHub) -> None:
    reset = ["users", "reset-password", "ada", "--password-stdin"]
    hub.on("PATCH /users/ada", user())
    hub.on("GET /tokens", page(token(), token(expires_at=THEN)))
    first = "ada has a new password, and its sessions have ended\n"
    done = cli(*reset, stdin="another\n")
    assert (done.out, done.err) == (
        "", first + "1 API token stays good: `chatops tokens list --user ada` shows them, "
        "`chatops tokens revoke ID` ends one\n",
    )  # fmt: skip
    assert hub.asked[0].query["user"] == ["ada"]
    hub.on("GET /tokens", page(token(), token()))
    assert "\n2 API tokens stay good: " in cli(*reset, stdin="another\n").err
    hub.on("GET /tokens", page(token(expires_at=THEN)))
    assert cli(*reset, stdin="another\n").err == first
    hub.on("GET /tokens", error(403, "not_permitted", "this is for administrators"))
    hub.on("PATCH /users/ada", error(403, "not_permitted", "this needs the role admin"))
    done = cli(*reset, stdin="another\n")
    assert (done.code, "needs the role admin" in done.err) == (5, True)


def test_changes_print_the_account_for_machines(cli: Invoke, hub: FakeHub) -> None:
    hub.on("PATCH /users/ada", user(disabled=True))
    hub.on("GET /tokens", page())
    for words in (
        ["set-role", "ada", "admin"],
        ["disable", "ada"],
        ["enable", "ada"],
        ["reset-password", "ada", "--password-stdin"],
    ):
        done = cli("users", *words, "-o", "json", stdin="another\n")
        assert done.json() == user(disabled=True), words
        assert done.err, words
        assert cli("users", *words, stdin="another\n").out == "", words


def test_changes(cli: Invoke, hub: FakeHub) -> None:
    hub.on("PATCH /users/ada", user(role="admin"))
    hub.on("DELETE /users/ada", Reply(204))
    assert (
        cli("users", "set-role", "ada", "admin").err
        == "ada is admin now, and has to sign in again\n"
    )
    assert cli("users", "disable", "ada").code == 0
    assert cli("users", "enable", "ada").code == 0
    assert cli("users", "delete", "ada", "--reassign-to", "bob").code == 2
    assert cli("users", "delete", "ada", "--reassign-to", "bob", "--yes").code == 0
    assert [asked.body and asked.body["disabled"] for asked in hub.asked] == [
        None, True, False, None,
    ]  # fmt: skip
    assert hub.asked[-1].query == {"reassign_to": ["bob"]}


def test_who_am_i(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /auth/me", user())
    assert cli("whoami", "-q").out == "ada\n"
    assert "role        viewer\n" in cli("whoami").out
    assert "token" not in cli("whoami").out
    assert cli("whoami", "-o", "json").json() == user(token=None)


def test_with_an_api_token_whoami_says_what_it_is_for(cli: Invoke, hub: FakeHub) -> None:
    mine = user(role="operator", token=token(name=HOSTILE, servers="web-*"))
    hub.on("GET /auth/me", mine)
    lines = cli("whoami").out.splitlines()
    assert lines[2].split() == ["role", "operator"]
    assert lines[7:] == ["token id    t1", "servers     web-*", "expires     never"]
    assert lines[6].startswith("token       [bold red]x[/]")
    assert cli("whoami", "-o", "json").json() == mine
    hub.on("GET /auth/me", user(token=token(expires_at=THEN)))
    assert "servers     all that the account may see\n" in cli("whoami").out


def test_changing_ones_password(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /auth/me", user())
    hub.on("POST /auth/password", Reply(204))
    assert cli("passwd", "--password-stdin", stdin="old one\nnew one\n").code == 0
    assert hub.asked[-1].body == {"current": "old one", "new": "new one"}


def test_registering(nobody: Invoke, hub: FakeHub) -> None:
    hub.on("POST /auth/register", Reply(201, user()))
    done = nobody("register", hub.url, "-u", "ada", "--password-stdin", stdin="s3cret pass\n")
    assert done.code == 0
    assert f"chatops login {hub.url} -u ada" in done.err
    assert nobody("register", "-u", "ada", "--password-stdin", stdin="x\n").code == 3


def test_a_removed_account_is_printed_for_machines(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /users/ada", user())
    hub.on("DELETE /users/ada", Reply(204))
    done = cli("users", "delete", "ada", "--yes", "-o", "json")
    assert (done.code, done.json(), done.err) == (0, user(), "deleted ada\n")
    hub.on("DELETE /users/ada", error(409, "conflict", "it owns servers"))
    done = cli("users", "delete", "ada", "--yes", "-o", "json")
    assert (done.code, done.out) == (6, "")
    assert json.loads(done.err) == {"error": {"code": "conflict", "message": "it owns servers"}}
