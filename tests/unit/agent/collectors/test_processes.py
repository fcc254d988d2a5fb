"""Processes as /proc has them: real ones with hostile names, and folders made up."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chatops.agent.collectors import processes
from chatops.agent.collectors.processes import FRESH, KEPT, Look, ProcessCollector, parse
from chatops.protocol import codec
from chatops.protocol.limits import MAX_COMMAND_LINE
from chatops.protocol.messages import ProcessesResponse
from chatops.protocol.metrics import Process

NAMES = [b"a) R (b c", b"\xff\xfe\n\x1b[31m", b"[bold]x[/]", b") 1 2 3"]


def older(collector: ProcessCollector, seconds: float = 2 * FRESH) -> None:
    """Let the last look be longer ago than it is."""
    collector._look = collector._look._replace(at=collector._look.at - seconds)


def listed(collector: ProcessCollector) -> dict[int, Process]:
    return {one.pid: one for one in collector.largest("cpu", 0)[1]}


@contextmanager
def sleeping(name: bytes, *words: str) -> Iterator[int]:
    """A process of that name in the kernel's eyes, with these further arguments."""
    code = (
        "import ctypes, sys; ctypes.CDLL(None).prctl(15, bytes.fromhex(sys.argv[1]));"
        "print(flush=True); sys.stdin.read()"
    )
    child = subprocess.Popen(
        [sys.executable, "-S", "-c", code, name.hex(), *words],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert child.stdout
    child.stdout.readline()
    yield child.pid
    child.communicate()


def fake(proc: Path, pid: int, *, ticks: int = 0, started: int = 100, name: str = "x") -> None:
    """A process in a folder like /proc."""
    folder = proc / str(pid)
    folder.mkdir(exist_ok=True)
    rest = f"S 1 1 1 0 -1 0 0 0 0 0 {ticks} 0 0 0 20 0 1 0 {started} 1000 50 0"
    (folder / "stat").write_text(f"{pid} ({name}) {rest}\n")
    (folder / "cmdline").write_text("")
    (folder / "status").write_text(f"Name:\t{name}\nUid:\t0\t0\t0\t0\n")


@pytest.mark.parametrize("name", NAMES)
def test_a_real_process_with_a_hostile_name(name: bytes) -> None:
    with sleeping(name, "line\nbreak", "--password", "hunter2", "\x1b[2J", "x" * 4096) as pid:
        found = listed(ProcessCollector())[pid]
    assert (found.pid, found.ppid) == (pid, os.getpid())
    assert found.name == name[:15].decode("utf-8", "replace")
    assert found.command is not None
    assert "line\nbreak --password *** \x1b[2J xxx" in found.command
    assert len(found.command) == MAX_COMMAND_LINE
    frame = codec.encode(ProcessesResponse(id="1", ts=0.0, processes=[found]))
    assert codec.from_agent().decode(frame)


def test_this_process_is_told_in_full() -> None:
    collector = ProcessCollector()
    first = listed(collector)[os.getpid()]
    assert first.cpu_percent is None
    assert first.user
    assert first.command
    assert sys.argv[0] in first.command or "python" in first.command
    assert first.rss
    assert first.started_at
    older(collector)
    again = listed(collector)[os.getpid()]
    assert again.cpu_percent is not None
    assert 0 <= again.cpu_percent <= 200


def test_a_zombie_and_a_thread_of_the_kernel_have_names_in_brackets() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    found = listed(ProcessCollector())
    os.waitpid(child, 0)
    assert found[child].command == f"[{found[child].name}]"
    kernel = [one for one in found.values() if one.ppid == 2]
    assert all(one.command == f"[{one.name}]" for one in kernel)


def test_arguments_can_be_left_out() -> None:
    with sleeping(b"quiet", "hunter2") as pid:
        found = listed(ProcessCollector(arguments=False))[pid]
    assert (found.name, found.command) == ("quiet", None)


def test_cpu_is_since_the_look_before_or_the_start(tmp_path: Path) -> None:
    now = int(processes.time.clock_gettime(processes.time.CLOCK_BOOTTIME) * 100)
    fake(tmp_path, 1, ticks=1000)
    collector = ProcessCollector(proc=str(tmp_path))
    collector.look()
    older(collector, 10.0)
    fake(tmp_path, 1, ticks=1100)
    fake(tmp_path, 2, ticks=200, started=now - 400)
    fake(tmp_path, 3, ticks=5, started=now)
    look = collector.look()
    assert look.cpu == {1: pytest.approx(10, abs=0.5), 2: pytest.approx(50, abs=2)}
    top = collector()
    assert [one.pid for one in top.by_cpu] == [2, 1]


def test_a_reused_pid_has_no_past(tmp_path: Path) -> None:
    fake(tmp_path, 7, ticks=5000, name="old")
    collector = ProcessCollector(proc=str(tmp_path))
    assert listed(collector)[7].name == "old"
    older(collector)
    fake(tmp_path, 7, ticks=0, started=99_999_999_999, name="new")
    found = listed(collector)[7]
    assert (found.name, found.command) == ("new", "[new]")
    assert found.cpu_percent is None  # it has just begun: nothing is known yet


def test_a_user_name_that_is_no_utf_8_can_be_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = pwd.struct_passwd(("caf\udce9", "x", 0, 0, "", "/", "/bin/sh"))
    monkeypatch.setattr(processes.pwd, "getpwuid", lambda _: entry)
    fake(tmp_path, 1)
    found = listed(ProcessCollector(proc=str(tmp_path)))[1]
    assert found.user == "caf\ufffd"
    codec.encode(ProcessesResponse(id="1", ts=0.0, processes=[found]))


def test_a_list_has_no_more_than_a_hub_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "MAX_PROCESSES", 2)
    for pid in range(1, 5):
        fake(tmp_path, pid)
    look, found = ProcessCollector(proc=str(tmp_path)).largest("cpu", 0)
    assert (len(look.seen), len(found)) == (4, 2)


def test_a_process_that_vanishes_is_left_out(tmp_path: Path) -> None:
    fake(tmp_path, 1)
    fake(tmp_path, 2)
    (tmp_path / "2" / "stat").unlink()
    (tmp_path / "3").mkdir()
    fake(tmp_path, 4)
    (tmp_path / "4" / "status").unlink()
    (tmp_path / "4" / "cmdline").unlink()
    (tmp_path / "5").mkdir()
    (tmp_path / "5" / "stat").write_bytes(b"")
    found = listed(ProcessCollector(proc=str(tmp_path)))
    assert sorted(found) == [1, 4]
    assert (found[4].user, found[4].command) == (None, "[x]")


def test_what_is_remembered_is_bounded(tmp_path: Path) -> None:
    collector = ProcessCollector(proc=str(tmp_path))
    fake(tmp_path, 1)
    told = processes.Told("", None, None)
    collector._told = {(pid, 0, b""): told for pid in range(KEPT + 1)}
    listed(collector)
    assert len(collector._told) == 1


def test_a_look_holds_for_a_moment(tmp_path: Path) -> None:
    fake(tmp_path, 1)
    collector = ProcessCollector(proc=str(tmp_path))
    look = collector.look()
    fake(tmp_path, 2)
    assert collector.look() is look
    older(collector)
    assert len(collector.look().seen) == 2


@pytest.mark.parametrize("stat", [b"", b"1", b"1 (x", b"1 (x) S", b"x (y) " + b"z " * 30])
def test_what_is_no_stat_is_no_process(stat: bytes) -> None:
    assert parse(stat) is None


def test_the_largest_come_first() -> None:
    seen = [processes.Seen(pid, 1, b"x", 0, 0, rss) for pid, rss in ((1, 5), (2, 9), (3, 7))]
    look = Look(0.0, 0.0, seen, {1: 0.5, 3: 80.0})
    assert [one.pid for one in look.largest("cpu", 9)] == [3, 1, 2]
    assert [one.pid for one in look.largest("memory", 2)] == [2, 3]
