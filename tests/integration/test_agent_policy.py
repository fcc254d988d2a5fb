"""The policy on real processes: who they are, where they start, and what ends them."""

from __future__ import annotations

import os
import pwd
import signal
from pathlib import Path
from typing import Any

import pytest

from chatops.protocol.messages import Command, CommandCancel, CommandResponse
from tests.support.agents import group_members, local_agent, watchdog_of
from tests.support.stand_in_hub import StandInHub, stand_in_hub
from tests.support.waiting import until_async

NOBODY = pwd.getpwnam("nobody")


def bounds(**keys: Any) -> dict[str, Any]:
    """Settings of an agent with these keys in [policy.exec]."""
    return {"policy": {"exec": keys}}


def refusal(outcome: CommandResponse) -> tuple[str, str | None]:
    assert outcome.started_at is None or outcome.exit_code is None
    return outcome.state, outcome.reason


# -- another user --------------------------------------------------------------------------------


async def test_a_command_is_its_user_with_all_its_groups_and_variables() -> None:
    async with stand_in_hub() as hub, local_agent(hub.url, **bounds(user="nobody")):
        await hub.connected()
        await hub.run("id -u; id -g; id -G; id -ru; echo $HOME $USER $LOGNAME $SHELL; pwd")
        uid, gid, groups, real, variables, folder = hub.text().splitlines()
        assert (uid, real, gid) == (str(NOBODY.pw_uid), str(NOBODY.pw_uid), str(NOBODY.pw_gid))
        wanted = os.getgrouplist("nobody", NOBODY.pw_gid)
        assert sorted(map(int, groups.split())) == sorted(wanted)
        assert variables == f"{NOBODY.pw_dir} nobody nobody {NOBODY.pw_shell}"
        assert folder == "/"  # the home is not there


async def test_a_user_cannot_go_back_nor_read_what_is_roots(tmp_path: Path) -> None:
    secret = tmp_path / "key"
    secret.write_text("hush")
    secret.chmod(0o600)
    look = "ls -l /proc/self/fd >&2; grep Cap /proc/self/status"
    line = f"cat {secret}; cat /proc/$PPID/environ; {look}"
    async with stand_in_hub() as hub, local_agent(hub.url, **bounds(user="nobody")):
        await hub.connected()
        await hub.run(line)
        sets = dict(one.split(":\t") for one in hub.text().splitlines())
        assert {sets[name] for name in ("CapInh", "CapPrm", "CapEff")} == {"0" * 16}
        assert "hush" not in hub.text(2)
        assert hub.text(2).count("Permission denied") == 2
        assert hub.text(2).count("pipe:[") == 2  # stdout and stderr, and nothing of the agent's


async def test_a_user_can_open_its_output_by_name() -> None:
    async with stand_in_hub() as hub, local_agent(hub.url, **bounds(user="nobody")):
        await hub.connected()
        outcome = await hub.run("echo out > /dev/stdout; echo err > /dev/stderr")
        assert (outcome.state, hub.text(1), hub.text(2)) == ("succeeded", "out\n", "err\n")


@pytest.mark.parametrize("end", ["cancel", "timeout"])
async def test_all_processes_of_another_user_end(end: str) -> None:
    line = "trap '' TERM; echo $$; sh -mc 'sleep 1000 & wait' & while :; do sleep 0.05; done"
    async with stand_in_hub() as hub, local_agent(hub.url, **bounds(user="nobody")):
        await hub.connected()
        limit = 0.5 if end == "timeout" else None
        await hub.start(line, **({"timeout": limit} if limit else {}))
        await until_async(lambda: hub.text().endswith("\n"))
        group = int(hub.text())
        assert Path(f"/proc/{group}").stat().st_uid == NOBODY.pw_uid
        if end == "cancel":
            await hub.send(CommandCancel(id="c1", grace=0.1))
        outcome = await hub.outcome("c1")
        assert outcome.state == ("timed_out" if end == "timeout" else "cancelled")
        assert group_members(group) == []


async def test_the_watchdog_ends_another_users_processes() -> None:
    async with stand_in_hub() as hub, local_agent(hub.url, **bounds(user="nobody")) as local:
        await hub.connected()
        await hub.start("echo $$; exec sleep 1000")
        await until_async(lambda: hub.text().endswith("\n"))
        watchdog = watchdog_of(os.getpid())
        group = int(hub.text())
        local.agent.guard.close()  # as when the agent is dead: its pipe ends
        await until_async(lambda: group_members(group) == [])
        assert not watchdog.is_running()
        assert (await hub.outcome("c1")).signal == signal.SIGKILL


# -- folders ---------------------------------------------------------------------------------------


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """``in`` is allowed: a folder, and links that stay, and that lead out."""
    for name in ("in/deep", "out", "inside", "locked"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "in/stays").symlink_to("deep")
    (tmp_path / "in/leaves").symlink_to("../out")
    (tmp_path / "enters").symlink_to("in/deep")
    (tmp_path / "in/file").touch()
    tmp_path.chmod(0o755)
    (tmp_path / "locked").chmod(0o700)
    for folder in tmp_path.parents[: len(tmp_path.parents) - 2]:
        folder.chmod(folder.stat().st_mode | 0o011)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "real"),
    [("in", "in"), ("in/deep", "in/deep"), ("in/stays", "in/deep"), ("enters", "in/deep"),
     ("in/../in/deep/.", "in/deep")],
)  # fmt: skip
@pytest.mark.parametrize("user", [None, "nobody"])
async def test_a_folder_within_is_entered(
    tree: Path, name: str, real: str, user: str | None
) -> None:
    keys = {"folders": [str(tree / "in")]} | ({"user": user} if user else {})
    async with stand_in_hub() as hub, local_agent(hub.url, **bounds(**keys)):
        await hub.connected()
        outcome = await hub.run(["pwd", "-P"], cwd=f"{tree}/{name}")
        assert (outcome.state, hub.text()) == ("succeeded", f"{tree}/{real}\n")


@pytest.mark.parametrize("name", ["out", "in/leaves", "in/..", "in/deep/../../out", "inside", "."])
@pytest.mark.parametrize("user", [None, "nobody"])
async def test_a_folder_outside_is_refused_wherever_its_name_begins(
    tree: Path, name: str, user: str | None
) -> None:
    keys = {"folders": [str(tree / "in")]} | ({"user": user} if user else {})
    async with stand_in_hub() as hub, local_agent(hub.url, **bounds(**keys)):
        await hub.connected()
        outcome = await hub.run(f"touch {tree}/ran", cwd=f"{tree}/{name}")
        assert refusal(outcome) == ("refused", "policy")
        assert f"folders has {tree}/in, and not {tree}" in (outcome.error or "")
        assert not (tree / "ran").exists()
        assert hub.text(2) == ""


@pytest.mark.parametrize("name", ["in/none", "in/file", "in/file/x"])
async def test_what_is_no_folder_is_no_refusal(tree: Path, name: str) -> None:
    async with stand_in_hub() as hub, local_agent(hub.url, **bounds(folders=[str(tree)])):
        await hub.connected()
        outcome = await hub.run("true", cwd=f"{tree}/{name}")
        assert (outcome.state, outcome.exit_code) == ("failed", 126)
        assert f"cannot start in the folder {tree}/{name}: N" in (outcome.error or "")


async def test_a_folder_is_entered_with_the_users_rights_and_not_with_roots(tree: Path) -> None:
    (tree / "locked/open").mkdir()
    (tree / "way").symlink_to(tree / "locked/open")
    async with stand_in_hub() as hub, local_agent(hub.url, **bounds(user="nobody")):
        await hub.connected()
        for number, name in enumerate(("locked", "locked/open", "locked/none", "way")):
            outcome = await hub.run("pwd", cwd=f"{tree}/{name}", id=f"c{number}")
            assert (outcome.state, outcome.exit_code) == ("failed", 126), name
            assert (outcome.error or "").endswith("Permission denied")


async def test_a_relative_folder_begins_at_home(tree: Path) -> None:
    keys = bounds(env={"HOME": str(tree)})
    async with stand_in_hub() as hub, local_agent(hub.url, **keys):
        await hub.connected()
        await hub.run(["pwd"], cwd="in/deep")
        assert hub.text() == f"{tree}/in/deep\n"


async def test_a_folder_that_cannot_be_entered_by_the_agent_itself_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It can be opened, and not be entered: gone in between, or without the right to search."""
    monkeypatch.setattr("chatops.agent.launch.path_of", lambda _handle: str(tmp_path / "gone"))
    async with stand_in_hub() as hub, local_agent(hub.url):
        await hub.connected()
        outcome = await hub.run("true", cwd=str(tmp_path))
        assert outcome.error == f"cannot start in the folder {tmp_path}: No such file or directory"


# -- PATH and variables ----------------------------------------------------------------------


async def test_path_and_variables_are_the_policys(tmp_path: Path) -> None:
    program = tmp_path / "greet"
    program.write_text("#!/bin/sh\necho $GREETING $PATH\n")
    program.chmod(0o755)
    keys = bounds(path=[str(tmp_path)], env={"GREETING": "hallo"}, commands=[["greet"]])
    async with stand_in_hub() as hub, local_agent(hub.url, **keys):
        await hub.connected()
        outcome = await hub.run(["greet"])
        assert (outcome.state, hub.text()) == ("succeeded", f"hallo {tmp_path}\n")


@pytest.mark.parametrize("name", ["PATH", "LD_PRELOAD", "BASH_ENV", "ENV", "IFS", "HOME", "X"])
async def test_a_listed_command_cannot_be_made_another_by_a_variable(
    tmp_path: Path, name: str
) -> None:
    false_friend = tmp_path / "uptime"
    false_friend.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    false_friend.chmod(0o755)
    async with stand_in_hub() as hub, local_agent(hub.url, **bounds(commands=[["uptime"]])):
        await hub.connected()
        for number, command in enumerate(("uptime", ["uptime"])):
            outcome = await hub.run(command, env={name: str(tmp_path)}, id=f"c{number}")
            assert refusal(outcome) == ("refused", "policy")
            assert "env_allow" in (outcome.error or "")
            assert name in (outcome.error or "")
        assert (await hub.run(["uptime"], id="plain")).state == "succeeded"
        assert not (tmp_path / "ran").exists()


# -- limits ----------------------------------------------------------------------------------


async def test_one_command_too_many_is_refused_until_another_has_ended() -> None:
    async with stand_in_hub() as hub, local_agent(hub.url, **bounds(max_running=1)):
        await hub.connected()
        await hub.start("sleep 1000")
        await hub.wait_for(CommandResponse)
        await hub.send(Command(id="c2", command="true"))
        outcome = await hub.outcome("c2")
        assert refusal(outcome) == ("refused", "too_many")
        assert "max_running of its policy is 1" in (outcome.error or "")
        await hub.send(CommandCancel(id="c1", grace=0))
        await hub.outcome("c1")
        assert (await hub.run("true", id="c3")).state == "succeeded"


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [(None, "the agent's policy ends a command after 0.3 s (timeout)"),
     (600.0, "the agent's policy ends a command after 0.3 s (timeout)"),
     (0.1, "the time limit of 0.1 s was reached")],
)  # fmt: skip
async def test_the_shorter_time_limit_ends_a_command_and_says_whose_it_was(
    asked: float | None, sentence: str
) -> None:
    async with stand_in_hub() as hub, local_agent(hub.url, **bounds(timeout="300ms")):
        await hub.connected()
        outcome = await hub.run("sleep 1000", timeout=asked)
        assert (outcome.state, outcome.reason) == ("timed_out", "timeout")
        assert outcome.error == sentence


@pytest.mark.parametrize(
    "line",
    [
        "yes",
        "yes >&2",
        "yes & yes >&2",
        "head -c 5000 /dev/zero; exec sleep 1000",
        "trap '' TERM; head -c 5000 /dev/zero; exit 0",
    ],
)
async def test_too_much_output_ends_a_command(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatops.agent.run.TIMEOUT_GRACE", 0.3)
    async with stand_in_hub() as hub, local_agent(hub.url, **bounds(max_output=4096)):
        await hub.connected()
        outcome = await hub.run(line)
        assert (outcome.state, outcome.reason) == ("cancelled", "max_output")
        assert (
            outcome.error == "the agent's policy ends a command after 4 KiB of output (max_output)"
        )
        assert outcome.stdout_bytes + outcome.stderr_bytes == 4096
        assert sum(map(len, hub.output.values())) == 4096


async def test_as_much_output_as_the_limit_is_not_too_much() -> None:
    async with stand_in_hub() as hub, local_agent(hub.url, **bounds(max_output=4096)):
        await hub.connected()
        outcome = await hub.run("head -c 4000 /dev/zero; head -c 96 /dev/zero >&2")
        assert (outcome.state, outcome.stdout_bytes, outcome.stderr_bytes) == (
            "succeeded",
            4000,
            96,
        )


async def test_the_hub_is_told_the_bounds() -> None:
    keys = {"commands": [["uptime"]], "timeout": "1m", "env": {"TOKEN": "hush"}}
    hub = StandInHub()
    async with stand_in_hub(hub), local_agent(hub.url, **bounds(**keys)):
        await hub.connected()
        (auth,) = hub.auths
        assert auth.policy.allow == ["exec"]
        assert auth.policy.exec is not None
        assert auth.policy.exec.commands == ["['uptime']"]
        assert auth.policy.exec.timeout == 60.0
        assert "hush" not in repr(auth)
