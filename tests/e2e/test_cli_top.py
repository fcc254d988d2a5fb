"""``chatops top`` in a real terminal, with a real hub: sizes, colours, the hub's end, all ends."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
from pathlib import Path

import pytest

from tests.e2e.conftest import with_agent
from tests.support.processes import PROGRAM, Bench
from tests.support.tmux import Screen, screen
from tests.support.waiting import until

TOP = shlex.join([*PROGRAM, "top"])
_TRUECOLOUR = re.compile(r"\x1b\[[0-9;]*(?:38|48)[;:][25]")


def start(terminal: Screen, *words: str) -> None:
    """Start top in it, so that its exit code is said; wait for web-1 with a value."""
    terminal.press(f"{TOP} {shlex.join(words)}; echo code=$?", "Enter")
    until(lambda: re.search(r"● web-1 +\d+%", terminal.text), within=40, what="web-1 in top")


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)])
def test_it_fills_a_terminal_and_leaves_it_as_it_was(
    shared: Bench, tmp_path: Path, size: tuple[int, int]
) -> None:
    with screen(tmp_path, shared.environ, *size) as terminal:
        start(terminal)
        lines = terminal.shows("SERVER↑", "q Quit").splitlines()
        assert "1 server 1 online" in lines[0]
        assert len(lines) == size[1]
        assert max(map(len, lines)) <= size[0]
        assert not _TRUECOLOUR.search(terminal.styled), "a terminal has 16 colours"
        terminal.press("Enter")
        terminal.shows("1 overview", "cpu", "memory", "measured")
        terminal.press("3")
        terminal.shows("MOUNT", "INODES")
        terminal.press("5")
        terminal.shows("COMMAND", ", by cpu, ")
        terminal.resize(60, 12)
        terminal.press("Escape")
        terminal.shows("SERVER↑")
        terminal.press("q")
        after = terminal.shows("code=0", "ready$")
        assert "SERVER↑" not in after


def test_it_says_that_the_hub_is_gone_and_goes_on_when_it_is_back(
    hub: Bench, tmp_path: Path
) -> None:
    with_agent(hub)
    port = hub.url.rpartition(":")[2]
    with screen(tmp_path, hub.environ, 80, 24) as terminal:
        start(terminal)
        hub.programs[0].stop(signal.SIGKILL)
        terminal.shows("the hub is gone for ", " s")
        hub.start_hub(None, "--port", port)
        terminal.press("r")
        until(lambda: "the hub is gone" not in terminal.text, within=40, what="the hub's return")
        rule = hub.run("thresholds", "set", "cpu", "ge", "0", "--for", "0s", "--name", "any",
                       "--severity", "critical")  # fmt: skip
        assert rule.code == 0, rule.err
        terminal.shows("1 alert, 1 firing, 1 critical!", "1!")
        terminal.press("A")
        terminal.shows("! critical web-1", ">= 0", "firing")
        terminal.press("a")
        terminal.shows("acked: ")
        terminal.press("Escape")
        added = hub.run("servers", "add", "db-1")
        assert added.code == 0, added.err
        terminal.shows("· db-1", "2 servers")
        hub.run("servers", "rm", "db-1", "--yes")
        until(lambda: "db-1" not in terminal.text, within=20, what="db-1's end")
        terminal.press("C-c")
        terminal.shows("code=130")
        terminal.press(f"clear; {shlex.join([*PROGRAM, 'servers', 'list'])}", "Enter")
        terminal.shows("web-1", "1!")  # a critical one, in what lasts too


def test_control_z_suspends_and_fg_comes_back(shared: Bench, tmp_path: Path) -> None:
    with screen(tmp_path, shared.environ, 80, 24) as terminal:
        terminal.press("set -m", "Enter")
        start(terminal)
        terminal.press("C-z")
        terminal.shows("topped", "ready$")  # "Stopped", with a letter of the shell's own
        terminal.press("clear; fg; echo code=$?", "Enter")
        terminal.shows("SERVER↑", "q Quit")
        terminal.press("q")
        terminal.shows("code=0")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_it_and_gives_the_terminal_back(
    shared: Bench, tmp_path: Path, number: int, code: int
) -> None:
    with screen(tmp_path, shared.environ, 80, 24) as terminal:
        start(terminal)
        (pid,) = terminal.pids(" top")
        os.kill(pid, number)
        assert "SERVER↑" not in terminal.shows(f"code={code}", "ready$")
        terminal.press("echo visible", "Enter")  # the terminal echoes again
        terminal.shows("ready$ echo visible")


def test_it_ends_with_a_terminal_that_nobody_signals(shared: Bench) -> None:
    """As in a session of its own, without a terminal that controls it."""
    master, slave = os.openpty()
    top = subprocess.Popen(
        [*PROGRAM, "top"], stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
        env={**shared.environ, "TERM": "xterm", "COLUMNS": "80", "LINES": "24"},
    )  # fmt: skip
    os.close(slave)
    shown = b""
    while b"SERVER" not in shown:
        shown += os.read(master, 65536)
    os.close(master)
    try:
        assert top.wait(20) == 129
    finally:
        top.kill()
        top.wait()


def test_a_terminal_without_colours_and_blocks_gets_ascii(shared: Bench, tmp_path: Path) -> None:
    with screen(tmp_path, {**shared.environ, "NO_COLOR": "1", "LC_ALL": "C"}, 80, 24) as terminal:
        terminal.press(TOP, "Enter")
        assert terminal.shows("* web-1", "SERVER^").isascii()
        assert not re.search(r"\x1b\[[0-9;]*3[0-7]", terminal.styled)


def test_without_a_terminal_it_is_refused(shared: Bench) -> None:
    for words, said in ((["top"], "needs a terminal"), (["top", "-o", "json"], "for people")):
        done = shared.run(*words)
        assert (done.code, done.stdout) == (2, b"")
        assert said in done.err
        assert "hint" in done.err


def test_what_is_wrong_at_the_start_is_told_as_by_every_command(
    shared: Bench, tmp_path: Path
) -> None:
    cases = {"nothing": ("there is no server", 4), "db-*": ("no server matches", 4)}
    with screen(tmp_path, shared.environ, 80, 24) as terminal:
        for target, (said, code) in cases.items():
            terminal.press(f"{TOP} '{target}'; echo code=$?", "Enter")
            terminal.shows(said, f"code={code}")
            terminal.press("clear", "Enter")
        terminal.press(f"{TOP} --token nonsense; echo code=$?", "Enter")
        terminal.shows("error:", "code=3")
        terminal.press("clear; " + f"{TOP} --hub http://127.0.0.1:9; echo code=$?", "Enter")
        terminal.shows("cannot reach the hub", "code=7")
