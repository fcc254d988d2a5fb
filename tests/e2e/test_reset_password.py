"""``users reset-password --data-dir``: the way back in, on the control host."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from chatops.cli.profiles import Profiles
from tests.support.processes import PASSWORD, PROGRAM, Bench, Finished, bench

NEW = "another password"
_SAID = (
    "admin has a new password, and its sessions have ended\n"
    "1 API token stays good: `chatops tokens list --user admin` shows them, "
    "`chatops tokens revoke ID` ends one\n"
)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Bench]:
    """A bench."""
    with bench(tmp_path) as made:
        yield made


def reset(place: Bench, name: str = "admin", password: str = NEW, folder: str = "hub") -> Finished:
    """Reset a password in a data folder."""
    where = str(place.folder / folder)
    words = ["users", "reset-password", name, "--data-dir", where, "--password-stdin"]
    return place.run(*words, stdin=password + "\n")


def sign_in(place: Bench, password: str, name: str = "admin") -> int:
    """The exit code of a login."""
    return place.run("login", place.url, "-u", name, "--password-stdin", stdin=password).code


def test_it_works_without_a_hub_and_ends_the_sessions(place: Bench) -> None:
    hub = place.start_hub()
    place.login()
    words = ["users", "create", "ada", "--password-stdin"]
    assert place.run(*words, stdin=PASSWORD).code == 0
    assert place.run("users", "disable", "ada").code == 0
    token = place.run("tokens", "create", "ci", "-q").out.strip()
    hub.stop()
    done = reset(place)
    assert (done.code, done.out, done.err) == (0, "", _SAID)
    other = reset(place, "ada")
    assert other.err == (
        "ada has a new password, and its sessions have ended\n"
        "the account is disabled: `chatops users enable ada` lets it sign in\n"
    )
    for path in (place.folder / "hub").iterdir():
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path
    (profile,) = Profiles(place.folder / "config").read().profiles.values()
    place.start_hub()
    listing = ("servers", "list", "--hub", place.url)
    assert place.run(*listing, CHATOPS_TOKEN=profile.token or "").code == 3
    assert place.run(*listing, CHATOPS_TOKEN=token).code == 0
    assert sign_in(place, PASSWORD) == 3
    assert sign_in(place, NEW) == 0
    assert sign_in(place, NEW, "ada") == 3
    assert sign_in(place, NEW) == 0
    trail = place.run("audit", "list", "--action", "users.update", "-o", "json").json()
    assert [(one["target"], one["address"], one["user"]) for one in trail[-2:]] == [
        ("admin", "local", None), ("ada", "local", None)
    ]  # fmt: skip
    assert NEW not in str(trail)


def test_it_does_nothing_where_it_cannot(place: Bench) -> None:
    hub = place.start_hub()
    running = reset(place)
    assert running.code == 6
    assert f"process {hub.process.pid}" in running.err
    assert "leave out --data-dir" in running.err
    hub.stop()
    assert reset(place, "nobody").code == 4
    assert reset(place, password="short").code == 2
    assert reset(place, password="").code == 2
    nowhere = reset(place, folder="nothing")
    assert (nowhere.code, (place.folder / "nothing").exists()) == (4, False)
    words = ["users", "reset-password", "admin", "--data-dir", str(place.folder / "hub")]
    without = place.run(*words)
    assert (without.code, "--password-stdin" in without.err) == (2, True)
    place.start_hub()
    assert sign_in(place, PASSWORD) == 0


def test_at_a_terminal_it_asks_twice(place: Bench) -> None:
    place.start_hub().stop()
    words = ["users", "reset-password", "admin", "--data-dir", str(place.folder / "hub")]
    child = pexpect.spawn(PROGRAM[0], [*PROGRAM[1:], *words], env=place.environ, encoding="utf-8",
                          timeout=20)  # fmt: skip
    child.expect("new password for admin: ")
    child.sendline(NEW)
    child.expect("new password for admin again: ")
    child.sendline(NEW)
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    place.start_hub()
    assert sign_in(place, NEW) == 0
