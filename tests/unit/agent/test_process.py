"""What a command is started with."""

from __future__ import annotations

import os

import pytest

from chatops.agent.process import base_environment, home_folder, vector_of


def test_a_string_is_a_shell_line_and_a_list_a_vector() -> None:
    assert vector_of("a | b") == ["/bin/sh", "-c", "a | b"]
    assert vector_of(["a", "|", "b"]) == ["a", "|", "b"]


def test_the_environment_holds_six_variables_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_PRELOAD", "/x")
    assert set(base_environment()) == {"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG"}


def test_a_user_without_an_entry_has_an_environment_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 3_999_999_999)
    found = base_environment()
    assert (found["USER"], found["HOME"], found["SHELL"]) == ("3999999999", "/", "/bin/sh")


def test_a_home_that_is_not_there_is_the_root() -> None:
    assert home_folder({"HOME": "/no/such/home"}) == "/"
    assert home_folder({"HOME": "/tmp"}) == "/tmp"
