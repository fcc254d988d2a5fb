"""``chatops docker exec`` as a user: a real hub, a real agent, a real container."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.test_cli_shell import at_terminal, said
from tests.e2e.test_cli_terminal import ended
from tests.support.engine import RealEngine, real_engine
from tests.support.processes import PROGRAM, Bench, Program, bench
from tests.support.waiting import until

POLICY = """
[policy]
allow = ["docker"]

[policy.docker]
host = "{host}"
containers = ["app", "brief"]

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
    """A hub, and its agent."""
    with bench(tmp_path_factory.mktemp("docker-exec")) as made:
        made.start_hub()
        made.login()
        allow_docker(made, engine)
        yield made


def allow_docker(place: Bench, engine: RealEngine) -> Program:
    """An agent ``web-1`` that may use some of the containers."""
    file = place.folder / "agent.toml"
    file.write_text(POLICY.format(host=engine.host))
    file.chmod(0o600)
    return place.start_agent("web-1", place.add_server("web-1"), "--config", str(file))


NAP = "sleep 0.05"
IN_APP = ("docker", "exec", "-it", "web-1", "app")


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


def test_at_a_terminal_it_has_keys_sizes_jobs_and_a_status(place: Bench) -> None:
    with at_terminal(place, *IN_APP, "sh", wait="# ") as child:
        child.sendline(f"until [ \"$(stty size)\" = '30 90' ]; do {NAP}; done; echo $TERM''!")
        child.expect_exact("xterm-256color!")
        child.setwinsize(40, 120)
        child.sendline(f"until [ \"$(stty size)\" = '40 120' ]; do {NAP}; done; echo resi''zed")
        child.expect_exact("resized")
        child.sendline("sh -c 'echo sle''eping; exec sleep 631'")
        child.expect_exact("sleeping")
        child.sendcontrol("c")
        child.sendline("echo status=$?")
        child.expect_exact("status=130")
        child.sendline("sh -c 'echo sle''eping; exec sleep 631'")
        child.expect_exact("sleeping")
        child.sendcontrol("z")
        child.expect_exact("Stopped")
        child.sendline("kill -9 %1; wait %1; echo ünï''cødé")
        child.expect_exact("ünïcødé")
        child.sendline("echo re''ading; cat")
        child.expect_exact("reading")
        child.send("\x10\x11 is no way out\n")  # the engine's own keys to leave
        child.expect_exact("^P is no way out")
        child.sendcontrol("d")
        child.sendline("exit 7")
        assert ended(child)[0] == 7
    assert not is_sleeping(631)


def test_what_is_done_at_a_terminal_is_recorded_and_audited(place: Bench) -> None:
    with at_terminal(place, "docker", "exec", "--env", "A=b", *IN_APP[2:], "echo $A end") as child:
        assert ended(child)[0] == 0
    one = place.run("recordings", "list", "-o", "json").json()[-1]
    assert (one["server"], one["container"], one["command"]) == ("web-1", "app", "echo $A end")
    assert "[app] echo $A end" in place.run("recordings", "list").out
    assert place.run("recordings", "play", "--speed", "100", one["id"]).out == "b end\r\n"
    head = json.loads(place.run("recordings", "export", one["id"], "-").out.splitlines()[0])
    assert head["title"] == "admin on web-1 [app]: echo $A end"
    opened = place.run("audit", "list", "--action", "terminals.open", "-o", "json").json()[-1]
    assert (opened["user"], opened["detail"]["container"]) == ("admin", "app")


def test_leaving_with_a_tilde_ends_it_in_the_container(place: Bench) -> None:
    with at_terminal(place, *IN_APP, "echo rea''dy; exec sleep 632", wait="ready") as child:
        child.send("\r~.")
        code, rest = ended(child)
    assert (code, "hung up" in rest) == (129, True)
    assert not is_sleeping(632)


def test_a_container_that_ends_takes_its_terminal_along(place: Bench, engine: RealEngine) -> None:
    engine.run("brief")
    line = "printf '\\033[?25l'; echo rea''dy; exec sleep 633"
    with at_terminal(place, *IN_APP[:-1], "brief", line, wait="ready") as child:
        with engine.client() as client:
            client.remove_container("brief", force=True)
        code, rest = ended(child)
    assert (code, "\x1b[?25h" in rest) == (137, True)


@pytest.mark.parametrize(
    ("words", "stdin", "why"),
    [
        (("-it", "web-1", "app", "sh"), "x", "COMMAND`, without -t, takes a file or a pipe"),
        (("-t", "--detach", "web-1", "app", "sh"), "", "--detach is not for a terminal"),
        (("-t", "web-*", "app", "sh"), "", "a container is on one server"),
        (("-t", "web-1", "app", "--"), "", "no command was given"),
    ],
)
def test_what_makes_no_terminal_says_so(
    place: Bench, words: tuple[str, ...], stdin: str, why: str
) -> None:
    done = place.run("docker", "exec", *words, stdin=stdin)
    assert (done.code, done.out, why in done.err) == (125, "", True), done.err


def test_a_container_that_is_not_to_be_seen_gets_no_terminal(place: Bench) -> None:
    with at_terminal(place, *IN_APP[:-1], "secret", "sh") as child:
        code, rest = ended(child)
    assert (code, "there is no container 'secret'" in rest) == (121, True)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Bench]:
    """A hub that may be killed."""
    with bench(tmp_path) as made:
        made.start_hub()
        made.login()
        yield made


def test_it_outlives_a_hub_that_is_killed_and_not_its_agent(hub: Bench, engine: RealEngine) -> None:
    agent = allow_docker(hub, engine)
    hub.run("settings", "set", "lost_after", "1s")
    line = (
        f"echo be''gun; until [ -e /go ]; do {NAP}; done; echo on; read x; echo got $x; "
        "exec sleep 634"
    )
    with at_terminal(hub, *IN_APP, line, wait="begun") as child:
        hub.programs[0].process.kill()
        child.expect_exact("trying to attach again")
        child.send("typed")
        hub.start("hub", "serve", "--port", hub.url.rpartition(":")[2], "--data-dir",
                  str(hub.folder / "hub"))  # fmt: skip
        child.expect_exact("the hub is back")
        engine.execute("app", "touch", "/go")
        child.expect_exact("on\r\n")
        child.send(" twice\r")
        child.expect_exact("got typed twice")
        agent.process.kill()
        code, rest = ended(child)
    assert (code, "the agent vanished" in rest) == (122, True)
    until(lambda: not is_sleeping(634), what="the end in the container")
    (one,) = hub.run("recordings", "list", "-o", "json").json()
    text = said(hub, one["id"])
    assert [text.count(word) for word in ("begun", "on\r\n", "got typed twice")] == [1, 1, 1]
