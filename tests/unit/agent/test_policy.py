"""What may run: default deny, deny before allow, vectors and lines kept apart."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.agent.policy_table import build
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
    [["uptime"], "uptime", "systemctl status ssh", "systemctl status a-b", "df", "df -h"],
)
def test_what_the_rules_name_may_run(command: str | list[str]) -> None:
    decision = build(table=table()).decide(command)
    assert (decision.allowed, decision.rule) == (True, "commands")


@pytest.mark.parametrize(
    "command",
    [
        "ls -l",  # a vector of two words is no line
        "uptime\n",
        " uptime",
        "uptime -p",
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


WORDS = st.text("abzAZ09_./+-", min_size=1)
READ_BY_A_SHELL = "|&;<>()$`\\\"' \t\n\r*?[]#~=%!{}^:,@\0"


@given(WORDS)
def test_a_plain_word_is_the_line_and_the_vector(word: str) -> None:
    listed = build(["exec"], {"exec": {"commands": [[word]]}})
    denied = build(["exec"], {"exec": {"deny": [[word]]}})
    for command in (word, [word]):
        assert listed.decide(command).allowed
        assert not denied.decide(command).allowed
        assert not listed.decide(f"{word}x").allowed
        assert denied.decide(f"{word}x").allowed


@given(st.text(), st.sampled_from(READ_BY_A_SHELL), st.text())
def test_no_line_that_a_shell_could_read_otherwise_is_a_vector(
    before: str, special: str, after: str
) -> None:
    line = before + special + after
    for word in (line, line.strip(), before or "a", after or "a"):
        assert not build(["exec"], {"exec": {"commands": [[word]]}}).decide(line).allowed
        assert build(["exec"], {"exec": {"deny": [[word]]}}).decide(line).allowed


@given(st.text(), st.lists(st.text(), min_size=2))
def test_a_vector_of_more_words_never_names_a_line(line: str, vector: list[str]) -> None:
    listed = build(["exec"], {"exec": {"commands": [vector]}})
    for text in (line, " ".join(vector), "".join(vector)):
        assert not listed.decide(text).allowed


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
