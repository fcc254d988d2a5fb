"""The agent's sessions over real sockets, against a stand-in hub."""

from __future__ import annotations

import asyncio
import logging
import socket

import pytest
from websockets.exceptions import ConnectionClosed

from chatops.protocol import closing
from chatops.protocol.facts import SessionLimits
from chatops.protocol.messages import (
    AuthSuccess,
    Command,
    CommandResponse,
    DockerCommand,
    DockerResponse,
    Error,
    Message,
    Metrics,
    Ping,
    Pong,
    StreamClose,
    StreamOpen,
)
from tests.support.agents import local_agent
from tests.support.relay import relay
from tests.support.stand_in_hub import KEY, StandInHub, stand_in_hub
from tests.support.waiting import until_async


async def test_it_signs_in_sends_metrics_and_says_where_it_is() -> None:
    async with stand_in_hub() as hub, local_agent(hub.url) as local:
        sample = await hub.wait_for(Metrics)
        auth = hub.auths[0]
        assert auth.api_key == KEY
        assert auth.policy.allow == ["exec"]
        assert auth.host.hostname == socket.gethostname()
        assert sample.seq == 1
        assert {disk.mount for disk in sample.data.disks} >= {"/"}
        await until_async(lambda: local.said, what="the line that says so")
        assert local.said == [f"connected to {hub.url} as web-1"]


async def test_the_second_sample_has_rates_soon() -> None:
    async with stand_in_hub() as hub, local_agent(hub.url):
        second = await hub.wait_for(Metrics, count=2)
        assert second.data.cpu.percent is not None
        loopback = next(one for one in second.data.network if one.interface == "lo")
        assert loopback.rx_bps is not None


async def test_the_hub_sets_the_pace_unless_the_agent_has_its_own() -> None:
    async with stand_in_hub(StandInHub(interval=1.0)) as hub, local_agent(hub.url):
        third = await hub.wait_for(Metrics, count=3)
        assert 0.8 < third.ts - hub.of(Metrics)[1].ts < 1.8


async def test_an_ack_frees_the_spool_and_without_acks_the_window_bounds_what_is_sent() -> None:
    hub = StandInHub(ack_metrics=False, interval=1.0, limits=SessionLimits(max_unacked=2))
    async with stand_in_hub(hub), local_agent(hub.url) as local:
        await hub.wait_for(Metrics, count=2)
        spool = local.agent.spool
        await until_async(lambda: len(spool) == 3)
        assert len(hub.of(Metrics)) == 2


async def test_samples_of_an_outage_come_once_with_their_own_times() -> None:
    async with stand_in_hub(StandInHub(interval=1.0)) as hub, local_agent(hub.url) as local:
        await hub.wait_for(Metrics, count=2)
        hub.ack_metrics = False
        await hub.wait_for(Metrics, count=3)
        await hub.drop()
        hub.ack_metrics = True
        await hub.connected(2)
        again = await hub.wait_for(Metrics, lambda one: one.seq == 3, count=2)
        first = next(one for one in hub.of(Metrics) if one.seq == 3)
        assert (again.epoch, again.ts, again.data) == (first.epoch, first.ts, first.data)
        assert again.age is not None
        assert first.age is not None
        assert again.age > first.age
        await hub.wait_for(Metrics, lambda one: one.seq == 4)
        await until_async(lambda: len(local.agent.spool) == 0)
        assert sum(one.seq == 4 for one in hub.of(Metrics)) == 1


async def test_it_reconnects_and_says_so_each_time() -> None:
    async with stand_in_hub() as hub, local_agent(hub.url) as local:
        await hub.connected()
        await hub.drop()
        await hub.connected(2)
        await until_async(lambda: len(local.said) == 2)
        assert local.said[0] == local.said[1]
        assert hub.auths[0].instance == hub.auths[1].instance
        assert hub.auths[0].journal.epoch == hub.auths[1].journal.epoch


@pytest.mark.parametrize(
    "reason",
    [closing.KEY_UNKNOWN, closing.KEY_REVOKED, closing.KEY_EXPIRED, closing.SERVER_REMOVED],
    ids=lambda reason: reason.name,
)
async def test_a_refused_key_is_final(reason: closing.CloseReason) -> None:
    async with stand_in_hub(StandInHub(refuse=reason)) as hub, local_agent(hub.url) as local:
        assert await local.ends() == 3
        assert reason.text in local.said[0]
        removed = reason is closing.SERVER_REMOVED
        assert ("chatops servers add" if removed else "chatops keys create") in local.said[1]
        assert len(hub.auths) == 1


async def test_a_key_revoked_during_a_session_is_final_too() -> None:
    async with stand_in_hub() as hub, local_agent(hub.url) as local:
        await hub.connected()
        assert hub.socket is not None
        reason = closing.KEY_REVOKED
        await hub.send(Error(code=reason.name, message=reason.text))
        await hub.socket.close(reason.code, reason.name)
        assert await local.ends() == 3


async def test_an_agent_of_which_a_part_failed_ends_in_order_to_be_started_again() -> None:
    def fail(*_: object) -> int:
        raise MemoryError

    async with stand_in_hub() as hub, local_agent(hub.url) as local:
        await hub.connected()
        await hub.run("true")
        local.agent.spool.append = fail  # type: ignore[method-assign]
        assert await local.ends() == 1


@pytest.mark.parametrize("reason", [closing.BUSY, closing.REPLACED, closing.HUB_STOPPING])
async def test_other_reasons_are_not_final(reason: closing.CloseReason) -> None:
    hub = StandInHub(refuse=reason)
    async with stand_in_hub(hub), local_agent(hub.url):
        await until_async(lambda: len(hub.auths) == 1)
        hub.refuse = None
        await hub.connected(2)
        assert len(hub.auths) >= 2, "it came again"
        assert hub.socket is not None


async def test_a_fight_over_one_key_is_said(caplog: pytest.LogCaptureFixture) -> None:
    hub = StandInHub(refuse=closing.REPLACED)
    async with stand_in_hub(hub), local_agent(hub.url):
        await until_async(lambda: "another agent connects" in caplog.text)
        assert len(hub.auths) >= 2


async def test_nothing_is_done_for_a_hub_that_is_not_verified() -> None:
    hub = StandInHub(before_auth=[Command(id="early", command="true"), Ping(id=7)])
    async with stand_in_hub(hub), local_agent(hub.url):
        await hub.connected()
        await hub.wait_for(Error, count=2)
        assert [(one.code, one.re) for one in hub.of(Error)] == [
            ("not_signed_in", "early"),
            ("not_signed_in", None),
        ]
        await hub.wait_for(Metrics)
        assert hub.of(CommandResponse) == []
        assert hub.of(Pong) == []


async def test_a_hub_that_never_answers_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatops.agent.session.SIGN_IN_SECONDS", 0.2)
    hub = StandInHub(silent=True)
    async with stand_in_hub(hub), local_agent(hub.url):
        await until_async(lambda: len(hub.auths) >= 1)
        hub.silent = False
        await hub.connected(2)
        assert len(hub.auths) >= 2, "it came again"
        assert hub.socket is not None


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("{", "malformed_json"),
        ("[]", "invalid_message"),
        ('{"type": "no_such"}', "unknown_type"),
        ('{"type": "command", "id": 3}', "invalid_message"),
        (b"\x00\x01\xff", "protocol"),
        (b"\x00" * 500, "protocol"),
        ("\ud7ff" * 9, "malformed_json"),
    ],
)
async def test_garbage_is_answered_and_the_session_goes_on(frame: str | bytes, code: str) -> None:
    async with stand_in_hub() as hub, local_agent(hub.url):
        await hub.connected()
        await hub.send_raw(frame)
        assert (await hub.wait_for(Error)).code == code
        await hub.send(Ping(id=9))
        assert (await hub.wait_for(Pong)).id == 9
        assert hub.connections == 1


async def test_endless_garbage_and_frames_over_the_limit_end_a_session_not_the_agent() -> None:
    async with stand_in_hub() as hub, local_agent(hub.url):
        await hub.connected()
        for _ in range(30):
            if hub.socket is not None:
                await hub.send_raw("garbage")
        await hub.connected(2)
        await hub.send_raw("x" * (2 * 2**20))
        await hub.connected(3)
        await hub.send(Ping(id=1))
        await hub.wait_for(Pong)
        assert [pong.id for pong in hub.of(Pong)] == [1]
        assert len(hub.auths) == 3


async def test_a_stream_whose_number_fits_into_no_frame_is_refused_and_the_session_goes_on() -> (
    None
):
    async with stand_in_hub() as hub, local_agent(hub.url):
        await hub.connected()
        output = StreamOpen(stream=2**32, command_id="c", name="stdout", credit=100)
        await hub.send(Command(id="c", command="echo hello", streams=[output]))
        assert (await hub.wait_for(StreamClose)).reason == "invalid"
        assert (await hub.outcome("c")).stdout_bytes == 6
        assert hub.connections == 1


async def test_a_command_with_an_endless_id_is_refused_and_not_kept() -> None:
    async with stand_in_hub() as hub, local_agent(hub.url) as local:
        await hub.connected()
        await hub.send(Command(id="c" * 201, command="true"))
        assert (await hub.wait_for(Error)).code == "invalid_message"
        assert local.agent.executor.unacked == 0


@pytest.mark.parametrize(
    "asked",
    [Ping(id=1), StreamOpen(stream=5, command_id="nobody", name="stdout")],
    ids=["replies", "streams"],
)
async def test_a_hub_that_asks_on_and_on_and_does_not_read_is_left(asked: Message) -> None:
    hub, size = StandInHub(), 64 * 2**20
    async with stand_in_hub(hub), local_agent(hub.url):
        await hub.connected()
        output = StreamOpen(stream=1, command_id="c", name="stdout", credit=2 * size, watched=True)
        with hub.deaf():
            await hub.send(Command(id="c", command=f"head -c {size} /dev/zero", streams=[output]))
            await until_async(lambda: asks_in_vain(hub, asked), what="the end of the session")
        await hub.connected(2)
        assert len(hub.auths) == 2, "the session was left, and the agent came again"


async def asks_in_vain(hub: StandInHub, asked: Message) -> bool:
    """Ask some times; whether nobody is there any more."""
    try:
        for _ in range(100):
            await hub.send(asked)
    except ConnectionClosed:
        return True
    return False


async def test_messages_that_have_no_place_are_answered() -> None:
    async with stand_in_hub() as hub, local_agent(hub.url):
        await hub.connected()
        await hub.send(AuthSuccess(server_id="x", name="y", interval=1.0, time=0.0))
        assert (await hub.wait_for(Error)).code == "protocol"
        await hub.send(DockerCommand(id="d1", action="ps"))
        answer = await hub.wait_for(DockerResponse)
        assert (answer.id, answer.ok, answer.code) == ("d1", False, "not_allowed")


async def test_a_half_open_link_is_noticed_and_replaced() -> None:
    hub = StandInHub(limits=SessionLimits(ping_after=0.2, dead_after=0.6))
    async with stand_in_hub(hub), relay(hub.port) as line, local_agent(line.url):
        await hub.connected()
        await hub.wait_for(Ping)
        line.hang()
        await asyncio.sleep(0)
        line.let_new_ones_through()
        await hub.connected(2)
        assert len(hub.auths) == 2
        assert hub.socket is not None


async def test_failures_to_connect_are_said_once_not_at_each_attempt(
    caplog: pytest.LogCaptureFixture, unused_tcp_port: int
) -> None:
    caplog.set_level(logging.WARNING, "chatops")
    url = f"http://127.0.0.1:{unused_tcp_port}"
    async with local_agent(url):
        await until_async(lambda: "connection refused" in caplog.text)
        async with stand_in_hub(port=unused_tcp_port) as hub:
            await hub.connected()
        assert caplog.text.count("connection refused") == 1


async def test_an_address_that_is_no_hub_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with local_agent(f"http://127.0.0.1:{port}") as local:
        await until_async(lambda: "answers HTTP 404: is the address right?" in caplog.text)
        server.close()
        await server.wait_closed()
        async with stand_in_hub(port=port) as hub:
            await hub.connected()
        assert not local.task.done()


async def test_a_redirect_is_not_followed(caplog: pytest.LogCaptureFixture) -> None:
    async with stand_in_hub() as hub:

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            there = hub.url.replace("http", "ws") + "/api/v1/agents/ws"
            writer.write(f"HTTP/1.1 302 Found\r\nLocation: {there}\r\n\r\n".encode())
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        async with server, local_agent(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"):
            await until_async(lambda: "points to" in caplog.text)
            assert hub.connections == 0


async def test_a_stop_says_goodbye() -> None:
    async with stand_in_hub() as hub, local_agent(hub.url) as local:
        await hub.connected()
        socket_ = hub.socket
        assert socket_ is not None
        local.agent.stop()
        assert await local.ends() == 0
        assert socket_.close_reason == closing.AGENT_STOPPING.name
