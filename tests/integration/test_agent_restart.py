"""What an agent that was killed knows when it starts again, and what it does not do twice."""

from __future__ import annotations

import random
import signal
import subprocess
from pathlib import Path

import psutil
import pytest

from chatops.agent import journal
from chatops.agent.journal import Journal
from chatops.agent.runner import run
from chatops.agent.settings import AgentSettings
from chatops.errors import Conflict
from chatops.protocol.facts import HeldCommand
from chatops.protocol.messages import (
    Command,
    CommandAck,
    CommandResponse,
    Error,
    StreamClose,
    StreamOpen,
)
from tests.support.agents import (
    agent_process,
    data_folder,
    group_members,
    local_agent,
    watchdog_of,
)
from tests.support.stand_in_hub import KEY, StandInHub, stand_in_hub
from tests.support.waiting import until_async


def kill(agent: subprocess.Popen[str]) -> None:
    agent.send_signal(signal.SIGKILL)
    agent.wait()


async def test_after_kill_9_the_epoch_stays_and_what_ran_is_told_as_cancelled(
    tmp_path: Path,
) -> None:
    async with stand_in_hub(StandInHub(ack_commands=False)) as hub:
        line = f"echo x >> {tmp_path}/runs; echo $$; sleep 1000"
        with agent_process(hub.url, "exec") as agent:
            await hub.connected()
            await hub.start(line)
            await until_async(lambda: hub.text().endswith("\n"))
            kill(agent)
        group = int(hub.text())
        with agent_process(hub.url, "exec"):
            await hub.connected(2)
            before, after = (auth.journal for auth in hub.auths)
            assert (after.epoch, before.commands) == (before.epoch, [])
            assert after.commands == [HeldCommand(id="c1", state="finished")]
            outcome = await hub.outcome("c1")
            assert (outcome.state, outcome.reason) == ("cancelled", "agent_died")
            assert (outcome.signal, outcome.exit_code) == (signal.SIGKILL, None)
            assert "died while the command ran" in (outcome.error or "")
            assert outcome.started_at is not None
            await until_async(lambda: not group_members(group))
            await hub.start(line)
            again = await hub.wait_for(CommandResponse, lambda one: one.state != "running", count=2)
            assert again == outcome
            await hub.send(CommandAck(id="c1"))
            await hub.start(line)
            await hub.wait_for(CommandResponse, lambda one: one.state != "running", count=3)
        assert (tmp_path / "runs").read_text() == "x\n"


async def test_an_outcome_is_told_by_the_next_agent_until_it_is_acked() -> None:
    async with stand_in_hub(StandInHub(ack_commands=False)) as hub:
        with agent_process(hub.url, "exec") as agent:
            await hub.connected()
            first = await hub.run("echo hello; exit 3")
            kill(agent)
        with agent_process(hub.url, "exec") as agent:
            await hub.connected(2)
            again = await hub.wait_for(CommandResponse, lambda one: one.state != "running", count=2)
            assert (again.state, again.exit_code) == (first.state, 3)
            assert (again.stdout_bytes, again.duration_ms) == (6, first.duration_ms)
            await hub.send(StreamOpen(stream=9, command_id="c1", name="stdout", offset=2))
            close = await hub.wait_for(StreamClose, lambda one: one.stream == 9)
            assert (close.offset, close.dropped, close.reason) == (6, 4, "gone")
            await hub.send(CommandAck(id="c1"))
            await hub.send(CommandAck(id="c1"))
            await hub.run("true", id="c2")
            kill(agent)
        with agent_process(hub.url, "exec"):
            await hub.connected(3)
            assert hub.auths[2].journal.commands == [HeldCommand(id="c2", state="finished")]


async def test_output_that_went_with_the_agent_is_counted() -> None:
    hub = StandInHub(ack_commands=False, give_credit=False)
    async with stand_in_hub(hub):
        with agent_process(hub.url, "exec") as agent:
            await hub.connected()
            await hub.send(Command(id="c1", command="head -c 400000 /dev/zero"))
            first = await hub.outcome("c1")
            assert (first.stdout_bytes, first.dropped_bytes) == (400_000, 0)
            kill(agent)
        with agent_process(hub.url, "exec"):
            await hub.connected(2)
            again = await hub.wait_for(CommandResponse, lambda one: one.state != "running", count=2)
            assert (again.stdout_bytes, again.dropped_bytes) == (400_000, 400_000)


async def test_a_planned_stop_keeps_the_epoch_and_the_refusals() -> None:
    hub = StandInHub(ack_commands=False)
    async with stand_in_hub(hub):
        async with local_agent(hub.url, allow=()):
            await hub.connected()
            refused = await hub.run("true")
        async with local_agent(hub.url):
            await hub.connected(2)
            assert hub.auths[0].journal.epoch == hub.auths[1].journal.epoch
            again = await hub.wait_for(CommandResponse, count=2)
            assert again == refused


async def test_a_journal_that_is_gone_begins_an_epoch() -> None:
    async with stand_in_hub() as hub:
        async with local_agent(hub.url):
            await hub.connected()
        (data_folder() / "journal").unlink()
        async with local_agent(hub.url):
            await hub.connected(2)
            assert hub.auths[0].journal.epoch != hub.auths[1].journal.epoch


async def test_a_second_agent_needs_a_folder_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "_PATIENCE", 0.05)
    async with stand_in_hub() as hub, local_agent(hub.url):
        await hub.connected()
        settings = AgentSettings(hub=hub.url, key=KEY, data_dir=data_folder())
        with pytest.raises(Conflict, match="another agent"):
            run(settings, print)
        async with local_agent(hub.url, data_dir=tmp_path):
            await hub.connected(2)


async def test_the_next_agent_waits_until_the_watchdog_has_killed_what_was_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(journal, "_PATIENCE", 0.1)
    async with stand_in_hub() as hub:
        with agent_process(hub.url, "exec") as agent:
            await hub.connected()
            await hub.start("echo $$; sleep 1000")
            await until_async(lambda: hub.text().endswith("\n"))
            watchdog = watchdog_of(agent.pid)
            watchdog.suspend()
            kill(agent)
        try:
            with pytest.raises(Conflict, match="another agent"):
                Journal(data_folder())
        finally:
            watchdog.resume()
        monkeypatch.setattr(journal, "_PATIENCE", 15.0)
        following = Journal(data_folder())
        await until_async(lambda: not group_members(int(hub.text())))
        assert following.outcomes()["c1"].reason == "agent_died"
        following.close()


async def test_what_cannot_be_written_down_is_not_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stand_in_hub() as hub, local_agent(hub.url):
        await hub.connected()
        with monkeypatch.context() as patch:
            patch.setattr("os.pwrite", lambda *_: 0)
            refused = await hub.run(f"touch {tmp_path}/started")
        assert (refused.state, refused.reason) == ("refused", "journal")
        assert "No space left" in (refused.error or "")
        assert not (tmp_path / "started").exists()
        assert (await hub.run("true", id="c2")).state == "succeeded"


@pytest.mark.timeout(900)
@pytest.mark.parametrize("rounds", [4, pytest.param(50, marks=pytest.mark.soak)])
async def test_killed_at_any_moment_nothing_runs_twice_and_no_outcome_is_lost(
    rounds: int, tmp_path: Path
) -> None:
    chance = random.Random(rounds)
    hub = StandInHub(ack_commands=False)
    sent: list[str] = []
    acked: set[str] = set()
    async with stand_in_hub(hub):
        for number in range(rounds):
            with agent_process(hub.url, "exec") as agent:
                await hub.connected(number + 1)
                for one in final(hub)[-16::2]:
                    acked.add(one.id)
                    await hub.send(CommandAck(id=one.id))
                for command in sent[-5:]:
                    await hub.send(Command(id=command, command=line(tmp_path, command)))
                for index in range(8):
                    sent.append(f"c{number}-{index}")
                    await hub.send(Command(id=sent[-1], command=line(tmp_path, sent[-1])))
                wanted = len(hub.of(CommandResponse)) + chance.randrange(14)
                await hub.wait_for(CommandResponse, count=max(wanted, 1))
                kill(agent)
                hub.socket = None
        told = {one.id: one for one in hub.of(CommandResponse) if one.state != "running"}
        with agent_process(hub.url, "exec"):
            await hub.connected(rounds + 1)
            held = {one.id for one in hub.auths[-1].journal.commands}
            await until_async(lambda: held <= {one.id for one in final(hub)})
    assert len({auth.journal.epoch for auth in hub.auths}) == 1
    assert told.keys() <= held | acked
    for command in sent:
        ran = tmp_path / command
        assert not ran.exists() or ran.read_text() in ("", "x\n")
        assert command in held | acked or not ran.exists()
        states = {(one.state, one.reason) for one in final(hub) if one.id == command}
        assert len(states) <= 1
        if ran.exists() and not ran.read_text():  # killed after the file was made
            assert states == {("cancelled", "agent_died")}
    marked = [one for one in psutil.process_iter(["cmdline"]) if str(tmp_path) in str(one.info)]
    assert marked == []
    assert hub.of(Error) == []


def line(folder: Path, command: str) -> str:
    return f"echo x >> {folder}/{command}"


def final(hub: StandInHub) -> list[CommandResponse]:
    return [one for one in hub.of(CommandResponse) if one.state != "running"]
