"""What was switched on in a terminal is switched off again."""

from __future__ import annotations

import pytest

from chatops.cli.terminal.modes import Modes


def after(*parts: bytes) -> bytes:
    modes = Modes()
    for part in parts:
        modes.see(part)
    return modes.undo()


def test_what_was_left_on_goes_off_the_other_screen_last() -> None:
    seen = b"\x1b[?1049h\x1b[?25l vim \x1b[?1000;1006h\x1b[?2004h"
    want = b"\x1b[?25h\x1b[?1000l\x1b[?1006l\x1b[?2004l\x1b[?1049l\x1b[0m"
    assert after(seen) == want


def test_what_was_put_back_and_what_is_unknown_is_left_alone() -> None:
    assert after(b"\x1b[?1049h\x1b[?25l", b"\x1b[?25h\x1b[?1049l\x1b[?9999h") == b"\x1b[0m"


@pytest.mark.parametrize("cut", range(1, 8))
def test_a_sequence_may_come_in_two_parts(cut: int) -> None:
    whole = b"\x1b[?1049h"
    assert after(b"text" + whole[:cut], whole[cut:]) == b"\x1b[?1049l\x1b[0m"
