"""``chatops docker exec`` as a user: a real hub, a real agent, a real container."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.engine import RealEngine, real_engine
from tests.support.processes import PROGRAM, Bench, bench
from tests.support.waiting import until

POLICY = """
[policy]
allow = ["docker"]

[policy.docker]
host = "{host}"
containers = ["app"]

[policy.exec]
timeout = "30s"
"""


@pytest.fixture(scope="module")
def engine() -> Iterator[RealEngine]:
    """An engine with two containers."""
    with real_engine() as made:
        made.run("app")
        made.run("secret")
        yield made


@pytest.fixture(scope="module")
def place(engine: RealEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A hub, and an agent that may use one of them."""
    with bench(tmp_path_factory.mktemp("docker-exec")) as made:
        made.start_hub()
        made.login()
        file = made.folder / "agent.toml"
        file.write_text(POLICY.format(host=engine.host))
        file.chmod(0o600)
        made.start_agent("web-1", made.add_server("web-1"), "--config", str(file))
        yield made


def is_sleeping(seconds: int) -> bool:
    """Whether a process of this host runs ``sleep SECONDS``, in whichever container."""
    wanted = f"sleep\0{seconds}\0".encode()
    for one in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if one.read_bytes() == wanted:
                return True
        except OSError:
            continue
    return False


def test_bytes_and_status_are_the_commands(place: Bench) -> None:
    line = r"printf 'o\377\000\033[31m\r\n'; printf 'e\200' >&2; exit 7"
    done = place.run("docker", "exec", "web-1", "app", line)
    assert done == (7, b"o\xff\x00\x1b[31m\r\n", b"e\x80")


def test_a_line_goes_to_the_shell_and_a_vector_does_not(place: Bench) -> None:
    run = ("docker", "exec", "--env", "A=b c", "--cwd", "/bin", "web-1", "app")
    assert place.run(*run, 'echo "$A $PWD"') == (0, b"b c /bin\n", b"")
    assert place.run(*run, "--", "echo", "$A", "-o", "json") == (0, b"$A -o json\n", b"")


def test_stdin_goes_in_whole(place: Bench) -> None:
    data = os.urandom(3_000_000)
    assert place.run("docker", "exec", "-i", "web-1", "app", "cat", "-", stdin=data).stdout == data


def test_json_has_the_result_and_lists_show_the_container(place: Bench) -> None:
    file = place.folder / "status.json"
    done = place.run(
        "docker", "exec", "--status-file", str(file), "-o", "json", "web-1", "app", "nosuch", "x"
    )
    (result,) = done.json()
    assert (done.code, result["exit_code"], result["status"]) == (127, 127, "failed")
    assert "not found" in result["error"]
    assert json.loads(file.read_text()) == [result]
    (record,) = place.run("commands", "list", "--limit", "1", "-o", "json").json()
    assert (record["container"], record["command"]) == ("app", ["nosuch", "x"])
    assert "[app] nosuch x" in place.run("commands", "list", "--limit", "1").out
    assert "container  app" in place.run("commands", "show", record["id"]).out


def test_ctrl_c_ends_it_in_the_container(place: Bench) -> None:
    words = [*PROGRAM, "docker", "exec", "web-1", "app", "sleep", "621"]
    with subprocess.Popen(
        words, env=place.environ, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        until(lambda: is_sleeping(621), what="the start in the container")
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
    assert not is_sleeping(621)


def test_a_time_limit_ends_it_with_124(place: Bench) -> None:
    done = place.run("docker", "exec", "--timeout", "1s", "web-1", "app", "sleep", "622")
    assert (done.code, done.err) == (124, "error: the time limit of 1 s was reached\n")
    assert not is_sleeping(622)


def test_what_is_not_run_says_why(place: Bench) -> None:
    for words, code, why in (
        (("web-1", "secret", "true"), 121, "error: there is no container 'secret'"),
        (("nowhere", "app", "true"), 125, "error: there is no server 'nowhere'"),
        (("web-*", "app", "true"), 125, "a container is on one server"),
        (("web-1", "app"), 125, "missing argument"),
        (("-o", "csv", "web-1", "app", "true"), 125, "no csv form"),
    ):
        done = place.run("docker", "exec", *words)
        assert (done.code, done.out, why in done.err) == (code, "", True), done.err
    record = place.run("audit", "list", "--action", "commands.run", "-o", "json").json()
    refused = [one["detail"] for one in record if one["outcome"] == "refused"]
    assert "no container 'secret'" in refused[-1]["error"]


def test_detached_it_is_waited_for_like_any_other(place: Bench) -> None:
    run = place.run("docker", "exec", "--detach", "web-1", "app", "echo hi; exit 4").out.strip()
    assert place.run("commands", "wait", run).code == 4
    assert place.run("commands", "output", run).stdout == b"hi\n"


def test_what_may_be_done_is_shown_on_both_sides(place: Bench) -> None:
    shown = place.run("servers", "show", "web-1").out
    assert "those that its patterns name, with commands in them" in shown
    check = ("agent", "check", "--config", str(place.folder / "agent.toml"), "--container")
    allowed = place.run(*check, "app", "uptime")
    assert (allowed.code, "docker.exec" in allowed.out) == (0, True)
    assert "time limit" in allowed.out
    hidden = place.run(*check, "secret", "uptime")
    assert (hidden.code, "docker.containers" in hidden.out) == (5, True)
