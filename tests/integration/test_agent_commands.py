"""Commands through a real agent: real processes, real pipes, a stand-in hub."""

from __future__ import annotations

import os
import pwd
import signal
import threading
from pathlib import Path

import psutil
import pytest

from chatops.agent import delivery
from chatops.protocol.facts import HeldCommand
from chatops.protocol.limits import KEPT_HEAD, KEPT_TAIL, MAX_RUNNING_COMMANDS, STREAM_CREDIT
from chatops.protocol.messages import (
    Command,
    CommandAck,
    CommandCancel,
    CommandResponse,
    Error,
    Message,
    Metrics,
    Ping,
    Pong,
    StreamClose,
    StreamCredit,
    StreamOpen,
)
from tests.support.agents import LocalAgent, group_members, local_agent
from tests.support.leaks import held
from tests.support.stand_in_hub import StandInHub, stand_in_hub
from tests.support.waiting import until, until_async


async def test_a_shell_line_runs_and_both_streams_come_byte_for_byte() -> None:
    line = r"printf 'out\377\000\n'; printf 'err\r\n' >&2; exit 3"
    async with stand_in_hub() as hub, local_agent(hub.url):
        await hub.connected()
        outcome = await hub.run(line)
        assert (outcome.state, outcome.exit_code, outcome.signal) == ("failed", 3, None)
        assert hub.output == {1: b"out\xff\x00\n", 2: b"err\r\n"}
        assert (outcome.stdout_bytes, outcome.stderr_bytes, outcome.dropped_bytes) == (6, 5, 0)
        assert outcome.duration_ms is not None
        assert outcome.started_at is not None
        assert outcome.finished_at is not None
        assert outcome.finished_at >= outcome.started_at


async def test_the_messages_of_a_command_come_in_their_order() -> None:
    async with stand_in_hub() as hub, local_agent(hub.url):
        await hub.connected()
        await hub.run("echo hello")
        told = [one for one in hub.seen if not isinstance(one, Metrics)]
        assert isinstance(told[0], CommandResponse)
        assert told[0].state == "running"
        assert {(one.stream, one.offset) for one in hub.of(StreamClose)} == {(1, 6), (2, 0)}
        assert isinstance(told[-1], CommandResponse)
        assert told[-1].state == "succeeded"


async def test_a_vector_is_passed_exactly_and_no_shell_reads_it() -> None:
    async with stand_in_hub() as hub, local_agent(hub.url):
        await hub.connected()
        await hub.run(["printf", "[%s]", "$HOME", "a b", "", "*", "'"])
        assert hub.text() == "[$HOME][a b][][*][']"


async def test_the_environment_is_built_and_never_the_agents_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CHATOPS_KEY", "cok_secret_value")
    async with stand_in_hub() as hub, local_agent(hub.url):
        await hub.connected()
        await hub.run(["env"], env={"GREETING": "hallo", "LANG": "de_DE.UTF-8"})
        found = dict(line.split("=", 1) for line in hub.text().splitlines())
        user = pwd.getpwuid(os.geteuid())
        assert found.pop("PATH").endswith("/sbin:/bin")
        assert found == {
            "HOME": user.pw_dir,
            "USER": user.pw_name,
            "LOGNAME": user.pw_name,
            "SHELL": user.pw_shell,
            "LANG": "de_DE.UTF-8",
            "GREETING": "hallo",
        }


async def test_it_starts_where_it_is_told_and_at_home_else(tmp_path: Path) -> None:
    async with stand_in_hub() as hub, local_agent(hub.url):
        await hub.connected()
        await hub.run(["pwd"], cwd=str(tmp_path))
        assert hub.text() == f"{tmp_path}\n"
        await hub.run("echo; pwd", id="c2")
        assert hub.text().splitlines()[-1] == pwd.getpwuid(os.geteuid()).pw_dir


@pytest.mark.parametrize(
    ("command", "code", "sentence"),
    [
        (["no-such-program"], 127, "no-such-program: not found"),
        (["/etc/passwd"], 126, "/etc/passwd: Permission denied"),
        (["/"], 126, "/: Permission denied"),
        (["echo", "a\0b"], 126, "zero byte"),
    ],
)
async def test_what_cannot_be_started_fails_as_a_shell_says(
    command: list[str], code: int, sentence: str
) -> None:
    async with stand_in_hub() as hub, local_agent(hub.url):
        await hub.connected()
        outcome = await hub.run(command)
        assert (outcome.state, outcome.exit_code, outcome.reason) == ("failed", code, "spawn")
        assert sentence in (outcome.error or "")
        assert sentence in hub.text(2)


async def test_a_folder_that_is_not_there_is_named() -> None:
    async with stand_in_hub() as hub, local_agent(hub.url):
        await hub.connected()
        outcome = await hub.run(["true"], cwd="/no/such/folder")
        assert (outcome.state, outcome.exit_code) == ("failed", 126)
        assert "/no/such/folder" in (outcome.error or "")


async def test_a_folder_with_an_endless_name_is_not_told_whole() -> None:
    async with stand_in_hub() as hub, local_agent(hub.url):
        await hub.connected()
        outcome = await hub.run(["true"], cwd="/" + "\x01" * 160_000)
        assert (outcome.state, outcome.exit_code) == ("failed", 126)
        assert len(outcome.error or "") < 1000


async def test_a_command_that_gets_no_thread_fails_at_once_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with stand_in_hub() as hub, local_agent(hub.url):
        await hub.connected()
        await hub.run("true")
        await hub.wait_for(Metrics, count=2)  # the sampler has its thread, and no file open
        before = held()
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", no_thread)
            outcome = await hub.run("true", id="c2")
        assert (outcome.state, outcome.exit_code, outcome.reason) == ("failed", 126, "spawn")
        assert outcome.error == "true: Resource temporarily unavailable"
        assert hub.text(2) == f"chatops: {outcome.error}\n"
        assert held().since(before) == []
        assert (await hub.run("true", id="c3")).state == "succeeded"


async def test_a_fault_of_the_agents_own_is_an_outcome_and_told_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("chatops.agent.run.Launch", no_thread)
    async with stand_in_hub() as hub, local_agent(hub.url):
        await hub.connected()
        outcome = await hub.run("true")
        assert (outcome.state, outcome.reason) == ("failed", "internal")
        assert hub.closed(1)
        assert hub.closed(2)


def no_thread(*_given: object, **_more: object) -> None:
    raise RuntimeError("can't start new thread")


async def test_a_shell_line_gives_127_itself() -> None:
    async with stand_in_hub() as hub, local_agent(hub.url):
        await hub.connected()
        outcome = await hub.run("no-such-program")
        assert (outcome.state, outcome.exit_code, outcome.reason) == ("failed", 127, None)


async def test_death_by_a_signal_is_told_as_one() -> None:
    async with stand_in_hub() as hub, local_agent(hub.url):
        await hub.connected()
        outcome = await hub.run("kill -SEGV $$")
        assert (outcome.state, outcome.exit_code) == ("failed", None)
        assert outcome.signal == signal.SIGSEGV


async def test_standard_input_is_empty() -> None:
    async with stand_in_hub() as hub, local_agent(hub.url):
        await hub.connected()
        outcome = await hub.run(["cat"])
        assert (outcome.state, outcome.stdout_bytes) == ("succeeded", 0)


# -- time limit, cancel --------------------------------------------------------------------


async def test_the_agent_keeps_the_time_limit_and_ends_the_whole_group() -> None:
    async with stand_in_hub() as hub, local_agent(hub.url):
        await hub.connected()
        outcome = await hub.run("echo $$; sleep 1000 & sleep 1000", timeout=0.3)
        assert (outcome.state, outcome.reason) == ("timed_out", "timeout")
        assert outcome.signal == signal.SIGTERM
        assert "0.3 s" in (outcome.error or "")
        assert group_members(int(hub.text())) == []


async def test_cancel_ends_a_command_that_ignores_term() -> None:
    line = "trap '' TERM; echo $$; while :; do sleep 0.05; done"
    async with stand_in_hub() as hub, local_agent(hub.url):
        await hub.connected()
        await hub.start(line)
        await until_async(lambda: hub.text().endswith("\n"))
        await hub.send(CommandCancel(id="c1", grace=0.2))
        outcome = await hub.outcome("c1")
        assert (outcome.state, outcome.signal) == ("cancelled", signal.SIGKILL)
        assert group_members(int(hub.text())) == []


async def test_children_that_ignore_term_are_killed_after_their_leader_went() -> None:
    line = "sh -c 'trap \"\" TERM; echo ready; while :; do sleep 0.05; done' & echo $$; wait"
    async with stand_in_hub() as hub, local_agent(hub.url):
        await hub.connected()
        await hub.start(line)
        await until_async(lambda: "ready" in hub.text() and hub.text().count("\n") == 2)
        await hub.send(CommandCancel(id="c1", grace=0.2))
        outcome = await hub.outcome("c1")
        assert outcome.state == "cancelled"
        group = next(int(word) for word in hub.text().split() if word.isdecimal())
        assert group_members(group) == []


async def test_a_cancel_that_comes_with_the_end_leaves_the_outcome_as_it_was() -> None:
    async with stand_in_hub(StandInHub(ack_commands=False)) as hub, local_agent(hub.url):
        await hub.connected()
        first = await hub.run("true")
        await hub.send(CommandCancel(id="c1"))
        again = await hub.wait_for(CommandResponse, lambda one: one.state != "running", count=2)
        assert again == first
        await hub.send(CommandCancel(id="nobody"))
        assert (await hub.wait_for(Error)).re == "nobody"


# -- the leader's end ------------------------------------------------------------------------


async def test_a_command_ends_with_its_leader_and_background_children_survive() -> None:
    async with stand_in_hub() as hub, local_agent(hub.url):
        await hub.connected()
        outcome = await hub.run("sleep 1000 >/dev/null 2>&1 & echo $!")
        child = psutil.Process(int(hub.text()))
        try:
            assert outcome.state == "succeeded"
            assert child.is_running()
            assert child.status() != psutil.STATUS_ZOMBIE
        finally:
            child.kill()


async def test_a_child_that_holds_the_pipe_delays_the_end_by_a_second_at_most() -> None:
    async with stand_in_hub() as hub, local_agent(hub.url):
        await hub.connected()
        outcome = await hub.run("sleep 1000 & echo $!")
        os.kill(int(hub.text()), signal.SIGKILL)
        assert outcome.state == "succeeded"
        assert outcome.duration_ms is not None
        assert 900 < outcome.duration_ms < 3000


async def test_a_command_that_closes_its_output_goes_on() -> None:
    async with stand_in_hub() as hub, local_agent(hub.url):
        await hub.connected()
        outcome = await hub.run("exec >&- 2>&-; sleep 0.3; exit 9")
        assert outcome.exit_code == 9
        assert (outcome.duration_ms or 0) >= 300


# -- output ------------------------------------------------------------------------------------


async def test_much_output_comes_whole_and_in_order() -> None:
    async with stand_in_hub() as hub, local_agent(hub.url):
        await hub.connected()
        outcome = await hub.run("seq 1 300000")
        assert hub.text() == "".join(f"{n}\n" for n in range(1, 300001))
        assert outcome.dropped_bytes == 0


async def test_a_slow_watcher_slows_the_command_and_gets_every_byte() -> None:
    size, bound = 3 * 2**20, {"spill_per_command": 2**20}
    hub = StandInHub(give_credit=False)
    async with stand_in_hub(hub), local_agent(hub.url, **bound) as local:
        await hub.connected()
        await hub.start(f"head -c {size} /dev/zero")
        await until_async(lambda: len(hub.output.get(1, b"")) == STREAM_CREDIT)
        assert local.agent.executor.running == 1
        for _ in range(size // STREAM_CREDIT):
            have = len(hub.output[1])
            await hub.send(StreamCredit(stream=1, credit=STREAM_CREDIT, watched=True))
            wanted = min(size, have + STREAM_CREDIT)
            await until_async(lambda wanted=wanted: len(hub.output[1]) >= wanted)
        outcome = await hub.outcome("c1")
        assert (outcome.stdout_bytes, outcome.dropped_bytes) == (size, 0)
        assert len(hub.output[1]) == size


async def test_without_a_watcher_a_command_never_waits_and_the_middle_goes() -> None:
    size = 8 * 2**20
    hub = StandInHub(give_credit=False, ack_commands=False)
    bound = {"spill_per_command": 2 * 2**20}
    async with stand_in_hub(hub), local_agent(hub.url, **bound) as local:
        await hub.connected()
        await hub.start(f"head -c {size} /dev/zero; echo end", watched=False)
        await until_async(lambda: local.agent.executor.unacked == 1)
        hub.give_credit = True
        await hub.send(StreamCredit(stream=1, credit=STREAM_CREDIT, watched=False))
        outcome = await hub.outcome("c1")
        assert outcome.stdout_bytes == size + 4
        assert outcome.dropped_bytes > 0
        kept = len(hub.output[1])
        assert kept + outcome.dropped_bytes == size + 4
        assert KEPT_HEAD + KEPT_TAIL <= kept < KEPT_HEAD + KEPT_TAIL + 2**18
        assert hub.output[1].endswith(b"\0end\n")
        close = next(one for one in hub.of(StreamClose) if one.stream == 1)
        assert (close.offset, close.dropped) == (size + 4, outcome.dropped_bytes)


@pytest.mark.parametrize("watched", [True, False])
async def test_a_command_does_not_wait_for_a_watcher_while_the_disk_takes_its_output(
    watched: bool,
) -> None:
    hub = StandInHub(give_credit=False, ack_commands=False)
    async with stand_in_hub(hub), local_agent(hub.url) as local:
        await hub.connected()
        await hub.start("seq 1 1000000", watched=watched)
        await until_async(lambda: local.agent.executor.unacked == 1)
        await until_async(lambda: len(hub.output[1]) == STREAM_CREDIT)
        hub.give_credit = True
        await hub.send(StreamCredit(stream=1, credit=STREAM_CREDIT, watched=watched))
        outcome = await hub.outcome("c1")
        assert outcome.dropped_bytes == 0
        assert hub.text() == "".join(f"{n}\n" for n in range(1, 1000001))


async def test_a_stream_can_be_opened_again_from_any_offset_until_it_is_acked() -> None:
    whole = "".join(f"{n}\n" for n in range(1, 300001))
    hub = StandInHub(ack_commands=False)
    async with stand_in_hub(hub), local_agent(hub.url):
        await hub.connected()
        await hub.run("seq 1 300000")
        assert hub.text() == whole
        for number, offset in ((5, 0), (6, 1_000_001), (7, len(whole))):
            await hub.send(StreamOpen(stream=number, command_id="c1", name="stdout",
                                      offset=offset, credit=STREAM_CREDIT))  # fmt: skip
            await hub.wait_for(StreamClose, lambda one, number=number: one.stream == number)
            assert hub.text(number) == whole[offset:]
        await hub.send(CommandAck(id="c1"))
        await hub.send(StreamOpen(stream=8, command_id="c1", name="stdout", credit=99))
        gone = await hub.wait_for(StreamClose, lambda one: one.stream == 8)
        assert gone.reason == "unknown"


async def test_room_that_was_acked_serves_the_next_command() -> None:
    hub, bounds = StandInHub(give_credit=False), {"spill_total": 8 * 2**20}
    async with stand_in_hub(hub), local_agent(hub.url, **bounds) as local:
        await hub.connected()
        for number in range(4):
            command = f"head -c {6 * 2**20} /dev/zero"
            await hub.send(Command(id=f"c{number}", command=command))
            outcome = await hub.outcome(f"c{number}")
            assert (outcome.stdout_bytes, outcome.dropped_bytes) == (6 * 2**20, 0)
            await until_async(lambda: local.agent.executor.unacked == 0)


async def test_a_hub_that_closes_a_stream_lets_the_command_end() -> None:
    async with stand_in_hub(StandInHub(give_credit=False)) as hub, local_agent(hub.url):
        await hub.connected()
        await hub.start("head -c 2000000 /dev/zero")
        await until_async(lambda: len(hub.output.get(1, b"")) == STREAM_CREDIT)
        await hub.send(StreamClose(stream=1))
        outcome = await hub.outcome("c1")
        assert (outcome.state, outcome.stdout_bytes) == ("succeeded", 2_000_000)


async def test_a_hub_that_takes_no_output_for_long_gets_the_outcome_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(delivery, "NO_CREDIT_SECONDS", 0.2)
    async with stand_in_hub(StandInHub(give_credit=False)) as hub, local_agent(hub.url):
        await hub.connected()
        await hub.start("head -c 300000 /dev/zero", watched=False)
        outcome = await hub.outcome("c1")
        assert (outcome.state, outcome.stdout_bytes) == ("succeeded", 300_000)
        assert len(hub.output[1]) == STREAM_CREDIT


# -- at most once, kept until acked -----------------------------------------------------------


async def test_a_known_id_is_never_started_again(tmp_path: Path) -> None:
    hub = StandInHub(ack_commands=False)
    async with stand_in_hub(hub), local_agent(hub.url):
        await hub.connected()
        line = f"echo x >> {tmp_path}/runs"
        first = await hub.run(line)
        await hub.start(line)
        assert await hub.wait_for(CommandResponse, count=3) == first
        await hub.send(CommandAck(id="c1"))
        await hub.start(line)
        assert await hub.wait_for(CommandResponse, count=4) == first
        assert (tmp_path / "runs").read_text() == "x\n"


async def test_a_command_outlives_its_connection_and_its_outcome_comes_later(
    tmp_path: Path,
) -> None:
    go = tmp_path / "go"
    async with stand_in_hub() as hub, local_agent(hub.url):
        await hub.connected()
        await hub.start(f"echo before; until [ -e {go} ]; do sleep 0.02; done; echo after")
        await until_async(lambda: hub.text() == "before\n")
        await hub.drop()
        await hub.connected(2)
        assert hub.auths[1].journal.commands == [HeldCommand(id="c1", state="running")]
        await hub.send(StreamOpen(stream=9, command_id="c1", name="stdout", offset=7, credit=99))
        go.touch()
        outcome = await hub.outcome("c1")
        assert (outcome.state, outcome.stdout_bytes) == ("succeeded", 13)
        assert hub.text(9) == "after\n"
        assert hub.offsets[9] == [7]


async def test_an_outcome_is_told_at_each_connection_until_it_is_acked() -> None:
    hub = StandInHub(ack_commands=False)
    async with stand_in_hub(hub), local_agent(hub.url) as local:
        await hub.connected()
        first = await hub.run("true")
        await hub.drop()
        await hub.connected(2)
        assert hub.auths[1].journal.commands == [HeldCommand(id="c1", state="finished")]
        again = await hub.wait_for(CommandResponse, lambda one: one.state != "running", count=2)
        assert again == first
        await hub.send(CommandAck(id="c1"))
        await until_async(lambda: local.agent.executor.unacked == 0)


async def test_output_is_there_again_for_a_hub_that_lost_it() -> None:
    hub = StandInHub(ack_commands=False)
    async with stand_in_hub(hub), local_agent(hub.url):
        await hub.connected()
        await hub.run("echo hello")
        await hub.drop()
        await hub.connected(2)
        await hub.send(StreamOpen(stream=5, command_id="c1", name="stdout", credit=100))
        await until_async(lambda: hub.text(5) == "hello\n")
        await hub.wait_for(CommandResponse, lambda one: one.state != "running", count=2)
        assert next(one for one in hub.of(StreamClose) if one.stream == 5).offset == 6
        await hub.send(StreamOpen(stream=6, command_id="nobody", name="stdout", credit=100))
        unknown = await hub.wait_for(StreamClose, lambda one: one.stream == 6)
        assert unknown.reason == "unknown"


# -- an outcome overtakes no output -------------------------------------------------------------


@pytest.mark.parametrize("asked", [CommandCancel(id="c1"), Command(id="c1", command="true")])
async def test_what_is_asked_of_a_command_that_has_ended_overtakes_none_of_its_output(
    asked: Message,
) -> None:
    hub = StandInHub(give_credit=False, ack_commands=False)
    async with stand_in_hub(hub), local_agent(hub.url) as local:
        await hub.connected()
        await hub.start("seq 1 200000; echo last >&2")
        await until_async(lambda: local.agent.executor.unacked == 1)
        await hub.send(asked)
        await hub.send(Ping(id=1))
        await hub.wait_for(Pong)
        assert outcomes(hub) == []
        hub.give_credit = True
        await hub.send(StreamCredit(stream=1, credit=STREAM_CREDIT))
        outcome = await hub.outcome("c1")
        assert hub.text() == "".join(f"{n}\n" for n in range(1, 200001))
        assert (len(hub.output[1]), hub.text(2)) == (outcome.stdout_bytes, "last\n")
        assert hub.closed(1)
        assert hub.closed(2)


async def test_an_outcome_after_a_reconnection_follows_both_streams(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "RESUME_SECONDS", 60.0)
    async with stand_in_hub() as hub, local_agent(hub.url) as local:
        await ended_after_a_cut(hub, local, tmp_path)
        assert outcomes(hub) == []
        await hub.send(StreamOpen(stream=9, command_id="c1", name="stdout", credit=99))
        await until_async(lambda: hub.closed(9))
        await hub.send(Ping(id=2))
        await hub.wait_for(Pong, count=2)
        assert outcomes(hub) == []
        await hub.send(StreamOpen(stream=10, command_id="c1", name="stderr", credit=99))
        outcome = await hub.outcome("c1")
        assert outcome.state == "succeeded"
        assert (hub.text(9), hub.text(10)) == ("ready\nout\n", "err\n")


@pytest.mark.parametrize("opened", ["neither", "one"])
async def test_an_outcome_does_not_wait_for_long_for_streams_that_nobody_opens(
    opened: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "RESUME_SECONDS", 0.2)
    async with stand_in_hub() as hub, local_agent(hub.url) as local:
        await ended_after_a_cut(hub, local, tmp_path)
        if opened == "one":
            await hub.send(StreamOpen(stream=9, command_id="c1", name="stdout", credit=99))
        outcome = await hub.outcome("c1")
        assert (outcome.stdout_bytes, outcome.stderr_bytes) == (10, 4)


async def ended_after_a_cut(hub: StandInHub, local: LocalAgent, folder: Path) -> None:
    """A command that ended while a new session had begun and opened none of its streams."""
    go = folder / "go"
    hub.ack_commands = False
    await hub.connected()
    await hub.start(f"echo ready; until [ -e {go} ]; do sleep 0.02; done; echo out; echo err >&2")
    await until_async(lambda: hub.text() == "ready\n")
    await hub.drop()
    await hub.connected(2)
    go.touch()
    await until_async(lambda: local.agent.executor.unacked == 1)
    await hub.send(Ping(id=1))
    await hub.wait_for(Pong)


def outcomes(hub: StandInHub) -> list[CommandResponse]:
    return [one for one in hub.of(CommandResponse) if one.state != "running"]


# -- refusals ---------------------------------------------------------------------------------


async def test_without_allow_nothing_runs_and_the_refusal_says_why() -> None:
    async with stand_in_hub() as hub, local_agent(hub.url, allow=()):
        await hub.connected()
        outcome = await hub.run("true")
        assert (outcome.state, outcome.reason) == ("refused", "not_allowed")
        assert "--allow exec" in (outcome.error or "")
        assert len(hub.of(CommandResponse)) == 1


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ([], "empty"),
        ("", "empty"),
        (["x"] * 5000, "4096 arguments"),
        ("x" * 200_000, "longer than 131072 bytes"),
    ],
)
async def test_commands_that_make_no_sense_are_refused(
    command: str | list[str], sentence: str
) -> None:
    async with stand_in_hub() as hub, local_agent(hub.url):
        await hub.connected()
        outcome = await hub.run(command)
        assert (outcome.state, outcome.reason) == ("refused", "invalid")
        assert sentence in (outcome.error or "")


async def test_a_variable_that_a_shell_takes_for_a_function_is_refused() -> None:
    async with stand_in_hub() as hub, local_agent(hub.url):
        await hub.connected()
        outcome = await hub.run("uptime", env={"BASH_FUNC_uptime%%": "() { id; }"})
        assert (outcome.state, outcome.reason) == ("refused", "invalid")
        assert "variable" in (outcome.error or "")


async def test_too_many_commands_at_a_time_are_refused() -> None:
    async with stand_in_hub() as hub, local_agent(hub.url) as local:
        await hub.connected()
        for number in range(MAX_RUNNING_COMMANDS):
            await hub.send(Command(id=f"c{number}", command="exec sleep 1000"))
        await hub.send(Command(id="last", command="true"))
        refused = await hub.outcome("last")
        assert (refused.state, refused.reason) == ("refused", "too_many")
        local.agent.stop()
        local.agent.stop()
        assert await local.ends() == 0
        assert sum(one.reason == "agent_stopping" for one in hub.of(CommandResponse)) == 64


# -- a planned stop ---------------------------------------------------------------------------


async def test_a_planned_stop_waits_for_commands_and_takes_no_new_one(tmp_path: Path) -> None:
    go = tmp_path / "go"
    async with stand_in_hub() as hub, local_agent(hub.url) as local:
        await hub.connected()
        await hub.start(f"echo ready; until [ -e {go} ]; do sleep 0.02; done")
        await until_async(lambda: hub.text() == "ready\n")
        local.agent.stop()
        await hub.send(Command(id="late", command="true"))
        refused = await hub.outcome("late")
        assert (refused.state, refused.reason) == ("refused", "agent_stopping")
        go.touch()
        assert await local.ends() == 0
        assert (await hub.outcome("c1")).state == "succeeded"


async def test_a_planned_stop_ends_what_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatops.agent.runner.STOP_SECONDS", 0.1)
    async with stand_in_hub() as hub, local_agent(hub.url) as local:
        await hub.connected()
        await hub.start("echo $$; sleep 1000")
        await until_async(lambda: hub.text().endswith("\n"))
        local.agent.stop()
        assert await local.ends() == 0
        outcome = await hub.outcome("c1")
        assert (outcome.state, outcome.reason) == ("cancelled", "agent_stopping")
        until(lambda: not group_members(int(hub.text())))
