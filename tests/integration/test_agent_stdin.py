"""Standard input through a real agent: real processes, a stand-in hub."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from chatops.agent import stdin
from chatops.protocol.facts import HeldCommand
from chatops.protocol.frames import encode_frame
from chatops.protocol.limits import MAX_BAD_FRAMES, STREAM_CREDIT
from chatops.protocol.messages import (
    Command,
    CommandCancel,
    Error,
    StreamClose,
    StreamCredit,
    StreamOpen,
)
from tests.support.agents import local_agent
from tests.support.stand_in_hub import stand_in_hub
from tests.support.waiting import until_async


async def test_what_is_sent_comes_in_and_its_end_too() -> None:
    async with stand_in_hub() as hub, local_agent(hub.url):
        await hub.connected()
        await hub.start("cat", stdin=3)
        await hub.feed(3, b"hallo\n\0\xff")
        await until_async(lambda: hub.output.get(1) == b"hallo\n\0\xff")
        await hub.end_input(3, 8)
        outcome = await hub.outcome("c1")
        assert (outcome.state, outcome.stdout_bytes) == ("succeeded", 8)
        assert not any(one.reason == "closed" for one in hub.of(StreamClose))


async def test_an_empty_input_ends_at_once() -> None:
    async with stand_in_hub() as hub, local_agent(hub.url):
        await hub.connected()
        await hub.start("cat; echo end", stdin=3)
        await hub.end_input(3, 0)
        assert (await hub.outcome("c1")).state == "succeeded"
        assert hub.text() == "end\n"


async def test_ten_megabytes_arrive_as_they_were_sent() -> None:
    data = bytes(range(256)) * 40_960
    async with stand_in_hub() as hub, local_agent(hub.url):
        await hub.connected()
        await hub.start("sha256sum", stdin=3)
        await hub.feed(3, data)
        await hub.end_input(3, len(data))
        assert (await hub.outcome("c1")).state == "succeeded"
        assert hub.text().split()[0] == hashlib.sha256(data).hexdigest()


async def test_a_line_at_a_time() -> None:
    async with stand_in_hub() as hub, local_agent(hub.url):
        await hub.connected()
        await hub.start('read x; echo "1 $x"; read y; echo "2 $y"', stdin=3)
        await hub.feed(3, b"one\n")
        await until_async(lambda: hub.text() == "1 one\n")
        await hub.send_raw(encode_frame(3, 4, b"two\n"))
        assert (await hub.outcome("c1")).state == "succeeded"
        assert hub.text() == "1 one\n2 two\n"


async def test_a_command_that_leaves_early_ends_well_and_the_hub_is_told_once() -> None:
    async with stand_in_hub() as hub, local_agent(hub.url):
        await hub.connected()
        await hub.start("head -c 10", stdin=3)
        await hub.feed(3, b"x" * 3_000_000)
        assert (await hub.outcome("c1")).state == "succeeded"
        assert hub.text() == "x" * 10
        late = encode_frame(3, 2_999_999, b"late")
        for _ in range(2 * MAX_BAD_FRAMES):
            await hub.send_raw(late)
        await hub.end_input(3, 3_000_000)
        await hub.run("true", id="next")
        told = [one for one in hub.of(StreamClose) if one.stream == 3]
        assert told == [StreamClose(stream=3, reason="closed")]
        assert hub.of(Error) == []
        assert hub.connections == 1


async def test_a_command_that_closes_its_input_is_told_and_goes_on(tmp_path: Path) -> None:
    go = tmp_path / "go"
    async with stand_in_hub() as hub, local_agent(hub.url):
        await hub.connected()
        await hub.start(f"exec <&-; until [ -e {go} ]; do sleep 0.02; done; echo done", stdin=3)
        await until_async(lambda: hub.closed(3))
        go.touch()
        assert (await hub.outcome("c1")).state == "succeeded"
        assert hub.text() == "done\n"


async def test_a_command_that_never_reads_stops_its_credit_and_nothing_else() -> None:
    async with stand_in_hub() as hub, local_agent(hub.url):
        await hub.connected()
        await hub.start("exec sleep 1000", stdin=3)
        await hub.wait_for(StreamCredit)
        position = 0
        pipe = 65_536
        while position < STREAM_CREDIT + pipe:
            await until_async(lambda at=position: hub.credit(3) > at)
            part = b"x" * min(hub.credit(3) - position, 65_536)
            await hub.send_raw(encode_frame(3, position, part))
            position += len(part)
        assert (await hub.run("echo well", id="other")).state == "succeeded"
        assert hub.credit(3) == STREAM_CREDIT + pipe
        await hub.send(CommandCancel(id="c1"))
        assert (await hub.outcome("c1")).state == "cancelled"
        await until_async(lambda: hub.closed(3))


async def test_a_link_that_is_cut_goes_on_from_the_byte_that_is_stated() -> None:
    data = bytes(range(256)) * 4_000
    async with stand_in_hub() as hub, local_agent(hub.url):
        await hub.connected()
        await hub.start("sha256sum", stdin=3)
        await hub.feed(3, data[:300_000])
        await hub.drop()
        await hub.connected(2)
        assert hub.auths[1].journal.commands == [HeldCommand(id="c1", state="running")]
        for number, name in ((1, "stdout"), (2, "stderr")):
            await hub.send(StreamOpen(stream=number, command_id="c1", name=name,
                                      credit=STREAM_CREDIT))  # fmt: skip
        await hub.send(StreamOpen(stream=5, command_id="c1", name="stdin"))
        stated = await hub.wait_for(StreamCredit, lambda one: one.stream == 5)
        assert 0 <= stated.offset <= 300_000
        await hub.feed(5, data)
        await hub.end_input(5, len(data))
        assert (await hub.outcome("c1")).state == "succeeded"
        assert hub.text().split()[0] == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("how", ["detached", "never opened", "link lost", "a wrong length"])
async def test_an_input_that_stays_cut_ends_the_command_and_is_no_success(
    how: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(stdin, "GRACE", 0.3)
    async with stand_in_hub() as hub, local_agent(hub.url):
        await hub.connected()
        if how == "never opened":
            await hub.send(Command(id="c1", command=f"cat > {tmp_path}/file", stdin=True))
        else:
            await hub.start(f"cat > {tmp_path}/file", stdin=3)
            await hub.feed(3, b"half a file")
        if how == "detached":
            await hub.send(StreamClose(stream=3, reason="detached"))
        elif how == "a wrong length":
            await hub.end_input(3, 1000)
            assert (await hub.wait_for(Error)).code == "protocol"
        elif how == "link lost":
            await hub.drop()
        outcome = await hub.outcome("c1")
        assert (outcome.state, outcome.reason) == ("cancelled", "stdin_lost")
        assert outcome.error == "the command's standard input was cut off before its end"


async def test_a_source_that_comes_back_in_time_saves_the_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with stand_in_hub() as hub, local_agent(hub.url):
        await hub.connected()
        monkeypatch.setattr(stdin, "GRACE", 0.5)
        await hub.start("cat", stdin=3)
        await hub.feed(3, b"one ")
        await until_async(lambda: hub.text() == "one ")
        await hub.send(StreamClose(stream=3, reason="detached"))
        await hub.send(StreamOpen(stream=4, command_id="c1", name="stdin"))
        await hub.feed(4, b"one two")
        await hub.send(Command(id="while", command="sleep 0.8"))
        await hub.outcome("while")
        await hub.end_input(4, 7)
        assert (await hub.outcome("c1")).state == "succeeded"
        assert hub.text() == "one two"


async def test_bytes_in_the_wrong_place_are_answered_and_never_written() -> None:
    async with stand_in_hub() as hub, local_agent(hub.url):
        await hub.connected()
        await hub.send_raw(encode_frame(3, 0, b"before it is open"))
        await hub.start("cat", stdin=3)
        await hub.wait_for(StreamCredit)
        await hub.send_raw(encode_frame(3, 5, b"a gap"))
        await hub.send_raw(encode_frame(3, 0, b"x" * (STREAM_CREDIT + 1)))
        await hub.send_raw(encode_frame(3, 0, b"right"))
        await hub.end_input(3, 5)
        assert (await hub.outcome("c1")).state == "succeeded"
        assert hub.text() == "right"
        assert [one.code for one in hub.of(Error)] == ["protocol"] * 3


async def test_an_open_for_a_command_that_has_ended_or_is_unknown_is_answered() -> None:
    async with stand_in_hub() as hub, local_agent(hub.url):
        await hub.connected()
        hub.ack_commands = False
        await hub.start("true", id="c2", stdin=3)
        await hub.outcome("c2")
        for stream, command in ((8, "c2"), (9, "nobody")):
            await hub.send(StreamOpen(stream=stream, command_id=command, name="stdin"))
            await until_async(lambda number=stream: hub.closed(number))
        reasons = {one.stream: one.reason for one in hub.of(StreamClose)}
        assert (reasons[8], reasons[9]) == ("closed", "unknown")


async def test_a_command_that_cannot_start_takes_no_input() -> None:
    async with stand_in_hub() as hub, local_agent(hub.url):
        await hub.connected()
        await hub.start(["no-such-program"], stdin=3)
        assert (await hub.outcome("c1")).reason == "spawn"
        assert hub.closed(3)
