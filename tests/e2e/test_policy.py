"""The policy as users meet it: exit 121 by each rule, the audit, `servers show`, `agent check`."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import Bench, bench

USER = "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
POLICY = f"""
[policy]
allow = ["exec"]

[policy.exec]
commands = [["uptime"], ["sleep", "600"], ["yes"], "sleep [0-9]+", "id -un|pwd|env"]
deny = ["sleep 7"]
user = "{USER}"
path = "/usr/bin:/bin"
env = {{ STAGE = "test" }}
env_allow = ["LANG", "APP_*"]
folders = ["/usr"]
max_running = 1
timeout = "2s"
max_output = "100kB"
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A hub, and an agent with all of a policy."""
    with bench(tmp_path_factory.mktemp("policy")) as made:
        made.start_hub()
        made.login()
        file = made.folder / "agent.toml"
        file.write_text(POLICY)
        file.chmod(0o600)
        made.start_agent("web-1", made.add_server("web-1"), "--config", str(file))
        made.start_agent("bare", made.add_server("bare"))
        yield made


def check(place: Bench, *words: str) -> tuple[int, str]:
    done = place.run("agent", "check", "--config", str(place.folder / "agent.toml"), *words)
    return done.code, done.out + done.err


REFUSED = [
    ((), ["reboot"], "no pattern in commands is like it"),
    ((), ["uptime", "-p"], "no vector in commands is like it"),
    ((), ["uptime\nreboot"], "no pattern in commands is like it"),
    ((), ["sleep 7"], "deny has 'sleep 7'"),
    (("--env", "PATH=/tmp"), ["uptime"], "path sets PATH"),
    (("--env", "STAGE=prod"), ["uptime"], "env sets STAGE"),
    (("--env", "LD_PRELOAD=/tmp/x.so"), ["uptime"], "env_allow never takes LD_PRELOAD"),
    (("--env", "TERM=dumb"), ["uptime"], "env_allow does not name TERM"),
    (("--cwd", "/etc"), ["pwd"], "folders has /usr, and not /etc"),
    (("--cwd", "/usr/../etc"), ["pwd"], "folders has /usr, and not /etc"),
]


@pytest.mark.parametrize(("options", "command", "rule"), REFUSED)
def test_a_refusal_exits_121_names_its_rule_and_is_audited(
    place: Bench, options: tuple[str, ...], command: list[str], rule: str
) -> None:
    done = place.run("exec", *options, "web-1", *command)
    assert (done.code, done.out) == (121, "")
    assert done.err.startswith("error: the agent's policy does not allow this: ")
    assert rule in done.err
    record = place.run("audit", "list", "-o", "json").json()[-1]
    assert (record["action"], record["outcome"]) == ("commands.run", "refused")
    assert (record["user"], record["target"]) == ("admin", "web-1")
    assert rule in record["detail"]["error"]
    assert record["detail"]["reason"] == "policy"


@pytest.mark.parametrize(("options", "command", "rule"), REFUSED)
def test_agent_check_says_the_same_and_exits_5(
    place: Bench, options: tuple[str, ...], command: list[str], rule: str
) -> None:
    code, text = check(place, *options, "--", *command)
    assert (code, rule in text) == (5, True)
    assert "allowed        no\n" in text


def test_a_missing_allow_exec_is_named_and_audited(place: Bench) -> None:
    done = place.run("exec", "bare", "uptime")
    assert done.code == 121
    assert "--allow exec" in done.err
    record = place.run("audit", "list", "-o", "json").json()[-1]
    assert (record["outcome"], record["target"]) == ("refused", "bare")
    assert "--allow exec" in record["detail"]["error"]
    assert place.run("agent", "check", "uptime").code == 5


def test_one_too_many_exits_121_and_names_max_running(place: Bench) -> None:
    first = place.run("exec", "--detach", "web-1", "sleep", "600").out.strip()
    done = place.run("exec", "web-1", "uptime")
    assert done.code == 121
    assert "max_running of its policy is 1" in done.err
    assert place.run("commands", "wait", first).code == 124


def test_limits_end_a_command_and_are_named(place: Bench) -> None:
    done = place.run("exec", "--timeout", "10m", "web-1", "sleep", "600")
    assert (done.code, done.err) == (
        124, "error: the agent's policy ends a command after 2 s (timeout)\n"
    )  # fmt: skip
    done = place.run("exec", "web-1", "yes")
    assert done.code == 143
    assert len(done.stdout) == 100_000
    assert "of output (max_output)" in done.err


def test_what_is_allowed_runs_as_the_policy_says(place: Bench) -> None:
    assert place.run("exec", "web-1", "id -un").out == f"{USER}\n"
    done = place.run("exec", "--cwd", "/usr/lib/..", "web-1", "pwd")
    assert done.out == "/usr\n"
    done = place.run("exec", "--env", "APP_X=1", "web-1", "env")
    assert {"STAGE=test", "APP_X=1", "PATH=/usr/bin:/bin"} <= set(done.out.splitlines())


def test_agent_check_shows_what_a_command_gets(place: Bench) -> None:
    config = str(place.folder / "agent.toml")
    words = [
        "--config",
        config,
        "--timeout",
        "1m",
        "--cwd",
        "/usr",
        "--env",
        "LANG=C",
        "-o",
        "json",
    ]
    found = place.run("agent", "check", *words, "sleep", "600").json()
    assert found == {
        "command": ["sleep", "600"], "allowed": True, "rule": "commands", "why": None,
        "user": USER, "folder": "/usr", "program": "/usr/bin/sleep", "path": "/usr/bin:/bin",
        "variables": ["HOME", "LANG", "LOGNAME", "PATH", "SHELL", "STAGE", "USER"],
        "timeout": 2.0, "max_output": 100_000, "max_running": 1, "container": None,
    }  # fmt: skip
    code, text = check(place, "uptime")
    assert (code, "program        /bin/sh\n" in text) == (0, True)


def test_agent_check_tells_mistakes(place: Bench, tmp_path: Path) -> None:
    code, text = check(place, "--cwd", "/usr")
    assert (code, "none was given" in text) == (2, True)
    code, text = check(place, "--cwd", "/usr/none", "pwd")
    assert (code, "/usr/none: No such file or directory" in text) == (2, True)
    code, text = check(place, "")
    assert (code, "no command was given" in text) == (2, True)
    file = tmp_path / "loose.toml"
    file.write_text(POLICY)
    file.chmod(0o666)
    config = ["--config", str(file)]
    for words in (["check", *config, "uptime"], ["check", *config], config):
        done = place.run("agent", *words)
        assert done.code == 2
        assert f"hint: run: chmod go-w {file}\n" in done.err


@pytest.mark.parametrize("words", [["agent"], ["agent", "check"], ["agent", "check", "uptime"]])
def test_a_file_that_makes_no_sense_is_a_usage_error(
    place: Bench, tmp_path: Path, words: list[str]
) -> None:
    """Also of `agent check`, whose other checks may fail too: this hub is not there."""
    texts = {
        "unknown.toml": ("[policy]\nalow = []\n", "[policy] has an unknown key 'alow'"),
        "pattern.toml": ("[policy.exec]\ndeny = ['(']\n", "policy.exec.deny[0] is not a regular"),
        "kind.toml": ("[policy.exec]\nmax_running = true\n", "not a whole number: true"),
        "broken.toml": ("policy =\n", "is not a TOML file"),
        "none.toml": (None, "none.toml: No such file or directory"),
    }
    for name, (text, why) in texts.items():
        file = tmp_path / name
        if text is not None:
            file.write_text(text)
        done = place.run(
            *words[:2], "--config", str(file), "--hub", "http://127.0.0.1:1", *words[2:],
            CHATOPS_KEY="cok_abcdefgh_" + "x" * 43,
        )  # fmt: skip
        assert (done.code, why in done.err) == (2, True), done
        assert done.err.startswith("error: ")
        assert "\nhint: " in done.err


def test_servers_show_has_the_policy(place: Bench) -> None:
    shown = place.run("servers", "show", "web-1", "-o", "json").json()
    assert shown["exec"] | {"commands": None} == {
        "commands": None, "deny": ["'sleep 7'"], "user": USER, "path": "/usr/bin:/bin",
        "env_allow": ["LANG", "APP_*"], "folders": ["/usr"], "max_running": 1, "timeout": 2.0,
        "max_output": 100_000,
    }  # fmt: skip
    assert shown["exec"]["commands"][0] == "['uptime']"
    assert "limits       1 at a time, 2s time, 97.7 KiB output\n" in (
        place.run("servers", "show", "web-1").out
    )
    assert place.run("servers", "show", "bare", "-o", "json").json()["exec"] is None


def test_agent_check_exits_as_the_agent_does_where_that_does_not_start(
    place: Bench, tmp_path: Path
) -> None:
    loose, hub = tmp_path / "key", ["--hub", "http://127.0.0.1:1"]
    loose.write_text("cok_abcdefgh_" + "x" * 43)
    loose.chmod(0o644)
    for file in (loose, tmp_path / "none"):
        for words in (["agent"], ["agent", "check"]):
            done = place.run(*words, *hub, "--key-file", str(file))
            assert (done.code, str(file) in done.err, "hint: " in done.err) == (2, True, True)
