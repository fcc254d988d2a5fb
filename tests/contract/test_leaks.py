"""The leak checks of tests/conftest.py find what they are there for."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import threading
from pathlib import Path

from tests.support.leaks import held, left_behind, recorded_tasks


def test_a_socket_is_found_until_it_is_closed() -> None:
    before = held()
    with socket.socket() as one:
        (line,) = left_behind(before, grace=0)
        assert line.startswith(f"open file {one.fileno()}: socket:")
    assert left_behind(before) == []


def test_a_file_is_found_until_it_is_closed(tmp_path: Path) -> None:
    before = held()
    with (tmp_path / "x").open("w"):
        assert [line.endswith("/x") for line in left_behind(before, grace=0)] == [True]
    assert left_behind(before) == []


def test_a_child_is_found_until_it_is_waited_for() -> None:
    before = held()
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, text=True) as child:
        lines = left_behind(before, grace=0)
        assert any(line.startswith(f"child process {child.pid}: ") for line in lines)
        child.communicate()
    assert left_behind(before) == []


def test_a_thread_is_found_until_it_ends() -> None:
    before = held()
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait, name="busy")
    thread.start()
    assert left_behind(before, grace=0) == [f"thread busy {thread.ident}"]
    stop.set()
    assert left_behind(before) == []


def test_a_task_that_outlives_its_loop_is_found_by_name() -> None:
    async def leave_one() -> object:
        loop = asyncio.get_running_loop()
        return loop.create_task(asyncio.Event().wait(), name="forgotten")

    with recorded_tasks() as found:
        asyncio.run(leave_one())
    assert [line.split(":")[0] for line in found] == ["task forgotten"]


def test_a_loop_that_ends_in_order_leaves_nothing() -> None:
    before = held()
    with recorded_tasks() as found:
        assert asyncio.run(asyncio.to_thread(lambda: 1)) == 1
    assert (found, left_behind(before)) == ([], [])
