"""``chatops users``, ``whoami``, ``passwd``, ``register``."""

from __future__ import annotations

from tests.support.fake_hub import FakeHub, Reply, page
from tests.support.samples import HOSTILE, user
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
    words = ["users", "create", "ada", "--role", "operator", "--password-stdin"]
    done = cli(*words, stdin="s3cret pass\n")
    assert "s3cret" not in done.out + done.err
    assert hub.asked[0].body == {"name": "ada", "password": "s3cret pass", "role": "operator"}
    cli("users", "reset-password", "ada", "--password-stdin", stdin="another\n")
    assert hub.asked[1].body["password"] == "another"
    assert cli("users", "create", "ada").code == 2


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
