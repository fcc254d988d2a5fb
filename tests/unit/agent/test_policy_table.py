"""The [policy] table: what is wrong in it is named, and nothing wrong passes."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from chatops.agent.policy_table import KEYS, build
from chatops.errors import InvalidInput
from tests.support.source import ROOT

PAGE = (ROOT / "docs/topics/policy.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("bad", "word"),
    [
        ({"allow": "exec"}, "policy.allow"),
        ({"allow": ["fly"]}, "fly"),
        ({"alow": []}, "alow"),
        ({"exec": []}, "policy.exec"),
        ({"exec": {"command": []}}, "command"),
        ({"exec": {"commands": "uptime"}}, "policy.exec.commands"),
        ({"exec": {"commands": [[]]}}, "commands[0]"),
        ({"exec": {"commands": ["ok", ["a", 1]]}}, "commands[1]"),
        ({"exec": {"deny": ["("]}}, "deny[0]"),
        ({"exec": {"user": "no-such-user"}}, "policy.exec.user"),
        ({"exec": {"user": 0}}, "policy.exec.user"),
        ({"exec": {"user": "a\0b"}}, "policy.exec.user"),
        ({"exec": {"path": []}}, "policy.exec.path"),
        ({"exec": {"path": "/bin::/usr/bin"}}, "policy.exec.path"),
        ({"exec": {"path": ["bin"]}}, "'bin'"),
        ({"exec": {"path": ["/a:/b"]}}, "policy.exec.path"),
        ({"exec": {"path": 1}}, "policy.exec.path"),
        ({"exec": {"env": ["A=b"]}}, "policy.exec.env"),
        ({"exec": {"env": {"A": 1}}}, "policy.exec.env.A"),
        ({"exec": {"env": {"A-B": "x"}}}, "A-B"),
        ({"exec": {"env": {"PATH": "/bin"}}}, "PATH"),
        ({"exec": {"env_allow": "LANG"}}, "policy.exec.env_allow"),
        ({"exec": {"env_allow": ["A*B"]}}, "A*B"),
        ({"exec": {"env_allow": [""]}}, "policy.exec.env_allow"),
        ({"exec": {"folders": "/srv"}}, "policy.exec.folders"),
        ({"exec": {"folders": ["srv"]}}, "'srv'"),
        ({"exec": {"folders": ["~/x"]}}, "'~/x'"),
        ({"exec": {"max_running": 0}}, "policy.exec.max_running"),
        ({"exec": {"max_running": 65}}, "policy.exec.max_running"),
        ({"exec": {"max_running": True}}, "policy.exec.max_running"),
        ({"exec": {"max_running": "4"}}, "policy.exec.max_running"),
        ({"exec": {"timeout": "10"}}, "policy.exec.timeout"),
        ({"exec": {"timeout": "0s"}}, "policy.exec.timeout"),
        ({"exec": {"timeout": -1}}, "policy.exec.timeout"),
        ({"exec": {"timeout": []}}, "policy.exec.timeout"),
        ({"exec": {"max_output": "much"}}, "policy.exec.max_output"),
        ({"exec": {"max_output": 0}}, "policy.exec.max_output"),
        ({"docker": "full"}, "policy.docker"),
        ({"docker": {"mod": "full"}}, "'mod'"),
        ({"docker": {"mode": "off"}}, "policy.docker.mode"),
        ({"docker": {"mode": []}}, "policy.docker.mode"),
        ({"docker": {"exec": "no"}}, "policy.docker.exec"),
        ({"docker": {"containers": "web"}}, "policy.docker.containers"),
        ({"docker": {"containers": [1]}}, "policy.docker.containers"),
        ({"docker": {"containers": ["("]}}, "policy.docker.containers"),
        ({"docker": {"host": "tcp://10.0.0.1:2375"}}, "policy.docker.host"),
        ({"docker": {"host": "unix://relative"}}, "policy.docker.host"),
    ],
)
def test_mistakes_in_the_file_are_named(bad: dict[str, Any], word: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        build(table=bad)
    assert word in caught.value.message


@pytest.mark.parametrize(
    "entry", ["*", "PATH", "LD_*", "LD_PRELOAD", "PYTHON*", "BASH_ENV", "HOME"]
)
def test_with_commands_variables_that_change_what_runs_cannot_be_allowed(entry: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        build(table={"exec": {"commands": [["uptime"]], "env_allow": ["LANG", entry]}})
    assert f"env_allow: {entry} " in caught.value.message
    assert build(table={"exec": {"env_allow": [entry]}})


def test_another_user_needs_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(InvalidInput) as caught:
        build(table={"exec": {"user": "nobody"}})
    assert "policy.exec.user: only root" in caught.value.message
    assert caught.value.hint


def test_the_agents_own_user_may_be_named() -> None:
    own = build(["exec"]).exec.user
    assert build(table={"exec": {"user": own.name}}).exec.user == own
    assert not own.switched


def test_forms_of_the_values() -> None:
    table = {"path": "/bin/:/usr//bin", "folders": ["//srv/../srv"], "timeout": 90,
             "max_output": 100}  # fmt: skip
    bounds = build(table={"exec": table}).exec
    assert (bounds.path, bounds.folders) == ("/bin:/usr/bin", ("/srv",))
    assert (bounds.timeout, bounds.max_output) == (90.0, 100)


def examples() -> list[str]:
    return re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("text", examples())
def test_every_example_of_the_page_loads(text: str, tmp_path: Path) -> None:
    file = tmp_path / "agent.toml"
    file.write_text(text.replace('"deploy"', '"nobody"'))
    assert build(table=tomllib.loads(file.read_text())["policy"]).allow


def test_the_full_example_has_every_key() -> None:
    full = max(examples(), key=len)
    assert set(tomllib.loads(full)["policy"]["exec"]) == set(KEYS)


def test_the_page_explains_every_key() -> None:
    assert [key for key in KEYS if f"| `{key}` |" not in PAGE] == []
