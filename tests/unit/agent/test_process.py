"""Process groups: alive, dead, or only zombies left."""

from __future__ import annotations

import os
import subprocess

import pytest

from chatops.agent.process import base_environment, group_lives, home_folder, vector_of
from tests.support.waiting import until


def test_a_group_lives_as_long_as_one_of_it_runs_and_zombies_do_not_count() -> None:
    child = subprocess.Popen(["sleep", "1000"], start_new_session=True)
    assert group_lives(child.pid)
    child.kill()
    until(lambda: os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG))
    assert not group_lives(child.pid)
    child.wait()
    assert not group_lives(child.pid)


def test_names_that_look_like_fields_do_not_confuse() -> None:
    line = "printf ') Z 1 1' > /proc/$$/comm; echo up; exec sleep 1000"
    child = subprocess.Popen(
        ["sh", "-c", line], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "up\n"
        assert group_lives(child.pid)
    finally:
        child.kill()
        child.communicate()


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
