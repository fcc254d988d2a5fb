"""Events as the engine tells them, and what is said of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chatops.agent.event_stream import MAX_EVENT, _lines
from chatops.agent.event_words import ContainerEvent, read, time_of, words


def told(action: str, kind: str = "container", **attributes: Any) -> bytes:
    actor = {"ID": "c" * 64, "Attributes": {"name": "app", "image": "busybox", **attributes}}
    return json.dumps(
        {"Type": kind, "Action": action, "Actor": actor, "timeNano": 1_700_000_000_123_456_789}
    ).encode()


def said(action: str, **attributes: Any) -> tuple[str, str]:
    event = read(told(action, **attributes))
    assert event is not None
    return words(event)


def test_what_is_said() -> None:
    assert said("start") == ("info", "container app started")
    assert said("die", exitCode="0") == ("info", "container app ended with exit code 0")
    assert said("die", exitCode="1") == ("error", "container app died with exit code 1")
    assert said("die", exitCode=143) == ("error", "container app died with exit code 143 (SIGTERM)")
    assert said("die", exitCode="?") == ("error", "container app died with an unknown exit code")
    assert said("oom")[0] == "error"
    assert said("health_status: unhealthy") == ("warning", "container app is unhealthy")
    assert said("health_status", health_status="healthy") == ("info", "container app is healthy")
    assert said("rename", oldName="/web") == ("info", "container web is called app now")
    assert said("destroy") == ("info", "container app was removed")
    event = read(told("die", exitCode="137"))
    assert event is not None
    assert words(event._replace(out_of_memory=True)) == (
        "error", "container app died with exit code 137 (out of memory)"
    )  # fmt: skip


def test_what_is_not_worth_a_line() -> None:
    for action in ("create", "kill", "exec_start: sh", "health_status: starting", "", "top"):
        assert read(told(action)) is None
    assert read(told("start", kind="network")) is None
    for data in (b"", b"{}", b"[]", b"\xff", b'{"Type": 1}', b"[" * 10_000, told("start")[:-5]):
        assert read(data) is None
    assert time_of(told("pull", kind="image")) == 1_700_000_000_123_456_789
    assert time_of(b"no") is None


def test_names_are_data() -> None:
    event = read(told("start", name="\x1b[31m\n" + "x" * 9999))
    assert event is not None
    assert event.name.startswith("\\x1b[31m\\nxx")
    assert len(event.name) == 256
    nameless = read(told("start", name=""))
    assert nameless is not None
    assert nameless.name == "c" * 12


def test_events_are_told_apart() -> None:
    base = ContainerEvent(1, "c", "health_status", "app", health="healthy")
    keys = {base.key, base._replace(health="unhealthy").key, base._replace(nano=2).key}
    assert len(keys) == 3
    assert base._replace(name="other").key == base.key


@pytest.mark.parametrize("size", [1000, 65_536, 10 * MAX_EVENT])
def test_lines_of_a_stream(size: int) -> None:
    data = b"one\n\ntwo\n" + b"x" * (MAX_EVENT + 5000) + b"\nthree\nlast"
    chunks = [data[at : at + size] for at in range(0, len(data), size)]
    assert list(_lines(chunks)) == [b"one", b"two", b"three", b"last"]
    assert list(_lines([b"on", b"e\n\nt", b"wo\n"])) == [b"one", b"two"]
