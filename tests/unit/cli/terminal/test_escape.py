"""What is typed for chatops itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.cli.terminal.escape import Action, Escapes


def typed(data: bytes, size: int = 1000) -> tuple[bytes, list[Action]]:
    told: list[Action] = []
    escapes = Escapes(told.append)
    parts = [data[begin : begin + size] for begin in range(0, len(data), size)]
    return b"".join(escapes.passed(part) for part in parts), told


@pytest.mark.parametrize("size", [1, 1000])
@pytest.mark.parametrize(
    ("data", "passed", "told"),
    [
        (b"~.", b"", ["leave"]),
        (b"ls\r~.", b"ls\r", ["leave"]),
        (b"ls\n~?~.", b"ls\n", ["help", "leave"]),
        (b"\r~\x1a", b"\r", ["suspend"]),
        (b"~~.", b"~.", []),
        (b"cd ~.\r", b"cd ~.\r", []),
        (b"~/bin/x\r", b"~/bin/x\r", []),
        (b"~\r~.", b"~\r", ["leave"]),
    ],
)
def test_a_tilde_counts_at_the_beginning_of_a_line(
    data: bytes, passed: bytes, told: list[Action], size: int
) -> None:
    assert typed(data, size) == (passed, told)


@given(st.binary(max_size=50))
def test_what_has_no_tilde_passes_as_it_is(data: bytes) -> None:
    assert typed(data.replace(b"~", b""))[0] == data.replace(b"~", b"")
