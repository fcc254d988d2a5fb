"""The watchdog alone: what it is told, and whom it kills when its input ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from chatops.agent import watchdog
from chatops.agent.watchdog import Held
from tests.support.waiting import until


@contextmanager
def running() -> Iterator[subprocess.Popen[bytes]]:
    program = [sys.executable, "-I", "-S", str(Path(watchdog.__file__))]
    process = subprocess.Popen(program, stdin=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@contextmanager
def sleeper(stdout: int = subprocess.DEVNULL) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "1000"], stdout=stdout, start_new_session=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_lines_are_taken_and_nonsense_is_passed_over() -> None:
    held = Held()
    for line in (b"+12", b"+13", b"-12", b"-99", b"?5", b"?6", b"~5", b"", b"+", b"+x", b"*7"):
        held.note(line)
    assert held.groups == {13}
    assert held.starts == {6}


def test_held_groups_die_and_others_live() -> None:
    with running() as dog, sleeper() as held, sleeper() as released, sleeper() as stranger:
        lines = f"+{held.pid}\n+{released.pid}\n-{released.pid}\n"
        dog.communicate(lines.encode())
        assert dog.returncode == 0
        until(lambda: held.poll() is not None)
        assert released.poll() is None
        assert stranger.poll() is None


def test_a_session_has_members_as_long_as_one_runs_and_zombies_do_not_count() -> None:
    child = subprocess.Popen(["sleep", "1000"], start_new_session=True)
    assert watchdog.members({child.pid}) == {child.pid}
    child.kill()
    until(lambda: os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG))
    assert watchdog.members({child.pid}) == set()
    child.wait()
    assert watchdog.members({child.pid}) == set()


def test_names_that_look_like_fields_do_not_confuse() -> None:
    line = "printf ') Z 1 1' > /proc/$$/comm; echo up; exec sleep 1000"
    child = subprocess.Popen(
        ["sh", "-c", line], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "up\n"
        assert watchdog.members({child.pid}) == {child.pid}
    finally:
        child.kill()
        child.communicate()


def test_what_it_kills_is_dead_when_it_ends_with_other_groups_of_its_session() -> None:
    line = "set -m; sleep 1000 & sleep 1000 & echo; wait"
    shell = subprocess.Popen(["bash", "-c", line], stdout=subprocess.PIPE, start_new_session=True)
    assert shell.stdout is not None
    shell.stdout.readline()
    assert len(watchdog.members({shell.pid})) == 3
    with running() as dog:
        dog.communicate(f"+{shell.pid}\n".encode())
    assert watchdog.members({shell.pid}) == set()
    shell.communicate()


def test_a_child_with_the_pipe_is_not_taken_for_what_was_started() -> None:
    line = "sleep 1000 & echo $!; wait; exec sleep 1000"
    shell = subprocess.Popen(["sh", "-c", line], stdout=subprocess.PIPE, start_new_session=True)
    try:
        assert shell.stdout is not None
        assert not watchdog.kill_process(int(shell.stdout.readline()))
        until(lambda: psutil.Process(shell.pid).name() == "sleep")
        assert watchdog.kill_process(shell.pid)
    finally:
        shell.kill()
        shell.communicate()


def test_what_was_being_started_is_found_by_its_pipe() -> None:
    read_end, write_end = os.pipe()
    with running() as dog, sleeper(write_end) as started:
        inode = os.fstat(write_end).st_ino
        dog.communicate(f"?{inode}\n".encode())
        until(lambda: started.poll() is not None)
        assert started.returncode == -signal.SIGKILL
    os.close(read_end)
    os.close(write_end)


def test_a_start_that_is_settled_is_left_alone() -> None:
    read_end, write_end = os.pipe()
    with running() as dog, sleeper(write_end) as started:
        inode = os.fstat(write_end).st_ino
        dog.communicate(f"?{inode}\n~{inode}\n".encode())
        assert started.poll() is None
    os.close(read_end)
    os.close(write_end)


def test_lines_that_come_in_pieces_are_whole() -> None:
    with running() as dog, sleeper() as held:
        assert dog.stdin is not None
        for byte in f"+{held.pid}\n".encode():
            dog.stdin.write(bytes([byte]))
            dog.stdin.flush()
        dog.stdin.close()
        until(lambda: held.poll() is not None)


def test_it_is_small() -> None:
    with running() as dog:
        process = psutil.Process(dog.pid)
        until(lambda: process.num_fds() <= 3 and process.memory_info().rss > 2**20)
        assert process.memory_info().rss <= 12 * 2**20


@pytest.mark.parametrize("pid", ["1000000000", "self-not-a-pid"])
def test_processes_that_are_gone_are_no_error(pid: str) -> None:
    assert watchdog.output_of(pid) == ""
    watchdog.kill_group(10**9)
    watchdog.kill_process(10**9)
