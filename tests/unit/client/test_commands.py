"""Streams of commands: events from frames, in whatever portions they come."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable, Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.client import Client
from chatops.client.commands import End, Output, RunEvent, Start
from chatops.errors import HubUnreachable, Offline
from chatops.protocol.frames import ALIVE, CONTENT_TYPE, envelope_binary, envelope_text
from tests.support.fake_hub import FakeHub, Reply, error, fake_hub

START = {"event": "start", "server": "web-1", "command_id": "c1", "run_id": "r1", "stdout": 1,
         "stderr": 2}  # fmt: skip
RESULT = {"server": "web-1", "command_id": "c1", "run_id": "r1", "status": "failed", "exit_code": 3}
END = {"event": "end", "result": RESULT}


def frame(event: dict[str, object]) -> bytes:
    return envelope_text(msgspec.json.encode(event))


WHOLE = (
    frame(START) + envelope_binary(1, 0, b"out\xff") + envelope_binary(2, 0, b"err")
    + envelope_binary(1, 4, b"more") + frame(END)
)  # fmt: skip


def streaming(hub: FakeHub, pieces: Iterable[bytes], *, close: bool = False) -> None:
    headers = {"Content-Type": CONTENT_TYPE}
    hub.on("POST /commands", Reply(headers=headers, chunks=iter(pieces), close=close))


def run(hub: FakeHub) -> Iterator[RunEvent]:
    with Client(hub.url, "t") as client:
        yield from client.commands.stream("web-1", ["ls", "-l"], timeout=5, env={"A": "b"})


def test_events_come_typed_and_byte_exact(hub: FakeHub) -> None:
    streaming(hub, [WHOLE])
    events = list(run(hub))
    assert events[:4] == [
        Start("web-1", "c1", "r1"),
        Output("web-1", "c1", "stdout", 0, b"out\xff"),
        Output("web-1", "c1", "stderr", 0, b"err"),
        Output("web-1", "c1", "stdout", 4, b"more"),
    ]
    assert isinstance(events[4], End)
    assert events[4].result.exit_code == 3
    assert hub.asked[0].body == {
        "target": "web-1", "command": ["ls", "-l"], "mode": "stream", "timeout": 5,
        "cwd": None, "env": {"A": "b"}, "stdin": False, "parallel": 50, "batch": None,
        "max_failures": None, "expect_count": None, "dry_run": False, "idempotency_key": None,
        "container": None, "user": None,
    }  # fmt: skip


@given(st.lists(st.integers(1, len(WHOLE) - 1), max_size=8))
def test_any_portions_give_the_same_events(cuts: list[int]) -> None:
    places = [0, *sorted(set(cuts)), len(WHOLE)]
    pieces = [WHOLE[start:end] for start, end in itertools.pairwise(places)]
    with fake_hub() as hub:
        streaming(hub, pieces)
        outputs = [event for event in run(hub) if isinstance(event, Output)]
    assert b"".join(one.data for one in outputs if one.stream == "stdout") == b"out\xffmore"


def test_a_stream_that_is_cut_says_that_the_command_may_run(hub: FakeHub) -> None:
    streaming(hub, [WHOLE[:40]], close=True)
    with pytest.raises(HubUnreachable) as caught:
        list(run(hub))
    assert caught.value.details == {"sent": True}


def test_a_hub_that_falls_silent_is_lost_and_one_that_says_it_is_there_is_not(
    hub: FakeHub,
) -> None:
    waiting, silent = threading.Event(), threading.Event()

    def pieces() -> Iterator[bytes]:
        yield frame(START)
        for _ in range(5):  # all together longer than the client's patience
            waiting.wait(0.3)
            yield ALIVE
        silent.set()
        waiting.wait(30)

    streaming(hub, pieces())
    with (
        Client(hub.url, "t", timeout=1.0) as client,
        pytest.raises(HubUnreachable, match="no answer within 1 s") as caught,
    ):
        list(client.commands.stream("web-1", "x"))
    waiting.set()
    assert silent.is_set()
    assert caught.value.details == {"sent": True}


@pytest.mark.parametrize(
    "body",
    [b"\x07garbage", envelope_binary(9, 0, b"x"), envelope_text(b"{}"), b"\x00" + b"\xff" * 4],
)
def test_a_broken_stream_is_no_hubs(hub: FakeHub, body: bytes) -> None:
    streaming(hub, [body])
    with pytest.raises(HubUnreachable, match="the stream is broken"):
        list(run(hub))


def test_an_error_frame_is_raised_by_its_code(hub: FakeHub) -> None:
    bad = {"event": "error", "error": {"code": "offline", "message": "web-1 is offline"}}
    streaming(hub, [frame(bad)])
    with pytest.raises(Offline, match="web-1 is offline"):
        list(run(hub))


def test_an_answer_that_is_no_stream_is_refused(hub: FakeHub) -> None:
    hub.on("POST /commands", {"items": []})
    with pytest.raises(HubUnreachable, match="no stream"):
        list(run(hub))


def test_a_refusal_before_the_stream_is_raised_by_its_code(hub: FakeHub) -> None:
    hub.on("POST /commands", error(409, "offline", "web-1 is offline"))
    with pytest.raises(Offline):
        list(run(hub))


def test_waiting_and_leaving_alone(hub: FakeHub) -> None:
    started = Reply(201, {"run_id": "r1", "commands": [{"id": "c1", "server": "web-1"}]})
    waited = Reply(body=[RESULT])
    hub.on("POST /commands", lambda asked: waited if asked.body["mode"] == "wait" else started)
    with Client(hub.url, "t") as client:
        assert client.commands.run("web-1", "true")[0].exit_code == 3
        assert client.commands.detach("web-1", "true").commands[0].id == "c1"
