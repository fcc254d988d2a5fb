"""What may run: default deny, deny before allow, vectors and lines kept apart, and what the hub
may say of a command's variables and folder."""

from __future__ import annotations

import tomllib
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.agent.exec_policy import TimeLimit
from chatops.agent.policy import Policy
from chatops.agent.policy_table import build
from chatops.agent.rules import LONGEST_LINE
from chatops.agent.variables import STEERING_BEGINNINGS, STEERING_NAMES
from chatops.errors import ChatOpsError
from chatops.protocol.facts import DockerFacts, ExecFacts
from chatops.protocol.limits import MAX_POLICY_RULES, MAX_POLICY_TEXT

FILE = """
allow = ["exec"]

[exec]
commands = [["uptime"], ["ls", "-l"], "^systemctl status [a-z-]+$", "df( -h)?"]
deny = [["ls", "-l"], ".*secret.*"]
"""


def table() -> dict[str, Any]:
    return tomllib.loads(FILE)


def bounded(**keys: Any) -> Policy:
    return build(["exec"], {"exec": keys})


@given(st.one_of(st.text(), st.lists(st.text(), min_size=1)))
def test_nothing_is_allowed_by_default(command: str | list[str]) -> None:
    decision = build().decide(command)
    assert not decision.allowed
    assert "--allow exec" in decision.message


@given(st.one_of(st.text(), st.lists(st.text(), min_size=1)))
def test_allow_exec_without_rules_allows_every_command(command: str | list[str]) -> None:
    assert build(["exec"]).decide(command, cwd="/anywhere", env={"PATH": "/x"}).allowed


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
    assert decision.message.endswith(f"deny has {rule}") or "deny has '.*secret.*'" in (
        decision.message
    )


def test_deny_alone_leaves_the_rest_allowed() -> None:
    policy = bounded(deny=["reboot"])
    assert policy.decide("uptime").allowed
    assert policy.decide(["reboot"]).allowed  # a pattern speaks of lines only
    assert not policy.decide("reboot").allowed


@pytest.mark.parametrize("line", ["true\nreboot", "reboot\n", "a\nb; reboot now\nc"])
def test_deny_looks_at_each_line_of_a_script(line: str) -> None:
    assert bounded(deny=["(.*; )?reboot.*"]).decide(line).rule == "deny"


# -- vectors and lines ------------------------------------------------------------------------

WORDS = st.text("abzAZ09_./+-", min_size=1)
READ_BY_A_SHELL = "|&;<>()$`\\\"' \t\n\r*?[]#~=%!{}^:,@\0"


@given(WORDS)
def test_a_plain_word_is_the_line_and_the_vector(word: str) -> None:
    listed, denied = bounded(commands=[[word]]), bounded(deny=[[word]])
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
        assert not bounded(commands=[[word]]).decide(line).allowed
        assert bounded(deny=[[word]]).decide(line).allowed


@given(st.text(), st.lists(st.text(), min_size=2))
def test_a_vector_of_more_words_never_names_a_line(line: str, vector: list[str]) -> None:
    listed = bounded(commands=[vector])
    for text in (line, " ".join(vector), "".join(vector)):
        assert not listed.decide(text).allowed


@given(st.lists(st.text(), min_size=1))
def test_a_pattern_never_names_a_vector(vector: list[str]) -> None:
    assert not bounded(commands=["(?s).*"]).decide(vector).allowed


def test_an_empty_list_of_commands_allows_none() -> None:
    assert not bounded(commands=[]).decide("true").allowed


# -- patterns ---------------------------------------------------------------------------------

GREEDY = [".*", "(?s).*", "[^;]*", r"\S+\s+\S+", r"(?m)^.*$", "(?sm)^.*$", r"\D*", "(?x) .*"]


@pytest.mark.parametrize("pattern", GREEDY)
@given(before=st.text(), after=st.text())
def test_no_line_with_a_newline_matches_a_pattern_without_one(
    pattern: str, before: str, after: str
) -> None:
    assert not bounded(commands=[pattern]).decide(f"{before}\n{after}").allowed


@pytest.mark.parametrize("pattern", [r"a\nb", "a\nb", r"a[\n]b", r"a\\\nb"])
def test_a_pattern_with_a_newline_names_lines_with_one(pattern: str) -> None:
    line = "a\\\nb" if "\\\\" in pattern else "a\nb"
    assert bounded(commands=[pattern]).decide(line).allowed


@pytest.mark.parametrize("pattern", [r"a\\n[^b]b", "(?x)a\n\\s b"])
def test_what_only_looks_like_a_newline_is_none(pattern: str) -> None:
    for line in ("a\\n\nb", "a\nb"):
        assert not bounded(commands=[pattern]).decide(line).allowed


@pytest.mark.parametrize(
    "pattern",
    [r"ls\s+[^\n;]+", r"ls\s[a-z]+(?!\n)", r"ls\s(?# no \n)[a-z]+", "(?x)ls\\s[a-z]+ # no \\n"],
)
def test_who_names_a_newline_to_keep_it_out_lets_none_in(pattern: str) -> None:
    policy = bounded(commands=[pattern])
    assert policy.decide("ls x").allowed
    assert not policy.decide("ls\nreboot").allowed


def test_of_several_newlines_each_has_to_be_asked_for() -> None:
    policy = bounded(commands=[r"a\nb\s?[a-z]*"])
    assert policy.decide("a\nb c").allowed
    assert not policy.decide("a\nb\nreboot").allowed


@pytest.mark.parametrize("pattern", ["^ls$", "ls", "^ls", "ls$"])
@given(extra=st.text(min_size=1))
def test_patterns_are_anchored_however_they_are_written(pattern: str, extra: str) -> None:
    policy = bounded(commands=[pattern])
    assert policy.decide("ls").allowed
    assert not policy.decide(f"ls{extra}").allowed
    assert not policy.decide(f"{extra}ls").allowed


def test_an_alternative_is_anchored_as_a_whole() -> None:
    policy = bounded(commands=["^uptime|reboot$"])
    assert policy.decide("uptime").allowed
    assert not policy.decide("uptime; rm x").allowed
    assert not policy.decide("rm x; reboot").allowed


@pytest.mark.parametrize("key", ["commands", "deny"])
def test_a_line_too_long_to_be_looked_through_is_refused_at_once(key: str) -> None:
    policy = bounded(**{key: ["(a|aa)+b"]})
    decision = policy.decide("a" * (LONGEST_LINE + 1))
    assert (decision.allowed, decision.rule) == (False, key)
    assert policy.decide(["a" * (LONGEST_LINE + 1)]).rule == ("commands" if key[0] == "c" else
                                                              "allow")  # fmt: skip
    assert bounded(deny=[["a"]]).decide("a" * (LONGEST_LINE + 1)).allowed


# -- variables --------------------------------------------------------------------------------

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
STEERING = st.sampled_from(sorted(STEERING_NAMES)) | st.tuples(
    st.sampled_from(STEERING_BEGINNINGS), NAMES
).map("".join)


@given(NAMES)
def test_where_commands_are_listed_no_variable_is_taken_unless_named(name: str) -> None:
    decision = bounded(commands=[["uptime"]]).decide(["uptime"], env=[name])
    assert (decision.allowed, decision.rule) == (False, "env_allow")
    assert name in decision.message


@given(STEERING, st.data())
def test_a_variable_that_changes_what_runs_is_never_taken_where_commands_are_listed(
    name: str, data: st.DataObject
) -> None:
    """Whatever beginning of it ``env_allow`` names."""
    beginning = data.draw(st.integers(1, len(name)).map(lambda end: name[:end]))
    keys = {"commands": [["uptime"]], "env_allow": [f"{beginning}*"]}
    try:
        policy = bounded(**keys)
    except ChatOpsError:
        return  # the file itself is refused, see test_policy_table
    assert policy.decide(["uptime"], env=[name]).rule == "env_allow"


def test_the_named_variables_are_taken() -> None:
    policy = bounded(commands=[["uptime"]], env_allow=["LANG", "APP_*"])
    assert policy.decide(["uptime"], env=["LANG", "APP_", "APP_ENV"]).allowed
    for name in ("LANGUAGE", "APP", "lang", "MY_APP_ENV"):
        assert policy.decide(["uptime"], env=["LANG", name]).rule == "env_allow"


def test_names_bind_the_hub_without_a_list_of_commands_too() -> None:
    policy = bounded(env_allow=["APP_*", "PATH"])
    assert policy.decide("anything", env=["APP_X", "PATH"]).allowed
    assert policy.decide("anything", env=["HOME"]).rule == "env_allow"


def test_what_the_policy_sets_itself_the_hub_does_not() -> None:
    policy = bounded(path="/opt/bin:/bin", env={"LANG": "C", "HOME": "/srv"})
    assert policy.decide("true", env=["PATH"]).rule == "path"
    assert policy.decide("true", env=["LANG"]).rule == "env"
    assert policy.decide("true", env=["TERM"]).allowed
    found = policy.exec.environment({"TERM": "dumb"})
    assert (found["PATH"], found["LANG"], found["HOME"]) == ("/opt/bin:/bin", "C", "/srv")
    assert found["TERM"] == "dumb"


# -- folders, limits, facts -------------------------------------------------------------------


def test_where_commands_are_listed_no_folder_is_taken_unless_named() -> None:
    decision = bounded(commands=[["ls"]]).decide(["ls"], cwd="/tmp")
    assert (decision.allowed, decision.rule) == (False, "folders")
    assert bounded(commands=[["ls"]], folders=["/tmp"]).decide(["ls"], cwd="/tmp").allowed
    assert bounded(folders=[]).decide(["ls"], cwd="/tmp").rule == "folders"
    assert bounded(folders=[]).decide(["ls"]).allowed


@pytest.mark.parametrize(
    ("own", "asked", "expected"),
    [
        (None, None, TimeLimit(None, by_policy=False)),
        (None, 5.0, TimeLimit(5.0, by_policy=False)),
        ("1m", None, TimeLimit(60.0, by_policy=True)),
        ("1m", 5.0, TimeLimit(5.0, by_policy=False)),
        ("1m", 60.0, TimeLimit(60.0, by_policy=False)),
        ("1m", 61.0, TimeLimit(60.0, by_policy=True)),
    ],
)
def test_the_shorter_time_limit_counts(
    own: str | None, asked: float | None, expected: TimeLimit
) -> None:
    policy = bounded(timeout=own) if own else bounded()
    assert policy.exec.time_limit(asked) == expected


def test_flag_and_file_add_up_and_all_is_everything() -> None:
    assert build(None, {"allow": ["exec"]}).allow == ["exec"]
    assert build(["docker"], {"allow": ["exec"]}).allow == ["docker"]
    assert build((), {"allow": ["exec"]}).allow == []
    assert build(["all"]).allow == ["exec", "docker", "shell", "files"]
    assert build(["all"]).facts().allow == ["exec", "docker", "shell", "files"]


def test_the_hub_is_told_the_rules_and_no_value_of_a_variable() -> None:
    policy = bounded(
        commands=[["uptime"], "df( -h)?"], env={"APP_TOKEN": "hush"}, env_allow=["LANG"],
        folders=["/srv/"], path=["/bin"], timeout="1m", max_output="1kB", max_running=3,
    )  # fmt: skip
    assert policy.facts().exec == ExecFacts(
        commands=["['uptime']", "'df( -h)?'"], user=policy.exec.user.name, path="/bin",
        env_allow=["LANG"], folders=["/srv"], timeout=60.0, max_output=1000, max_running=3,
    )  # fmt: skip
    assert b"hush" not in msgspec.json.encode(policy.facts())
    assert build(["docker"]).facts().exec is None


def test_a_long_policy_is_told_in_part() -> None:
    policy = bounded(deny=["x" * 9999] * 5000, commands=[])
    told = policy.facts().exec
    assert told is not None
    assert told.commands == []
    assert len(told.deny) == MAX_POLICY_RULES
    assert told.deny[-1] == "… and 4901 more"
    assert {len(one) for one in told.deny[:-1]} == {MAX_POLICY_TEXT}


def test_the_policy_describes_itself() -> None:
    assert "nothing but reading metrics" in build().describe()
    assert build(table=table()).describe() == (
        "allowed here: exec; exec only what is named by 4 rules of [policy.exec]; "
        "exec never what is named by 2 deny rules"
    )
    bounds = bounded(folders=["/srv", "/var/log"], max_running=2, timeout="10m", max_output="1MiB")
    assert bounds.describe() == (
        "allowed here: exec; in /srv, /var/log; 2 at a time; 10m at most; 1 MiB of output at most"
    )


def test_what_docker_is_bounded_to_is_said() -> None:
    policy = build(["docker"], {"docker": {"mode": "read-only", "containers": ["web-[0-9]+"]}})
    assert policy.describe() == (
        "allowed here: docker; containers are only looked at; containers only as named by 1 pattern"
    )
    assert (policy.docker.sees("web-1"), policy.docker.sees("web-1x")) == (True, False)
    assert "containers" not in build(["exec"], {"docker": {"mode": "read-only"}}).describe()


@pytest.mark.parametrize(
    ("allow", "keys", "allowed", "rule"),
    [
        (["exec"], {}, False, "allow"),
        (["docker"], {"mode": "read-only"}, False, "docker.mode"),
        (["docker"], {"exec": False}, False, "docker.exec"),
        (["docker"], {}, True, "docker.exec"),
    ],
)
def test_commands_in_containers_need_docker_in_full(
    allow: list[str], keys: dict[str, Any], allowed: bool, rule: str
) -> None:
    policy = build(allow, {"docker": keys, "exec": {"commands": [["uptime"]]}})
    decision = policy.decide_in_container()
    assert (decision.allowed, decision.rule) == (allowed, rule)
    assert decision.allowed or rule.replace("allow", "--allow docker") in decision.message


def test_the_hub_is_told_what_may_be_done_with_containers() -> None:
    table = {"docker": {"containers": ["a"], "exec": False, "host": "unix:///secret"}}
    policy = build(["docker"], table)
    assert policy.facts().docker == DockerFacts(mode="full", named=True, exec=False)
    assert "no commands in containers" in policy.describe()
    assert build(["exec"], table).facts().docker is None


@pytest.mark.parametrize(
    ("allow", "table", "where"),
    [
        (["files"], {}, "nowhere"),
        (["files", "exec"], {}, None),
        (["all"], {}, None),
        (["all"], {"exec": {"commands": [["uptime"]]}}, "nowhere"),
        (["all"], {"exec": {"deny": ["rm .*"]}}, "nowhere"),
        (["all"], {"files": {"write": False}}, "nowhere"),
        (["all"], {"files": {"write": []}}, "nowhere"),
        (["files"], {"files": {"write": True}}, None),
        (["files"], {"files": {"write": True, "folders": ["/srv"]}}, ("/srv",)),
        (["files"], {"files": {"write": ["/srv/in/"], "folders": ["/srv"]}}, ("/srv/in",)),
        (["files", "exec"], {"files": {"folders": ["/srv"]}}, ("/srv",)),
    ],
)
def test_files_are_written_only_where_that_was_allowed(
    allow: list[str], table: dict[str, Any], where: tuple[str, ...] | str | None
) -> None:
    files = build(allow, table).files
    assert (files.write_folders if files.may_write else "nowhere") == where
