"""What may run: default deny, deny before allow, vectors and lines kept apart."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.agent.policy import build
from chatops.errors import InvalidInput

FILE = """
allow = ["exec"]

[exec]
commands = [["uptime"], ["ls", "-l"], "^systemctl status [a-z-]+$", "df( -h)?"]
deny = [["ls", "-l"], ".*secret.*"]
"""


def table() -> dict[str, Any]:
    return tomllib.loads(FILE)


@given(st.one_of(st.text(), st.lists(st.text(), min_size=1)))
def test_nothing_is_allowed_by_default(command: str | list[str]) -> None:
    decision = build().decide(command)
    assert not decision.allowed
    assert "--allow exec" in decision.message


@given(st.one_of(st.text(), st.lists(st.text(), min_size=1)))
def test_allow_exec_without_rules_allows_every_command(command: str | list[str]) -> None:
    assert build(["exec"]).decide(command).allowed


@pytest.mark.parametrize(
    "command",
    [["uptime"], "systemctl status ssh", "systemctl status a-b", "df", "df -h"],
)
def test_what_the_rules_name_may_run(command: str | list[str]) -> None:
    decision = build(table=table()).decide(command)
    assert (decision.allowed, decision.rule) == (True, "commands")


@pytest.mark.parametrize(
    "command",
    [
        "uptime",  # the rule is for the vector
        ["df"],  # the rule is for the line
        ["uptime", "-p"],
        ["systemctl status ssh"],
        ["systemctl", "status", "ssh"],
        "systemctl status ssh; reboot",
        "systemctl status ssh\nreboot",
        "systemctl status ssh\n",
        " df",
        "df -h -x",
        "",
    ],
)
def test_all_else_is_refused_with_the_rule_named(command: str | list[str]) -> None:
    decision = build(table=table()).decide(command)
    assert (decision.allowed, decision.rule) == (False, "commands")
    assert "commands" in decision.message


@pytest.mark.parametrize(
    ("command", "rule"), [(["ls", "-l"], "['ls', '-l']"), ("systemctl status secret", "secret")]
)
def test_deny_beats_allow_and_is_named(command: str | list[str], rule: str) -> None:
    decision = build(["all"], table()).decide(command)
    assert (decision.allowed, decision.rule) == (False, "deny")
    assert rule in decision.message


def test_deny_alone_leaves_the_rest_allowed() -> None:
    policy = build(["exec"], {"exec": {"deny": ["reboot"]}})
    assert policy.decide("uptime").allowed
    assert policy.decide(["reboot"]).allowed  # a pattern speaks of lines only
    assert not policy.decide("reboot").allowed


def test_an_empty_list_of_commands_allows_none() -> None:
    assert not build(["exec"], {"exec": {"commands": []}}).decide("true").allowed


def test_flag_and_file_add_up_and_all_is_everything() -> None:
    assert build(["docker"], {"allow": ["exec"]}).allow == ["exec", "docker"]
    assert build(["all"]).allow == ["exec", "docker", "shell", "files"]
    assert build(["all"]).facts().allow == ["exec", "docker", "shell", "files"]


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
    ],
)
def test_mistakes_in_the_file_are_named(bad: dict[str, Any], word: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        build(table=bad)
    assert word in caught.value.message
    assert caught.value.hint


def test_the_policy_describes_itself() -> None:
    assert "nothing but reading metrics" in build().describe()
    assert build(table=table()).describe() == (
        "allowed here: exec; exec only what 4 rules of [policy.exec] name; "
        "exec never what 2 deny rules name"
    )
