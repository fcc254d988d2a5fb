"""The users that commands run as."""

from __future__ import annotations

import os
import pwd

import pytest

from chatops.agent.account import DEFAULT_PATH, Account


def test_the_environment_holds_six_variables_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_PRELOAD", "/x")
    found = Account.own().environment()
    assert set(found) == {"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG"}
    assert found["PATH"] == DEFAULT_PATH


def test_a_user_without_an_entry_has_an_environment_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 3_999_999_999)
    found = Account.own().environment()
    assert (found["USER"], found["HOME"], found["SHELL"]) == ("3999999999", "/", "/bin/sh")


def test_another_user_comes_with_its_groups_and_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    entry = pwd.getpwnam("nobody")
    found = Account.named("policy.exec.user", "nobody")
    assert found.switched
    assert (found.uid, found.gid, found.home) == (entry.pw_uid, entry.pw_gid, entry.pw_dir)
    assert found.groups == tuple(os.getgrouplist("nobody", entry.pw_gid))
    assert found.environment("/bin")["PATH"] == "/bin"
