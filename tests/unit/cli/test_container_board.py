"""What the live table and the stream of ``docker stats`` know."""

from __future__ import annotations

import pytest

from chatops.cli.container_board import Board
from chatops.errors import NotPermitted, Offline, TimedOut
from chatops.protocol.rest import ContainerStats


def one(name: str, cpu: float | None = 1.0, *, server: str = "a", ts: str = "t1") -> ContainerStats:
    return ContainerStats(
        server=server, id=name, name=name, cpu_percent=cpu, memory=1, memory_limit=2,
        memory_percent=50.0, rx_bps=None, tx_bps=None, read_bps=None, write_bps=None, pids=1,
        project=None, ts=ts,
    )  # fmt: skip


def names(rows: list[ContainerStats]) -> list[str]:
    return [row.name for row in rows]


def test_the_busiest_of_all_servers_come_first() -> None:
    board = Board()
    board.put("a", [one("x", 2.0), one("y", None)])
    board.put("b", [one("z", 90.0, server="b"), one("w", 2.0, server="b")])
    assert names(board.rows()) == ["z", "x", "w", "y"]


def test_a_look_is_new_once() -> None:
    board = Board()
    rows, _ = board.put("a", [one("x"), one("y", 5.0)])
    assert names(rows) == ["y", "x"]
    assert board.put("a", [one("x"), one("y")]) == ([], None)
    rows, _ = board.put("a", [one("x", ts="t2"), one("new")])
    assert names(rows) == ["new", "x"]
    assert names(board.rows()) == ["new", "x"]  # y is gone


def test_why_a_server_is_silent_is_new_once_and_shown_until_it_answers() -> None:
    board = Board()
    board.put("a", [one("x")])
    _, why = board.put("a", Offline("a is offline\x1b"))
    assert why == "not asked: a is offline\\x1b"
    assert board.put("a", Offline("a is offline\x1b")) == ([], None)
    assert (board.rows(), board.trouble) == ([], why)
    board.put("b", TimedOut("no answer"))
    assert board.trouble == f"{why}; and 1 more server"
    board.put("a", [one("x")])
    assert board.trouble == "not asked: b: no answer"
    _, again = board.put("a", Offline("a is offline"))
    assert again is not None


def test_who_may_not_ask_any_more_is_told() -> None:
    with pytest.raises(NotPermitted):
        Board().put("a", NotPermitted("no"))
