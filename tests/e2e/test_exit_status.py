"""Every row of the table of exit statuses: exec, commands attach and commands wait, on one server
and on several, with real processes. The names of the tests are the rows."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import with_agent
from tests.support.processes import PASSWORD, PROGRAM, Bench, Finished, bench
from tests.support.waiting import until

Process = subprocess.Popen[bytes]
NOBODY = ["--hub", "http://127.0.0.1:9", "--token", "t"]
OWN = range(120, 126)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """web-1 and web-2 run commands, web-3 refuses all, db-1 is offline."""
    with bench(tmp_path_factory.mktemp("many")) as made:
        made.start_hub()
        made.login()
        for name in ("web-1", "web-2"):
            made.start_agent(name, made.add_server(name), "--allow", "exec")
        made.start_agent("web-3", made.add_server("web-3"))
        made.add_server("db-1")
        yield made


def start(place: Bench, *words: str, **options: Any) -> Process:
    """``chatops WORDS`` beside the test."""
    options = {"stdin": subprocess.DEVNULL, **options}
    return subprocess.Popen(
        [*PROGRAM, *words], env=place.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        **options,
    )  # fmt: skip


def ended(process: Process) -> Finished:
    out, err = process.communicate(timeout=60)
    return Finished(process.returncode, out, err)


def three_ways(place: Bench, target: str, line: str) -> list[Finished]:
    """What exec, attach and wait say of the same command line."""
    run = place.run("exec", "--detach", target, line).out.strip()
    waited = place.run("commands", "wait", run)
    return [place.run("exec", target, line), place.run("commands", "attach", run), waited]


def assert_ended(done: list[Finished], code: int) -> None:
    for one in done:
        assert one.code == code, one.err
        assert "Traceback" not in one.err


def pids(folder: Path, count: int) -> list[int]:
    """The pids that remote ``echo $$ > FOLDER/...`` wrote."""

    def written() -> list[int]:
        texts = [path.read_text().strip() for path in folder.iterdir()]
        return [int(text) for text in texts if text]

    return until(lambda: found if len(found := written()) == count else [], what="remote pids")


def is_running(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


# -- one server -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "code"),
    [("true", 0), ("exit 3", 3), ("exit 122", 122), ("exit 255", 255), ("kill -9 $$", 137),
     ("kill -TERM $$", 143), ("no-such-program-here", 127), ("/etc/passwd", 126)],
)  # fmt: skip
def test_one_it_ran_and_the_status_is_the_remote_one(many: Bench, line: str, code: int) -> None:
    done = three_ways(many, "web-1", line)
    assert_ended(done, code)
    assert all("error: " not in one.err for one in done)


def test_one_120_the_server_is_offline(many: Bench) -> None:
    done = three_ways(many, "db-1", "true")
    assert_ended(done, 120)
    assert all("error: db-1 is offline" in one.err for one in done)


def test_one_120_cancelled_before_it_started(many: Bench) -> None:
    """The second of two that go one after the other is cancelled while it waits."""
    words = ["exec", "--detach", "--parallel", "1", "-o", "json", "web-1,web-2", "sleep 600"]
    started = many.run(*words).json()
    first, second = (one["id"] for one in started["commands"])
    assert many.run("commands", "cancel", second).code == 0
    for word in ("attach", "wait"):
        done = many.run("commands", word, second)
        assert done.code == 120
        assert "error: " in done.err
    many.run("commands", "cancel", first)
    assert many.run("commands", "wait", first).code == 143


def test_one_121_the_agents_policy(many: Bench) -> None:
    done = three_ways(many, "web-3", "true")
    assert_ended(done, 121)
    assert all(one.err.startswith("error: ") for one in done)


def test_one_121_the_role(many: Bench) -> None:
    """Somebody whose server it is, and who is only a viewer now."""
    words = ["users", "create", "eve", "--role", "operator", "--password-stdin"]
    assert many.run(*words, stdin=PASSWORD).code == 0
    eve = {"CHATOPS_CONFIG_DIR": str(many.folder / "eve")}
    login = ["login", many.url, "-u", "eve", "--password-stdin"]
    assert many.run(*login, stdin=PASSWORD, **eve).code == 0
    assert many.run("servers", "add", "her-1", **eve).code == 0
    run = many.run("exec", "--detach", "her-1", "true", **eve).out.strip()
    assert many.run("users", "set-role", "eve", "viewer").code == 0  # which ends her session
    assert many.run(*login, stdin=PASSWORD, **eve).code == 0
    for words in (["exec", "her-1", "true"], ["commands", "attach", run]):
        done = many.run(*words, **eve)
        assert (done.code, done.out) == (121, "")
        assert done.err.startswith("error: ")
    assert many.run("commands", "wait", run, **eve).code == 120  # that it ran she may know
    assert many.run("exec", "her-*", "true", **eve).code == 125
    assert many.run("servers", "rm", "her-1", "--yes").code == 0


def test_one_122_and_several_1_the_agent_vanished(place: Bench) -> None:
    place.start_hub(CHATOPS_SERVE_LOST_AFTER="3s")
    place.login()
    fleet = with_agent(place)
    files = fleet.folder / "pids"
    files.mkdir()
    one = start(fleet, "exec", "web-1", f"echo $$ > {files}/one; exec sleep 600")
    pids(files, 1)  # the other one is to be the newest
    several = start(fleet, "exec", "web-*", f"echo $$ > {files}/several; exec sleep 600")
    remote = pids(files, 2)
    run = fleet.run("commands", "list", "--limit", "1", "-o", "json").json()[0]["run_id"]
    attached = start(fleet, "commands", "attach", run)
    fleet.programs[-1].stop(signal.SIGKILL)
    done = ended(one)
    assert (done.code, done.out) == (122, "")
    assert "error: " in done.err
    for process in (several, attached):
        done = ended(process)
        assert done.code == 1
        assert "web-1: lost" in done.err
        assert done.err.splitlines()[-1] == "0 of 1 succeeded"
    until(lambda: not any(map(is_running, remote)), what="the end of the orphans")


SHORT = """
import sys
from chatops.cli import main
from chatops.cli.running import following
following.RECOVERY = 1.0
sys.exit(main())
"""


@pytest.fixture(scope="module")
def gone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Finished]:
    """What those said who watched when the hub died for good, by whom they watched; with 1 s in
    place of the 60. ``status`` is the file of who gave ``json``."""
    folder = tmp_path_factory.mktemp("pids")
    status = folder / "status"
    given = {
        "web-1": ["web-1"], "web-*": ["web-*"], "-i web-1": ["-i", "web-1"],
        "json": ["-o", "json", "--status-file", str(status), "web-*"],
    }  # fmt: skip
    line = f"echo before; echo $$ > $(mktemp -p {folder} pid.XXX); exec sleep 600"
    with bench(tmp_path_factory.mktemp("gone")) as place:
        place.start_hub()
        place.login()
        with_agent(place)
        watching = {
            name: subprocess.Popen(
                [sys.executable, "-c", SHORT, "exec", *words, line], env=place.environ,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )
            for name, words in given.items()
        }  # fmt: skip
        for name, process in watching.items():
            assert process.stdout is not None
            if name != "json":  # which says all at the end
                assert process.stdout.readline().endswith(b"before\n")
        until(lambda: len([*folder.glob("pid.*")]) == len(given), what="all commands")
        hub, agent = place.programs
        hub.stop(signal.SIGKILL)
        done = {name: ended(process) for name, process in watching.items()}
        agent.stop(signal.SIGKILL)  # asked to end, it would wait for its commands
    return done | {"status": Finished(0, status.read_bytes(), b"")}


@pytest.mark.parametrize("words", ["web-1", "web-*", "-i web-1"])
def test_122_the_hub_is_gone_and_does_not_come_back(gone: dict[str, Finished], words: str) -> None:
    done = gone[words]
    assert (done.code, done.out) == (122, "")
    assert "trying to attach again for 1 s" in done.err
    assert re.search(r"^hint: `chatops commands attach [0-9a-f-]{36}", done.err, re.MULTILINE)
    assert ("--offset 7,0" in done.err) == (words != "web-*")


def test_122_for_machines_every_result_is_there(gone: dict[str, Finished]) -> None:
    done = gone["json"]
    assert done.code == 122
    (result,) = done.json()
    assert (result["server"], result["status"], result["truncated"]) == ("web-1", "lost", True)
    assert gone["status"].stdout == done.stdout
    assert '"hub_unreachable"' in done.err.splitlines()[-1]


def test_one_124_the_time_is_up_and_the_group_is_dead(many: Bench, tmp_path: Path) -> None:
    line = f"trap '' TERM; sleep 600 & echo $! > {tmp_path}/child; echo $$ > {tmp_path}/own; wait"
    done = many.run("exec", "--timeout", "300ms", "web-1", line)
    assert (done.code, done.out) == (124, "")
    assert done.err.startswith("error: ")
    assert not any(map(is_running, pids(tmp_path, 2)))


STOPPED = [
    ["--bogus", "web-1", "x"], ["web-1"], ["--timeout", "soon", "web-1", "x"], ["no-body", "x"],
    [*NOBODY, "web-1", "x"], ["--token", "wrong", "web-1", "x"], ["--env", "A", "web-1", "x"],
    ["-o", "csv", "web-1", "x"], ["--parallel", "1001", "web-1", "x"],
    ["--expect-count", "-1", "web-1", "x"], ["--idempotency-key", "k" * 300, "web-1", "x"],
    ["-i", "--detach", "web-1", "x"],
]  # fmt: skip


@pytest.mark.parametrize("words", STOPPED, ids=" ".join)
def test_one_125_chatops_itself_stopped(many: Bench, words: list[str]) -> None:
    done = many.run("exec", *words)
    assert (done.code, done.out) == (125, "")
    assert "error: " in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("word", ["attach", "wait"])
def test_125_of_attach_and_wait(many: Bench, word: str) -> None:
    nothing = "019b76da-a800-7000-8000-000000000001"
    for words in ([nothing], [nothing, "--bogus"], [nothing, *NOBODY], [], [nothing, "-o", "xml"]):
        done = many.run("commands", word, *words)
        assert (done.code, done.out) == (125, ""), words
        assert "error: " in done.err


def test_125_a_key_of_another_command(many: Bench) -> None:
    key = ["--idempotency-key", f"key of {many.folder}"]
    for _ in range(2):
        assert many.run("exec", *key, "web-1", "echo once; exit 4") == (4, b"once\n", b"")
    for words in (["web-1", "echo twice"], ["web-*", "echo once; exit 4"]):
        done = many.run("exec", *key, *words)
        assert (done.code, done.out) == (125, "")
        assert done.err.startswith("error: ")


# -- several ----------------------------------------------------------------------------


def test_several_0_all_succeeded(many: Bench) -> None:
    done = three_ways(many, "web-1,web-2", "echo x")
    assert_ended(done, 0)
    for one in done[:2]:
        assert sorted(one.out.splitlines()) == ["web-1 | x", "web-2 | x"]
    assert all(one.err == "2 of 2 succeeded\n" for one in done)


def test_several_even_when_only_one_matches(many: Bench) -> None:
    done = three_ways(many, "*-1,!db-*", "echo x; exit 7")
    assert_ended(done, 1)
    assert done[0].out == done[1].out == "web-1 | x\n"
    assert all(one.err == "web-1: exit status 7\n0 of 1 succeeded\n" for one in done)


def test_several_1_something_ran_and_did_not_succeed(many: Bench, tmp_path: Path) -> None:
    line = f"mkdir {tmp_path}/$(cat /proc/sys/kernel/random/uuid); ls {tmp_path} | wc -l; kill $$"
    done = many.run("exec", "all", line)
    assert done.code == 1
    lines = done.err.splitlines()
    assert lines[0] == "db-1: offline"
    assert lines[1:3] == ["web-1: killed by signal 15", "web-2: killed by signal 15"]
    assert lines[3].startswith("web-3: refused: ")
    assert lines[4:] == ["0 of 4 succeeded"]


def test_several_1_timed_out(many: Bench) -> None:
    done = many.run("exec", "--timeout", "200ms", "web-1,web-2", "sleep 60")
    assert done == (1, b"", b"web-1: timed out\nweb-2: timed out\n0 of 2 succeeded\n")


def test_several_1_max_failures(many: Bench) -> None:
    words = ["--max-failures", "1", "--parallel", "1", "web-1,web-2", "exit 9"]
    done = many.run("exec", *words)
    assert done.code == 1
    first, second, last = done.err.splitlines()
    assert (first, last) == ("web-1: exit status 9", "0 of 2 succeeded")
    assert second.startswith("web-2: cancelled: ")


def test_several_123_some_could_not_be_run(many: Bench) -> None:
    done = three_ways(many, "all", "true")
    assert_ended(done, 123)
    for one in done:
        assert one.err.startswith("error: ")
        assert one.err.splitlines()[1] == "db-1: offline"
        assert one.err.splitlines()[-1] == "2 of 4 succeeded"


def test_several_124_not_in_time(many: Bench) -> None:
    run = many.run("exec", "--detach", "web-1,web-2", "sleep 600").out.strip()
    done = many.run("commands", "wait", run, "--timeout", "200ms")
    assert (done.code, done.out) == (124, "")
    assert done.err.startswith("error: ")
    assert many.run("commands", "cancel", run).code == 0
    assert many.run("commands", "wait", run).code == 1


@pytest.mark.parametrize(
    "words",
    [
        ["nothing-*", "x"], ["--expect-count", "3", "web-1,web-2", "x"], ["web-*,", "x"],
        ["-i", "web-*", "x"], [*NOBODY, "all", "x"], ["--batch", "0", "all", "x"],
        ["--max-failures", "101%", "all", "x"], ["--dry-run", "nothing-*", "x"],
        ["--token", "wrong", "all", "x"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_several_125_nothing_was_sent(many: Bench, words: list[str]) -> None:
    done = many.run("exec", *words)
    assert (done.code, done.out) == (125, "")
    assert done.err.startswith("error: ")


# -- who watches stops ------------------------------------------------------------------


@pytest.mark.parametrize("target", ["web-1", "web-1,web-2"])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_130_and_143_it_is_cancelled_everywhere(
    many: Bench, tmp_path: Path, target: str, number: signal.Signals, code: int
) -> None:
    line = f"echo $$ > $(mktemp -p {tmp_path}); exec sleep 600"
    process = start(many, "exec", target, line)
    remote = pids(tmp_path, 1 + target.count(","))
    process.send_signal(number)
    done = ended(process)
    assert (done.code, done.out) == (code, "")
    assert "cancelling" in done.err
    assert not any(map(is_running, remote))


@pytest.mark.parametrize("target", ["web-1", "web-1,web-2"])
def test_141_a_reader_that_goes_away_cancels(many: Bench, tmp_path: Path, target: str) -> None:
    process = start(many, "exec", target, f"echo $$ > $(mktemp -p {tmp_path}); exec yes")
    remote = pids(tmp_path, 1 + target.count(","))
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline().endswith(b"y\n")
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(30) == 141
    until(lambda: not any(map(is_running, remote)), what="the end of the commands")


@pytest.mark.parametrize("target", ["web-1", "web-1,web-2"])
def test_a_hangup_leaves_it_running_and_somebody_else_may_cancel_it(
    many: Bench, tmp_path: Path, target: str
) -> None:
    process = start(many, "exec", target, f"echo $$ > $(mktemp -p {tmp_path}); exec sleep 600")
    remote = pids(tmp_path, 1 + target.count(","))
    process.send_signal(signal.SIGHUP)
    assert ended(process).code == -signal.SIGHUP
    assert all(map(is_running, remote))
    run = many.run("commands", "list", "--limit", "1", "-o", "json").json()[0]["run_id"]
    attached = start(many, "commands", "attach", run)
    assert many.run("commands", "cancel", run).code == 0
    done = ended(attached)
    assert done.code == (143 if target == "web-1" else 1)
    assert done.err.startswith("error: ") == (target == "web-1")
    assert not any(map(is_running, remote))


def test_130_a_second_signal_leaves_at_once(many: Bench, tmp_path: Path) -> None:
    line = (
        f"trap '' TERM; echo $$ > $(mktemp -p {tmp_path}); echo on; while true; do sleep 0.1; done"
    )
    file = tmp_path.with_suffix(".json")
    remote: list[int] = []
    for target in ("web-1", "web-1,web-2"):
        servers = target.split(",")
        process = start(many, "exec", "--status-file", str(file), target, line)
        remote = pids(tmp_path, len(remote) + len(servers))
        assert process.stderr is not None
        assert process.stdout is not None
        assert b"on" in process.stdout.readline()  # the hub has answered
        process.send_signal(signal.SIGINT)
        assert b"cancelling" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=4)  # below the 5 s after which the agents kill
        assert process.returncode == 130
        assert b"not waiting for the end" in err
        statuses = [one["status"] for one in json.loads(file.read_bytes())]
        assert statuses == ["running"] * len(servers)
    until(lambda: not any(map(is_running, remote)), what="the end of the commands")


def test_130_an_attached_watcher_leaves_and_the_command_goes_on(
    many: Bench, tmp_path: Path
) -> None:
    line = f"echo begun; echo $$ > $(mktemp -p {tmp_path}); exec sleep 600"
    run = many.run("exec", "--detach", "web-1", line).out.strip()
    (remote,) = pids(tmp_path, 1)
    attached = start(many, "commands", "attach", run)
    assert attached.stdout is not None
    assert attached.stdout.readline() == b"begun\n"
    attached.send_signal(signal.SIGINT)
    done = ended(attached)
    assert done.code == 130
    assert "goes on" in done.err
    assert is_running(remote)
    assert many.run("commands", "cancel", run).code == 0
    done = many.run("commands", "attach", run)
    assert (done.code, done.out) == (143, "begun\n")
    assert done.err.startswith("error: ")
