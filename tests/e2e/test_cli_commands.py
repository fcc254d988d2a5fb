"""``chatops commands`` with a real hub and agent."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.processes import PASSWORD, PROGRAM, Bench
from tests.support.waiting import until

FIELDS = ["id", "run_id", "server", "user", "command", "status", "exit_code", "signal",
          "created_at", "started_at", "finished_at", "duration_ms", "truncated",
          "error", "container"]  # fmt: skip


def detach(place: Bench, *words: str) -> str:
    """Start a command; its run's id."""
    done = place.run("exec", "--detach", "web-1", *words)
    assert done.code == 0, done.err
    return done.out.strip()


@pytest.fixture
def sleeping(shared: Bench, tmp_path: Path) -> Iterator[str]:
    """A command that has started and goes on until its end is asked for: its run's id."""
    file = tmp_path / "started"
    run = detach(shared, f"echo begun; echo begun >&2; touch {file}; exec sleep 600")
    until(file.exists, what="the start of the command")
    until(lambda: "running" in shared.run("commands", "show", run).out, what="the record of it")
    yield run
    shared.run("commands", "cancel", run)
    shared.run("commands", "wait", run, "--timeout", "20s")


def test_a_commands_life(shared: Bench) -> None:
    run = detach(shared, "printf", "o\\377\\000\\r\\n")
    assert shared.run("commands", "wait", run, "--timeout", "20s") == (0, b"", b"")
    (listed,) = shared.run("commands", "list", "--run", run, "-o", "json").json()
    assert list(listed) == FIELDS
    assert (listed["run_id"], listed["server"], listed["user"]) == (run, "web-1", "admin")
    assert (listed["command"], listed["status"]) == (["printf", "o\\377\\000\\r\\n"], "succeeded")
    assert shared.run("commands", "show", listed["id"], "-o", "json").json() == listed
    assert shared.run("commands", "show", run, "-o", "json").json() == listed
    assert shared.run("commands", "output", run) == (0, b"o\xff\x00\r\n", b"")
    result = shared.run("commands", "output", listed["id"], "-o", "json").json()
    assert (result["command_id"], result["stdout"]) == (listed["id"], None)
    assert result["stdout_b64"] == "b/8ADQo="
    assert shared.run("commands", "cancel", run).code == 6


def test_the_newest_are_listed_oldest_first(shared: Bench) -> None:
    runs = [detach(shared, "true") for _ in range(3)]
    found = shared.run("commands", "list", "--server", "web-1", "--limit", "2", "-o", "json")
    assert [one["run_id"] for one in found.json()] == runs[1:]
    assert "newest 2" in found.err
    assert shared.run("commands", "list", "--user", "nobody", "-o", "json").json() == []
    assert shared.run("commands", "list", "--until", "7d", "-q").out == ""
    assert shared.run("commands", "list", "--server", "nobody").code == 4


@pytest.mark.parametrize(
    ("line", "status"), [("exit 7", 7), ("kill -9 $$", 137), ("exit 124", 124)]
)
def test_waiting_gives_the_commands_own_status(shared: Bench, line: str, status: int) -> None:
    done = shared.run("commands", "wait", detach(shared, line))
    assert (done.code, done.out, done.err) == (status, "", "")


def test_what_is_not_over_can_be_read_waited_for_and_cancelled(
    shared: Bench, sleeping: str
) -> None:
    done = shared.run("commands", "wait", sleeping, "--timeout", "300ms")
    assert (done.code, done.out) == (124, "")
    assert "is running" in done.err
    done = until(
        lambda: (got := shared.run("commands", "output", sleeping)).out and got,
        what="the output so far",
    )
    assert done is not None
    assert (done.code, done.out) == (0, "begun\n")
    assert "begun\nthe command is not over" in done.err
    asked = shared.run("commands", "cancel", sleeping, "-o", "json")
    assert (asked.code, asked.json()["run_id"]) == (0, sleeping)
    done = shared.run("commands", "wait", sleeping, "-o", "json")
    assert (done.code, done.json()["status"]) == (143, "cancelled")
    assert done.json()["signal"] == signal.SIGTERM
    assert shared.run("commands", "cancel", sleeping).code == 6


def test_an_interrupted_wait_leaves_the_command_running(shared: Bench, sleeping: str) -> None:
    waiter = subprocess.Popen(
        [*PROGRAM, "commands", "wait", sleeping], env=shared.environ,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    # It handles signals once its program is loaded, which it is when it talks to the hub.
    until(lambda: _has_socket(waiter.pid), what="a waiter that asks the hub")
    waiter.send_signal(signal.SIGINT)
    out, err = waiter.communicate(timeout=15)
    assert (waiter.returncode, out, err) == (130, b"", b"")
    assert shared.run("commands", "show", sleeping, "-o", "json").json()["status"] == "running"


def test_a_viewer_sees_that_it_ran_and_not_its_output(hub: Bench) -> None:
    words = ["users", "create", "eve", "--role", "operator", "--password-stdin"]
    assert hub.run(*words, stdin=PASSWORD).code == 0
    eve = {"CHATOPS_CONFIG_DIR": str(hub.folder / "eve")}
    login = ["login", hub.url, "-u", "eve", "--password-stdin"]
    assert hub.run(*login, stdin=PASSWORD, **eve).code == 0
    assert hub.run("servers", "add", "her-1", **eve).code == 0
    assert hub.run("exec", "her-1", "true", **eve).code == 120
    assert hub.run("users", "set-role", "eve", "viewer").code == 0  # which ends her session
    assert hub.run(*login, stdin=PASSWORD, **eve).code == 0
    (record,) = hub.run("commands", "list", "-o", "json", **eve).json()
    assert hub.run("commands", "show", record["id"], "-o", "json", **eve).json() == record
    done = hub.run("commands", "wait", record["id"], **eve)
    assert done.code == 120
    assert "error: her-1 is offline" in done.err
    assert hub.run("commands", "output", record["id"], **eve).code == 5
    assert hub.run("exec", "her-1", "true", **eve).code == 121


def test_nobody_and_nothing(shared: Bench) -> None:
    nothing = "019b76da-a800-7000-8000-000000000001"
    for word in ("show", "output", "cancel"):
        assert shared.run("commands", word, nothing).code == 4
    assert shared.run("commands", "wait", nothing).code == 125
    assert shared.run("commands", "wait", nothing, "--bogus").code == 125
    away = ["--hub", "http://127.0.0.1:9", "--token", "t"]
    assert shared.run("commands", "wait", nothing, *away).code == 125
    assert shared.run("commands", "list", *away).code == 7
    assert shared.run("commands", "list", "--token", "wrong").code == 3


def _has_socket(pid: int) -> bool:
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # it comes and goes: a module that is loaded
            if "socket:" in str(link.readlink()):
                return True
    return False


def test_an_offset_past_the_end_is_told(shared: Bench) -> None:
    run = detach(shared, "printf abc; printf de >&2")
    assert shared.run("commands", "wait", run, "--timeout", "20s").code == 0
    command = shared.run("commands", "show", run, "-o", "json").json()["id"]
    done = shared.run("commands", "attach", command, "--offset", "9,1")
    assert (done.code, done.out) == (0, "")
    assert done.err == f"e--offset is past the end: stdout of {command} has 3 bytes\n"
    assert shared.run("commands", "attach", command, "--offset", "3,2") == (0, b"", b"")
