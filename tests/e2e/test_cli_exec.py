"""``chatops exec`` with a real hub and agent: every byte, every exit status."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import with_agent
from tests.support.processes import PROGRAM, Bench
from tests.support.waiting import until


def commands(place: Bench) -> list[dict[str, Any]]:
    """What the audit trail says was run."""
    records = place.run("audit", "list", "--action", "commands.run", "-o", "json").json()
    return [record["detail"] for record in records if record["outcome"] != "not_found"]


def popen(place: Bench, *words: str, **options: Any) -> subprocess.Popen[bytes]:
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.Popen(
        [*PROGRAM, "exec", *words], env=place.environ, stdin=subprocess.DEVNULL, **options
    )


def is_running(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def remote_pid(file: Path) -> int:
    """The pid that a remote ``echo $$ > file`` wrote."""
    text = until(lambda: file.exists() and file.read_text().strip(), what="the remote pid")
    return int(text or 0)


def test_bytes_and_status_are_the_commands(shared: Bench) -> None:
    line = r"printf 'o\377\000\033[31m\r\n'; printf 'e\200' >&2; exit 7"
    done = shared.run("exec", "web-1", line)
    assert done == (7, b"o\xff\x00\x1b[31m\r\n", b"e\x80")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["web-1", "echo $((1+1))"], b"2\n"),
        (["web-1", "--", "echo $((1+1))"], b"2\n"),
        (["web-1", "echo", "$((1+1))"], b"$((1+1))\n"),
        (["web-1", "printf", "%s|", "a b", "", "--", "-o", "json"], b"a b||--|-o|json|"),
        (["--env", "A=b c", "--cwd", "/tmp", "web-1", 'echo "$A $PWD"'], b"b c /tmp\n"),
        (["--", "web-1", "echo x"], b"x\n"),
    ],
)
def test_a_line_goes_to_the_shell_and_a_vector_does_not(
    shared: Bench, words: list[str], expected: bytes
) -> None:
    assert shared.run("exec", *words) == (0, expected, b"")


def test_much_output_comes_whole(shared: Bench) -> None:
    done = shared.run("exec", "web-1", "seq 1 200000")
    assert done.code == 0
    assert done.stdout == b"".join(b"%d\n" % number for number in range(1, 200_001))


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["web-1", "true"], 0),
        (["web-1", "exit 255"], 255),
        (["web-1", "kill -9 $$"], 137),
        (["web-1", "no-such-program-here"], 127),
        (["web-1", "/etc/passwd", "x"], 126),
        (["--timeout", "200ms", "web-1", "sleep 60"], 124),
        (["nobody-1", "true"], 125),
        (["nobody-*", "true"], 125),
        (["--expect-count", "7", "web-*", "true"], 125),
        (["-i", "web-*", "true"], 125),
        (["--parallel", "0", "web-1", "true"], 125),
        (["--batch", "0%", "web-1", "true"], 125),
        (["web-1"], 125),
        (["--bogus", "web-1", "true"], 125),
        (["--hub", "http://127.0.0.1:9", "web-1", "true"], 125),
        (["--token", "wrong", "web-1", "true"], 125),
        (["--profile", "none", "web-1", "true"], 125),
        (["--timeout", "soon", "web-1", "true"], 125),
        (["--status-file", "/nonexistent/file", "web-1", "true"], 125),
        (["--status-file", "/", "web-1", "true"], 125),
    ],
)
def test_every_way_to_end_has_its_status(shared: Bench, words: list[str], status: int) -> None:
    done = shared.run("exec", *words)
    assert done.code == status, done.err
    assert ("error: " in done.err) == (status in (120, 121, 122, 124, 125))
    assert "Traceback" not in done.err


def test_a_server_that_is_offline_or_refuses(hub: Bench) -> None:
    key = hub.add_server("web-2")
    done = hub.run("exec", "web-2", "true")
    assert (done.code, done.out) == (120, "")
    assert "error: " in done.err
    hub.start_agent("web-2", key)
    done = hub.run("exec", "web-2", "true")
    assert (done.code, done.out) == (121, "")
    assert "--allow" in done.err


def test_json_is_one_array_and_the_status_file_the_same(shared: Bench, tmp_path: Path) -> None:
    file = tmp_path / "status.json"
    words = ["exec", "-o", "json", "--status-file", str(file), "web-1", r"printf 'a\377'; exit 3"]
    done = shared.run(*words)
    assert done.code == 3
    (result,) = done.json()
    assert result["status"] == "failed"
    assert result["exit_code"] == 3
    assert result["stdout"] is None
    assert base64.b64decode(result["stdout_b64"]) == b"a\xff"
    assert result["stderr"] == ""
    assert json.loads(file.read_text()) == [result]


def test_the_status_file_holds_an_array_also_when_nothing_ran(
    shared: Bench, tmp_path: Path
) -> None:
    file = tmp_path / "status.json"
    file.write_text("old")
    assert shared.run("exec", "--status-file", str(file), "nobody-1", "true").code == 125
    assert json.loads(file.read_text()) == []


@pytest.mark.parametrize("form", ["table", "json", "ndjson"])
def test_a_status_file_that_cannot_be_written_in_the_end(
    shared: Bench, tmp_path: Path, form: str
) -> None:
    """The command ran: 125 would say that nothing was sent."""
    folder = tmp_path / "gone"
    folder.mkdir()
    words = ["exec", "-o", form, "--status-file", str(folder / "s")]
    done = shared.run(*words, "web-1", f"rm -r {folder}; exit 3")
    assert done.code == 1
    assert "cannot write" in done.err
    if form == "json":
        assert done.json()[0]["exit_code"] == 3
    if form == "ndjson":
        last = json.loads(done.out.splitlines()[-1])
        assert (last["event"], last["exit_code"]) == ("summary", 1)


def test_events_are_objects_and_the_last_is_the_summary(shared: Bench) -> None:
    done = shared.run("exec", "-o", "ndjson", "web-1", "echo one; echo two >&2")
    events = [json.loads(line) for line in done.out.splitlines()]
    assert {event["v"] for event in events} == {1}
    assert events[0]["event"] == "start"
    assert events[-2]["event"] == "end"
    assert events[-2]["stdout"] == "one\n"
    assert events[-1] == {
        "v": 1, "event": "summary", "servers": 1, "succeeded": 1, "exit_code": 0,
        "run_id": events[0]["run_id"],
    }  # fmt: skip
    texts = {event["event"]: event["data"] for event in events if "data" in event}
    assert texts == {"stdout": "one\n", "stderr": "two\n"}


@pytest.mark.parametrize(
    "words",
    [
        ["--env", "x", "web-1", "true"],
        ["--timeout", "x", "web-1", "true"],
        ["--parallel", "0", "all", "true"],
        ["-i", "all", "true"],
        ["a b", "true"],
        ["web-1", "--"],
        ["nowhere", "true"],
        ["none-*", "true"],
        ["--expect-count", "7", "all", "true"],
        ["--status-file", "/none/x", "web-1", "true"],
        ["--token", "x", "web-1", "true"],
        ["--profile", "none", "web-1", "true"],
        ["--hub", "http://127.0.0.1:1", "web-1", "true"],
    ],
    ids=" ".join,
)
def test_the_summary_is_last_also_when_nothing_ran(shared: Bench, words: list[str]) -> None:
    done = shared.run("exec", "-o", "ndjson", *words)
    assert done.code == 125
    assert [json.loads(line) for line in done.out.splitlines()] == [
        {"v": 1, "event": "summary", "servers": 0, "succeeded": 0, "exit_code": 125,
         "run_id": None},
    ]  # fmt: skip
    assert json.loads(done.err)["error"]["message"]


def test_of_several_those_that_one_may_only_look_at_are_refused(hub: Bench) -> None:
    for name in ("mine", "theirs"):
        hub.start_agent(name, hub.add_server(name), "--allow", "exec")
    password = "ann's own password"
    hub.run("users", "create", "ann", "--role", "operator", "--password-stdin", stdin=password)
    for name, role in (("mine", "operator"), ("theirs", "viewer")):
        assert hub.run("servers", "share", name, "--user", "ann", "--role", role).code == 0
    login = ["login", hub.url, "-u", "ann", "--password-stdin"]
    assert hub.run(*login, "--profile", "ann", stdin=password).code == 0
    as_ann = ["exec", "--profile", "ann"]
    done = hub.run(*as_ann, "all", "echo hi")
    assert (done.code, done.out) == (123, "mine | hi\n")
    assert "theirs: refused: ann may only look there" in done.err
    done = hub.run(*as_ann, "their*", "echo hi")
    assert (done.code, done.out) == (123, "")
    assert hub.run(*as_ann, "theirs", "echo hi").code == 121


def test_detached_it_goes_on_alone(shared: Bench, tmp_path: Path) -> None:
    file = tmp_path / "made"
    done = shared.run("exec", "--detach", "web-1", f"echo done > {file}")
    assert done.code == 0
    assert re.fullmatch(r"[0-9a-f-]{36}\n", done.out)
    until(file.exists, what="the file of the detached command")
    started = shared.run("exec", "--detach", "-o", "json", "web-1", "true").json()
    assert started["commands"][0]["server"] == "web-1"


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_cancels_and_waits_for_the_confirmation(
    shared: Bench, tmp_path: Path, number: signal.Signals, status: int
) -> None:
    file = tmp_path / "pid"
    watcher = popen(shared, "web-1", f"echo $$ > {file}; exec sleep 600")
    pid = remote_pid(file)
    watcher.send_signal(number)
    out, err = watcher.communicate(timeout=20)
    assert watcher.returncode == status, err
    assert not is_running(pid)
    assert (out, b"Traceback" in err) == (b"", False)


def test_a_second_signal_leaves_at_once(shared: Bench, tmp_path: Path) -> None:
    file = tmp_path / "pid"
    line = f"trap '' TERM; echo $$ > {file}; while true; do sleep 0.1; done"
    watcher = popen(shared, "web-1", line)
    pid = remote_pid(file)
    watcher.send_signal(signal.SIGINT)
    assert watcher.stderr is not None
    assert b"cancelling" in watcher.stderr.readline()
    watcher.send_signal(signal.SIGINT)
    watcher.communicate(timeout=4)  # below the 5 s after which the agent kills
    assert watcher.returncode == 130
    until(lambda: not is_running(pid), what="the end of the cancelled command")


def test_a_hangup_leaves_the_command_running(shared: Bench, tmp_path: Path) -> None:
    file = tmp_path / "pid"
    watcher = popen(shared, "web-1", f"echo $$ > {file}; exec sleep 600")
    pid = remote_pid(file)
    watcher.send_signal(signal.SIGHUP)
    watcher.communicate(timeout=20)
    assert watcher.returncode == -signal.SIGHUP
    assert is_running(pid)
    os.kill(pid, signal.SIGKILL)
    until(lambda: not is_running(pid), what="the end of the command")


def test_a_reader_that_goes_away_cancels(shared: Bench, tmp_path: Path) -> None:
    file = tmp_path / "pid"
    watcher = popen(shared, "web-1", f"echo $$ > {file}; exec yes")
    pid = remote_pid(file)
    assert watcher.stdout is not None
    assert watcher.stdout.read(4) == b"y\ny\n"
    watcher.stdout.close()
    assert watcher.stderr is not None
    err = watcher.stderr.read()
    watcher.stderr.close()
    assert watcher.wait(20) == 141, err
    assert err == b""
    until(lambda: not is_running(pid), what="the end of the cancelled command")


def test_a_lost_agent_is_said(place: Bench) -> None:
    """The watcher learns the outcome that the hub gives a command whose agent is gone."""
    place.start_hub(CHATOPS_SERVE_LOST_AFTER="3s")
    place.login()
    fleet = with_agent(place)
    file = fleet.folder / "pid"
    watcher = popen(fleet, "web-1", f"echo $$ > {file}; exec sleep 600")
    pid = remote_pid(file)
    fleet.programs[-1].stop(signal.SIGKILL)
    out, err = watcher.communicate(timeout=60)
    assert (watcher.returncode, out) == (122, b"")
    assert b"error: " in err
    until(lambda: not is_running(pid), what="the end of the orphan")


def test_a_hub_that_comes_back_tells_the_outcome(fleet: Bench) -> None:
    file = fleet.folder / "pid"
    line = f"echo before; echo $$ > {file}; sleep 3; echo after; exit 5"
    watcher = popen(fleet, "web-1", line)
    remote_pid(file)
    port = fleet.url.rpartition(":")[2]
    fleet.programs[0].stop(signal.SIGKILL)
    fleet.start_hub(None, "--port", port)
    out, err = watcher.communicate(timeout=80)
    assert (watcher.returncode, out) == (5, b"before\nafter\n"), err


def test_nothing_is_recorded_of_what_was_not_sent(shared: Bench) -> None:
    before = len(commands(shared))
    shared.run("exec", "--timeout", "x", "web-1", "true")
    shared.run("exec", "web-1,web-2", "true")
    assert len(commands(shared)) == before
    assert os.environ.get("CHATOPS_TOKEN") is None
