"""How many files the agent may open, and how many what it starts."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Iterator

import psutil
import pytest

from chatops.agent.file_limit import MOST, FileLimit

FILES = resource.RLIMIT_NOFILE
LOW = 400


@pytest.fixture
def lifted() -> Iterator[FileLimit]:
    """A limit that was low, and is lifted."""
    before, hard = resource.getrlimit(FILES)
    resource.setrlimit(FILES, (LOW, hard))
    try:
        files = FileLimit()
        files.lift()
        yield files
    finally:
        resource.setrlimit(FILES, (before, hard))


def own() -> int:
    return resource.getrlimit(FILES)[0]


def popen(line: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(["/bin/sh", "-c", line], stdout=subprocess.PIPE)


def test_what_is_started_has_the_limit_of_before(lifted: FileLimit) -> None:
    assert LOW < own() <= MOST
    with lifted.start(lambda: popen("ulimit -Sn")) as child:
        assert child.communicate()[0] == b"%d\n" % LOW
    assert own() > LOW


def test_while_one_start_hangs_others_go_on(lifted: FileLimit) -> None:
    def hang() -> subprocess.Popen[bytes]:
        with lifted.start(lambda: popen("exit 3")) as other:
            assert other.wait(30) == 3
        return popen("ulimit -Sn")

    with lifted.start(hang) as child:
        assert child.communicate()[0] == b"%d\n" % LOW
    with pytest.raises(FileNotFoundError):
        lifted.start(lambda: subprocess.Popen(["/no/such"]))
    assert own() > LOW


def test_when_many_are_open_it_is_told_its_limit_after_the_start(lifted: FileLimit) -> None:
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(LOW)]
    try:
        with lifted.start(lambda: popen("exec sleep 1000")) as child:
            assert psutil.Process(child.pid).rlimit(FILES)[0] == LOW
            child.kill()
    finally:
        for handle in held:
            os.close(handle)


def test_a_limit_that_is_high_enough_is_left_alone() -> None:
    before, hard = resource.getrlimit(FILES)
    resource.setrlimit(FILES, (hard, hard))
    try:
        FileLimit().lift()
        assert own() == hard
    finally:
        resource.setrlimit(FILES, (before, hard))
