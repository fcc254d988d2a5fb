"""What a command is started with."""

from __future__ import annotations

from chatops.agent.process import vector_of


def test_a_string_is_a_shell_line_and_a_list_a_vector() -> None:
    assert vector_of("a | b") == ["/bin/sh", "-c", "a | b"]
    assert vector_of(["a", "|", "b"]) == ["a", "|", "b"]
