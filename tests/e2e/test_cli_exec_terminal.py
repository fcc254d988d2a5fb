"""``chatops exec`` at a terminal: the progress line, names in colour, Ctrl-C, Ctrl-D."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.e2e.test_cli_terminal import ended, terminal
from tests.support.processes import Bench

CLEAR = "\r\x1b[K"


@pytest.mark.parametrize("columns", [12, 80])
def test_progress_is_rewritten_in_place_and_gone_at_the_end(
    shared: Bench, tmp_path: Path, columns: int
) -> None:
    go = tmp_path / "go"
    line = f"echo begun; while ! test -e {go}; do sleep 0.05; done; echo over >&2; exit 4"
    with terminal(shared, "exec", "web-*", line, columns=columns) as child:
        child.expect_exact(f"{CLEAR}0/1 done"[: columns + 2])
        child.expect_exact(CLEAR)
        child.expect(r"\x1b\[\d+mweb-1\x1b\[0m \| begun\r\n")
        child.expect_exact(f"{CLEAR}0/1 done"[: columns + 2])
        go.touch()
        code, rest = ended(child)
    assert code == 1
    last = re.sub(r"\x1b\[\d+m", "", rest).split(CLEAR)[-1]
    assert last.replace("\r\n", "\n").endswith("web-1: exit status 4\n0 of 1 succeeded\n")
    for piece in rest.split(CLEAR)[1:]:
        assert len(piece.split("\r\n")[0]) < max(columns, 40)


def test_without_colours_names_are_plain(shared: Bench) -> None:
    with terminal(shared, "exec", "--no-color", "web-*", "echo x") as child:
        child.expect_exact("web-1 | x\r\n")
        assert ended(child)[0] == 0


def test_one_server_has_no_progress(shared: Bench) -> None:
    with terminal(shared, "exec", "web-1", "printf '\\033[31mred'") as child:
        assert ended(child) == (0, "\x1b[31mred")


@pytest.mark.parametrize("target", ["web-1", "web-*"])
def test_control_c_cancels(shared: Bench, target: str) -> None:
    with terminal(shared, "exec", target, "echo begun; exec sleep 600") as child:
        child.expect_exact("begun\r\n")
        child.sendintr()
        code, rest = ended(child)
    assert code == 130
    assert "cancelling" in rest
    assert ("web-1: cancelled" in rest) == (target == "web-*")


def test_what_is_typed_goes_to_the_command_and_control_d_ends_it(shared: Bench) -> None:
    line = "while read word; do echo got $word; done; echo end"
    with terminal(shared, "exec", "-i", "web-1", line) as child:
        child.sendline("one")
        child.expect_exact("got one\r\n")
        child.sendline("two")
        child.expect_exact("got two\r\n")
        child.sendeof()
        child.expect_exact("end\r\n")
        assert ended(child)[0] == 0


def test_control_c_with_input_cancels(shared: Bench) -> None:
    with terminal(shared, "exec", "-i", "web-1", "echo begun; cat") as child:
        child.expect_exact("begun\r\n")
        child.sendintr()
        code, rest = ended(child)
    assert code == 130
    assert "Traceback" not in rest
