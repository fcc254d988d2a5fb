"""``chatops login``, ``logout`` and ``profiles``."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatops.cli.profiles import Profiles
from tests.support.certificates import self_signed
from tests.support.fake_hub import FakeHub, Reply, error, fake_hub
from tests.support.samples import user
from tests.unit.cli.conftest import Invoke

PAIR = {"access_token": "access", "refresh_token": "refresh", "token_type": "bearer",
        "expires_in": 1800}  # fmt: skip
LOGIN = ["-u", "ada", "--password-stdin"]


@pytest.fixture
def open_hub(hub: FakeHub) -> FakeHub:
    hub.on("POST /auth/login", PAIR)
    hub.on("POST /auth/logout", Reply(204))
    return hub


def test_signing_in_makes_a_profile_called_by_its_hub(
    nobody: Invoke, open_hub: FakeHub, config: Path
) -> None:
    done = nobody("login", open_hub.url + "/", *LOGIN, stdin="s3cret\n")
    assert (done.code, done.out) == (0, "")
    name = open_hub.url.removeprefix("http://")
    assert done.err == f"signed in to {open_hub.url} as ada (profile {name})\n"
    book = Profiles(config).read()
    assert book.active == name
    kept = book.profiles[name]
    assert (kept.hub, kept.user, kept.token, kept.refresh_token) == (
        open_hub.url, "ada", "access", "refresh",
    )  # fmt: skip
    assert "s3cret" not in (config / "profiles.json").read_text()


def test_the_url_is_optional_once_a_profile_is_active(nobody: Invoke, open_hub: FakeHub) -> None:
    assert nobody("login", *LOGIN, stdin="x\n").code == 3
    assert nobody("login", open_hub.url, "--profile", "prod", *LOGIN, stdin="x\n").code == 0
    assert nobody("login", "--profile", "prod", *LOGIN, stdin="x\n").code == 0
    assert nobody("login", *LOGIN, stdin="x\n").code == 0


def test_credentials_that_are_refused_change_nothing(
    nobody: Invoke, hub: FakeHub, config: Path
) -> None:
    hub.on("POST /auth/login", error(401, "not_signed_in", "wrong user or password"))
    done = nobody("login", hub.url, *LOGIN, stdin="x\n")
    assert done.code == 3
    assert not config.exists()


def test_a_token_by_variable_is_not_sent_when_signing_in(nobody: Invoke, open_hub: FakeHub) -> None:
    nobody("login", open_hub.url, *LOGIN, stdin="x\n", CHATOPS_TOKEN="other")
    assert "authorization" not in open_hub.asked[0].headers


@pytest.mark.parametrize("words", [[], ["-u", "ada"], ["--password-stdin"]])
def test_without_a_terminal_everything_must_be_given(
    nobody: Invoke, open_hub: FakeHub, words: list[str]
) -> None:
    done = nobody("login", open_hub.url, *words, stdin="x\n")
    assert done.code == 2
    assert "hint: give " in done.err


def test_signing_out_ends_the_session_and_keeps_the_profile(
    nobody: Invoke, open_hub: FakeHub, config: Path
) -> None:
    nobody("login", open_hub.url, "--profile", "prod", *LOGIN, stdin="x\n")
    assert nobody("logout").code == 0
    assert open_hub.asked[-1].body == {"refresh_token": "refresh"}
    kept = Profiles(config).read().profiles["prod"]
    assert (kept.token, kept.refresh_token) == (None, None)
    assert "there was no session" in nobody("logout").err


def test_signing_out_forgets_also_when_the_hub_is_gone(
    nobody: Invoke, open_hub: FakeHub, config: Path
) -> None:
    nobody("login", open_hub.url, *LOGIN, stdin="x\n")
    open_hub.on("POST /auth/logout", Reply(500, raw=b"?"))
    done = nobody("logout")
    assert done.code == 0
    assert "the hub could not be told" in done.err
    assert all(one.token is None for one in Profiles(config).read().profiles.values())


def test_a_token_by_hand_has_no_session_to_end(cli: Invoke) -> None:
    assert cli("logout").code == 3


def test_profiles_are_listed_without_secrets_chosen_and_forgotten(
    nobody: Invoke, open_hub: FakeHub
) -> None:
    for name in ("prod", "test"):
        nobody("login", open_hub.url, "--profile", name, *LOGIN, stdin="x\n")
    rows = nobody("profiles", "list", "-o", "json").json()
    assert [(row["name"], row["active"], row["signed_in"]) for row in rows] == [
        ("prod", False, True), ("test", True, True),
    ]  # fmt: skip
    assert "access" not in nobody("profiles", "list", "-o", "csv").out
    assert nobody("profiles", "use", "prod").code == 0
    assert nobody("profiles", "use", "none").code == 4
    assert nobody("profiles", "rm", "prod").code == 2
    assert nobody("profiles", "rm", "prod", "--yes").code == 0
    assert nobody("profiles", "list", "-q").out == "test\n"
    assert nobody("servers", "list").code == 3  # none is active now


def test_a_variable_can_name_the_new_profile(nobody: Invoke, open_hub: FakeHub) -> None:
    named = {"CHATOPS_PROFILE": "prod"}
    assert nobody("login", open_hub.url, *LOGIN, stdin="x\n", **named).code == 0
    assert nobody("profiles", "list", "-q").out == "prod\n"
    assert nobody("login", *LOGIN, stdin="x\n", **named).code == 0
    assert nobody("login", *LOGIN, stdin="x\n", CHATOPS_PROFILE="none").code == 4


def test_a_name_that_no_profile_can_have(nobody: Invoke, open_hub: FakeHub) -> None:
    done = nobody("login", open_hub.url, "--profile", "../x", *LOGIN, stdin="x\n")
    assert done.code == 2


def test_an_unknown_certificate_is_refused_without_a_terminal(
    nobody: Invoke, config: Path, tmp_path: Path
) -> None:
    certificate = self_signed(tmp_path)
    with fake_hub(certificate.file) as secure:
        secure.on("POST /auth/login", PAIR)
        secure.on("GET /health", {"status": "ok", "version": "1", "registration": "closed"})
        done = nobody("login", secure.url, *LOGIN, stdin="x\n")
        assert done.code == 7
        assert certificate.fingerprint in done.err
        assert not config.exists()
        pinned = ["--fingerprint", certificate.fingerprint]
        assert nobody("login", secure.url, *LOGIN, *pinned, stdin="x\n").code == 0
        by_authority = ["--ca-file", str(certificate.file), "--profile", "ca"]
        assert nobody("login", secure.url, *LOGIN, *by_authority, stdin="x\n").code == 0
        secure.on("GET /auth/me", user())
        for name in Profiles(config).read().profiles:  # both keep what they trust
            assert nobody("whoami", "-q", "--profile", name).out == "ada\n"


def test_a_changed_password_signs_in_again(nobody: Invoke, open_hub: FakeHub) -> None:
    nobody("login", open_hub.url, "-u", "ada", "--password-stdin", stdin="old password\n")
    open_hub.on("GET /auth/me", user())
    open_hub.on("POST /auth/password", Reply(204))
    open_hub.on("POST /auth/login", PAIR | {"access_token": "new", "refresh_token": "newer"})
    done = nobody("passwd", "--password-stdin", stdin="old password\nnew password\n")
    assert (done.code, done.out) == (0, "")
    assert "all your sessions ended" in done.err
    assert "signed in again" in done.err
    assert open_hub.asked[-1].body == {"username": "ada", "password": "new password"}
    (profile,) = Profiles().read().profiles.values()
    assert (profile.token, profile.refresh_token) == ("new", "newer")


def test_without_a_profile_a_changed_password_asks_to_sign_in(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /auth/me", user())
    hub.on("POST /auth/password", Reply(204))
    done = cli("passwd", "--password-stdin", stdin="old password\nnew password\n")
    assert done.code == 0
    assert done.err.endswith("sign in again with `chatops login`\n")
    words = ("passwd", "--password-stdin", "-o", "json")
    assert cli(*words, stdin="old password\nnew password\n").json()["name"] == user()["name"]


def test_ends_are_printed_for_machines(nobody: Invoke, open_hub: FakeHub) -> None:
    nobody("login", open_hub.url, "--profile", "prod", *LOGIN, stdin="x\n")
    row = {"name": "prod", "hub": open_hub.url, "user": "ada", "active": True, "signed_in": False}
    assert nobody("logout", "-o", "json").json() == row
    assert nobody("profiles", "use", "prod", "-o", "json").json() == row
    assert nobody("profiles", "rm", "prod", "--yes", "-o", "json").json() == row
