"""The command line against a real hub: accounts, servers, keys, histories, metrics, sessions."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator

import pytest

from chatops.cli.profiles import Profiles
from tests.support.processes import PASSWORD, PROGRAM, Bench, bench
from tests.support.waiting import until


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A hub for tests that take away what they add, signed in as its admin."""
    with bench(tmp_path_factory.mktemp("own")) as made:
        made.start_hub()
        made.login()
        yield made


def test_a_servers_life(own: Bench) -> None:
    added = own.run("servers", "add", "db-1", "--tag", "env=prod", "--key", "-o", "json").json()
    assert {"id", "name", "key", "prefix", "join"} <= set(added["key"])
    assert added["key"]["key"].startswith("cok_")
    assert own.run("servers", "add", "db-1").code == 6
    assert own.run("servers", "add", "all").code == 2
    assert own.run("servers", "add", added["id"]).code == 2
    own.run("servers", "tag", "db-1", "role=db", "env-")
    own.run("servers", "rename", "db-1", "db-2")
    assert own.run("servers", "shares", "db-2", "-o", "json").json() == []
    assert own.run("servers", "list", "--tag", "role=db", "-q").out == "db-2\n"
    assert own.run("servers", "list", "--tag", "env=prod", "-q").out == ""
    assert own.run("servers", "list", "--status", "never", "-q").out == "db-2\n"
    assert own.run("servers", "show", added["id"], "-q").out == "db-2\n"
    assert own.run("metrics", "show", "db-2").code == 4
    shown = own.run("servers", "list", "-o", "csv").out.splitlines()
    assert shown[0].startswith("id,name,status,tags,owner,os,agent_version,created_at,last_seen,")
    assert own.run("servers", "rm", "db-2").code == 2
    assert own.run("servers", "rm", "db-2", "--yes").code == 0
    assert own.run("servers", "show", "db-2").code == 4


def test_a_keys_life(own: Bench) -> None:
    own.run("servers", "add", "db-1")
    made = own.run("keys", "create", "db-1", "--name", "spare", "--expires", "90d", "-o", "json")
    listed = own.run("keys", "list", "db-1", "-o", "json").json()
    assert [(one["id"], one["name"]) for one in listed] == [(made.json()["id"], "spare")]
    assert listed[0]["expires_at"] is not None
    assert made.json()["key"] not in own.run("keys", "list", "-o", "json").out
    assert own.run("keys", "revoke", listed[0]["id"], "--yes").code == 0
    assert own.run("keys", "revoke", listed[0]["id"], "--yes").code == 6
    assert own.run("keys", "create", "nobody").code == 4
    assert own.run("servers", "rm", "db-1", "--yes").code == 0


def test_an_accounts_life(own: Bench) -> None:
    words = ["users", "create", "ada", "--role", "operator", "--password-stdin"]
    assert own.run(*words, stdin=PASSWORD).code == 0
    assert own.run(*words, stdin=PASSWORD).code == 6
    assert own.run("users", "create", "bob", "--password-stdin", stdin="short").code == 2
    login = ["login", own.url, "-u", "ada", "--password-stdin"]
    other = {"CHATOPS_CONFIG_DIR": str(own.folder / "ada")}
    assert own.run(*login, stdin="wrong password", **other).code == 3
    assert own.run(*login, stdin=PASSWORD, **other).code == 0
    assert own.run("whoami", "-q", **other).out == "ada\n"
    assert own.run("users", "list", **other).code == 5
    assert own.run("audit", "list", **other).code == 5
    changed = own.run("passwd", "--password-stdin", stdin=f"{PASSWORD}\nanother one\n", **other)
    assert changed.code == 0
    assert own.run("users", "disable", "ada").code == 0
    assert own.run("whoami", **other).code == 3
    assert own.run(*login, stdin="another one", **other).code == 3
    assert own.run("users", "enable", "ada").code == 0
    assert own.run(*login, stdin="another one", **other).code == 0
    assert own.run("users", "delete", "ada", "--yes").code == 0
    assert own.run("register", "-u", "eve", "--password-stdin", stdin=PASSWORD).code == 5


def test_what_happened_is_told(shared: Bench) -> None:
    actions = [one["action"] for one in shared.run("audit", "list", "-o", "json").json()]
    assert "servers.add" in actions
    events = shared.run("events", "web-1", "-o", "json").json()
    assert events[0]["event"] == "connected"
    status = shared.run("status", "-o", "json").json()
    assert status["servers"]["online"] >= 1
    assert status["url"] == shared.url
    assert shared.run("events", "nobody").code == 4


def test_metrics_in_all_forms(shared: Bench) -> None:
    shown = shared.run("metrics", "show", "web-1", "-o", "json").json()
    assert {"server", "ts", "cpu", "load", "memory", "swap", "disks", "disk_io", "network",
            "temperatures", "uptime_s", "process_count", "containers"} <= set(shown)  # fmt: skip
    assert "/" in {disk["mount"] for disk in shown["disks"]}
    rows = until(
        lambda: shared.run("metrics", "history", "web-1", "memory", "-o", "json").json(),
        what="a history",
    )
    assert set(rows[0]) == {"ts", "metric", "value", "min", "max"}
    assert shared.run("metrics", "history", "web-1", "bogus").code == 2


def test_watching_goes_on_until_it_is_interrupted(shared: Bench) -> None:
    for target in ("web-1", "web-*"):
        watcher = subprocess.Popen(
            [*PROGRAM, "metrics", "watch", target, "-o", "ndjson"], env=shared.environ,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert watcher.stdout is not None
        samples = [json.loads(watcher.stdout.readline()) for _ in range(2)]
        assert [one["server"] for one in samples] == ["web-1", "web-1"]
        watcher.send_signal(2)
        _, err = watcher.communicate(timeout=15)
        assert (watcher.returncode, err) == (130, b"")
    assert shared.run("metrics", "watch", "nobody").code == 4


def test_ci_needs_two_variables_and_no_file(shared: Bench) -> None:
    token = Profiles(shared.folder / "config").read()
    (profile,) = token.profiles.values()
    environ = {"CHATOPS_CONFIG_DIR": "/nonexistent/chatops", "CHATOPS_HUB": shared.url,
               "CHATOPS_TOKEN": profile.token or ""}  # fmt: skip
    assert shared.run("whoami", "-q", **environ).out == "admin\n"
    assert shared.run("exec", "web-1", "true", **environ).code == 0


def test_two_programs_that_renew_one_session_do_not_end_it(own: Bench) -> None:
    profiles = Profiles(own.folder / "config")
    with profiles.change() as book:
        for profile in book.profiles.values():
            profile.token = "expired"
    programs = [
        subprocess.Popen([*PROGRAM, "whoami", "-q"], env=own.environ, stdout=subprocess.PIPE)
        for _ in range(6)
    ]
    assert [program.communicate(timeout=60)[0] for program in programs] == [b"admin\n"] * 6
    assert own.run("whoami", "-q").out == "admin\n"


def test_signing_out(own: Bench) -> None:
    other = {"CHATOPS_CONFIG_DIR": str(own.folder / "other")}
    login = ["login", own.url, "-u", "admin", "--password-stdin"]
    assert own.run(*login, stdin=PASSWORD, **other).code == 0
    assert own.run("logout", **other).code == 0
    done = own.run("whoami", **other)
    assert done.code == 3
    assert "hint: " in done.err


def test_a_hub_that_went_away(hub: Bench) -> None:
    hub.programs[0].stop()
    done = hub.run("servers", "list", "-o", "json")
    assert (done.code, done.out) == (7, "")
    assert json.loads(done.err)["error"]["code"] == "hub_unreachable"


def test_readers_that_leave_early_are_no_error(shared: Bench) -> None:
    line = f"{' '.join(PROGRAM)} audit list --limit 0 -o json | head -c 1"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line}"], env=shared.environ, capture_output=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert done.stderr == b""
