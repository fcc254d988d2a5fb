"""``chatops shell`` at a real terminal: full-screen programs, keys, sizes, and how to lose it."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import termios
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pexpect
import pytest

from tests.e2e.test_cli_terminal import ended
from tests.support.processes import PROGRAM, Bench, bench
from tests.support.tmux import Screen, screen
from tests.support.waiting import until

SHELL = shlex.join([*PROGRAM, "shell", "web-1"])
BASH = ("bash", "--norc", "--noprofile")


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A hub with an agent ``web-1`` that opens terminals; tests may not end either."""
    with bench(tmp_path_factory.mktemp("shell")) as made:
        made.start_hub()
        made.login()
        made.start_agent("web-1", made.add_server("web-1"), "--allow", "shell")
        yield made


def shell(fleet: Bench, *words: str, wait: str = "") -> AbstractContextManager[pexpect.spawn[str]]:
    """``chatops shell web-1 WORDS``."""
    return at_terminal(fleet, "shell", "web-1", *words, wait=wait)


@contextmanager
def at_terminal(place: Bench, *words: str, wait: str = "") -> Iterator[pexpect.spawn[str]]:
    """``chatops WORDS`` at a terminal of 30 lines; its settings are the same after."""
    environ = {**place.environ, "TERM": "xterm-256color"}
    child = pexpect.spawn(
        PROGRAM[0], [*PROGRAM[1:], *words], env=environ, dimensions=(30, 90),
        timeout=45, encoding="utf-8", maxread=65_536,
    )  # fmt: skip
    child.delaybeforesend = None
    before = termios.tcgetattr(child.child_fd)
    try:
        if wait:
            child.expect_exact(wait)
        yield child
        child.wait()
        assert termios.tcgetattr(child.child_fd) == before
    finally:
        child.close(force=True)


def said(place: Bench, recording: str) -> str:
    """All that is recorded of what was printed."""
    _, *events = place.run("recordings", "export", recording, "-").out.splitlines()
    return "".join(text for _, code, text in map(json.loads, events) if code == "o")


def test_it_is_a_terminal_with_keys_sizes_jobs_and_a_status(fleet: Bench) -> None:
    with shell(fleet, *BASH, wait="# ") as child:
        child.sendline("tty; stty size")
        child.expect(r"/dev/pts/\d+\r\n30 90\r\n")
        child.setwinsize(40, 120)
        child.sendline("until [ \"$(stty size)\" = '40 120' ]; do sleep 0.02; done; echo resi''zed")
        child.expect_exact("resized")
        child.sendline("sh -c 'echo sle''eping; exec sleep 1000'")
        child.expect_exact("sleeping")
        child.sendcontrol("c")
        child.sendline("echo status=$?")
        child.expect_exact("status=130")
        child.sendline("sh -c 'echo sle''eping; exec sleep 1000'")
        child.expect_exact("sleeping")
        child.sendcontrol("z")
        child.expect_exact("Stopped")
        child.sendline("kill %1; wait %1; echo ünï''cødé")
        child.expect_exact("ünïcødé")
        child.sendline("exit 7")
        assert ended(child)[0] == 7


@pytest.mark.parametrize(
    ("words", "status"),
    [(["exit 3"], 3), (["no-such-program", "x"], 127), (["kill -KILL $$"], 137)],
)
def test_the_status_is_the_commands(fleet: Bench, words: list[str], status: int) -> None:
    with shell(fleet, *words) as child:
        assert ended(child)[0] == status


def test_a_flood_is_interrupted(fleet: Bench) -> None:
    with shell(fleet, *BASH, wait="# ") as child:
        child.sendline("yes")
        child.expect("(y\r\n){1000}")
        child.sendcontrol("c")
        child.sendline("echo sta''tus=$?")
        child.expect_exact("status=130")
        child.sendline("exit")
        assert ended(child)[0] == 0


def test_a_tilde_and_a_dot_leave_and_hang_up(fleet: Bench, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    with shell(
        fleet, f"trap 'echo hup > {mark}; exit' HUP; echo rea''dy; cat", wait="ready"
    ) as one:
        one.send("\r~?")
        one.expect_exact("this help")
        one.send("\r~.")
        code, rest = ended(one)
    assert "hung up" in rest
    assert code == 129 or mark.exists()
    until(mark.exists, what="the hang-up")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_hangs_up_and_puts_the_terminal_back(fleet: Bench, number: signal.Signals) -> None:
    line = "printf '\\033[?1049h\\033[?25l'; echo rea''dy; exec sleep 1000"
    with shell(fleet, line, wait="ready") as child:
        os.kill(child.pid, number)
        code, rest = ended(child)
    assert code == 128 + number
    assert "\x1b[?25h\x1b[?1049l\x1b[0m" in rest


def titles(terminal: Screen) -> list[str]:
    """What top shows that does not change, and on which lines."""
    shown = terminal.shows("load average", "COMMAND").splitlines()
    known = (re.match(r"top -|Tasks:|%Cpu|MiB Mem|MiB Swap|  +PID .*", line) for line in shown)
    return [found[0] if found else "" for found in known]


def test_full_screen_programs_show_what_they_show_at_any_terminal(
    fleet: Bench, tmp_path: Path
) -> None:
    text = tmp_path / "lines"
    text.write_text("".join(f"line {number} of many ü\n" for number in range(1, 201)))
    with screen(tmp_path, fleet.environ, 95, 24) as terminal:
        terminal.press(f"stty -a > {tmp_path}/before; clear; less {text}", "Enter")
        wanted = terminal.shows("line 23 of many ü", str(text))
        terminal.press("q")
        terminal.shows("ready$")
        terminal.press(f"clear; {SHELL} less {text}", "Enter")
        assert terminal.shows("line 23 of many ü", str(text)) == wanted
        terminal.press("G")
        terminal.shows("line 200 of many ü", "(END)")
        terminal.resize(100, 30)
        until(lambda: terminal.text.splitlines()[29:] == ["(END)"], what="the new size")
        terminal.press("g")
        terminal.shows("line 1 of many ü", "line 29 of many ü")
        terminal.press("q")
        terminal.shows("ready$")
        terminal.press(f"clear; {SHELL} vim -u NONE -N {text}; echo code=$?", "Enter")
        terminal.shows("line 20 of many ü")
        terminal.press("G", "o", "typed here", "Escape", ":wq", "Enter")
        terminal.shows("code=0")
        assert text.read_text().endswith("ü\ntyped here\n")
        terminal.press("clear; top", "Enter")
        wanted = titles(terminal)
        terminal.press("q")
        terminal.shows("ready$")
        terminal.press(f"clear; {SHELL} top", "Enter")
        assert titles(terminal) == wanted
        terminal.resize(90, 26)
        until(lambda: terminal.text.splitlines()[25:26] not in ([], [""]), what="the new size")
        terminal.press("q")
        terminal.shows("ready$")
        terminal.press(f"stty -a > {tmp_path}/after; clear; echo do''ne", "Enter")
        terminal.shows("done")
    before, after = (
        re.sub("rows [0-9]+; columns [0-9]+", "", (tmp_path / name).read_text())
        for name in ("before", "after")
    )
    assert before == after


def test_suspended_it_gives_the_terminal_back_and_comes_back(fleet: Bench, tmp_path: Path) -> None:
    with screen(tmp_path, fleet.environ, 80, 24) as terminal:
        terminal.press(f"set -m; stty -a > {tmp_path}/before", "Enter")
        terminal.press(f"{SHELL} 'stty -echo; echo begun; read x; echo got $x'", "Enter")
        terminal.shows("begun")
        terminal.press("~", "C-z")
        terminal.shows("Stopped")
        terminal.press(f"clear; stty -a | cmp - {tmp_path}/before && echo sa''me", "Enter")
        terminal.shows("same")
        terminal.press("fg", "Enter")
        terminal.shows("chatops.cli shell")
        terminal.press("me", "Enter")
        terminal.shows("got")


def test_without_a_terminal_it_says_what_to_use(fleet: Bench) -> None:
    done = fleet.run("shell", "web-1", stdin="uptime\n")
    assert (done.code, done.out) == (125, "")
    assert "stdin is no terminal" in done.err
    assert "chatops exec -i" in done.err


def test_a_recording_is_listed_played_and_exported(fleet: Bench, tmp_path: Path) -> None:
    with shell(fleet, "printf 'ti\\033]0;tle\\007 ü'; sleep 0.3; echo end") as child:
        assert ended(child)[0] == 0
    one = fleet.run("recordings", "list", "-o", "json").json()[-1]
    fields = ["id", "server", "user", "command", "started_at", "duration_s", "size", "container"]
    assert list(one) == fields
    assert (one["server"], one["user"], one["container"]) == ("web-1", "admin", None)
    assert "\x1b" not in fleet.run("recordings", "list").out
    played = fleet.run("recordings", "play", "--speed", "100", one["id"])
    assert played.out.replace("\r\n", "\n") == "ti\x1b]0;tle\x07 üend\n"
    file = tmp_path / "a.cast"
    assert fleet.run("recordings", "export", one["id"], str(file)).code == 0
    head, *events = [json.loads(line) for line in file.read_text().splitlines()]
    assert (head["version"], head["title"].startswith("admin on web-1: printf")) == (2, True)
    assert events[-1][0] >= 0.3
    assert fleet.run("recordings", "export", one["id"], str(file)).code == 6
    assert fleet.run("recordings", "play", "nobody").code == 4
    refused = fleet.run("recordings", "play", one["id"], "-o", "json")
    assert (refused.code, refused.out) == (2, "")
    assert "recordings export" in refused.err


def test_it_outlives_a_hub_that_is_killed_and_so_does_its_recording(
    hub: Bench, tmp_path: Path
) -> None:
    hub.start_agent("web-1", hub.add_server("web-1"), "--allow", "shell")
    go = tmp_path / "go"
    line = f"echo be''gun; until [ -e {go} ]; do sleep 0.05; done; echo on; read x; echo got $x"
    with shell(hub, line, wait="begun") as child:
        hub.programs[0].process.kill()
        child.expect_exact("trying to attach again")
        child.send("typed")
        hub.start("hub", "serve", "--port", hub.url.rpartition(":")[2], "--data-dir",
                  str(hub.folder / "hub"))  # fmt: skip
        go.touch()
        child.expect_exact("the hub is back")
        child.expect_exact("on\r\n")
        child.send(" twice\r")
        child.expect_exact("got typed twice")
        assert ended(child)[0] == 0
    (one,) = hub.run("recordings", "list", "-o", "json").json()
    text = said(hub, one["id"])
    assert [text.count(word) for word in ("begun", "on\r\n", "got typed twice")] == [1, 1, 1]


def test_an_agent_that_is_killed_takes_it_along_and_the_terminal_is_put_back(hub: Bench) -> None:
    agent = hub.start_agent("web-1", hub.add_server("web-1"), "--allow", "shell")
    hub.run("settings", "set", "lost_after", "8s")
    with shell(hub, "echo $$; exec sleep 1000") as child:
        child.expect(r"(\d+)\r\n")
        pid = int(str(child.match[1]))
        agent.process.kill()
        child.expect_exact("[chatops: web-1 is away")
        code, rest = ended(child)
        until(lambda: not Path(f"/proc/{pid}").exists(), what="the end of the program")
    assert code == 122
    assert "error: the agent vanished" in re.sub(r"\x1b\[\d*m", "", rest)
