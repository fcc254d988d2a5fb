"""What is said about a hub that cannot be reached."""

from __future__ import annotations

import socket
import ssl

import pytest
from websockets.datastructures import Headers
from websockets.exceptions import InvalidMessage, InvalidStatus
from websockets.http11 import Response

from chatops.agent import tls
from chatops.agent.link import (
    FINAL,
    RIVAL_WINDOW,
    SAY_AGAIN_AFTER,
    WARN_AGAIN_AFTER,
    Complaint,
    Rivalry,
    explain,
)
from chatops.clock import FakeClock
from chatops.protocol import closing


def status(code: int, **headers: str) -> InvalidStatus:
    return InvalidStatus(Response(code, "", Headers(**headers)))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (TimeoutError(), "no answer in time"),
        (ConnectionRefusedError(111, "Connect call failed ('127.0.0.1', 1)"), "connection refused"),
        (socket.gaierror(-2, "Name or service not known"), "name is not known"),
        (ssl.SSLError(1, "internal error"), "the TLS handshake failed"),
        (tls.Mismatch(), "not the one that the join string names"),
        (OSError("Multiple exceptions: a, b"), "Multiple exceptions"),
        (status(404), "HTTP 404: is the address right?"),
        (status(502), "a proxy finds no hub"),
        (status(500), "HTTP 500"),
        (status(301, location="https://x/"), "points to https://x/"),
        (InvalidMessage("did not receive a valid HTTP response"), "begins with https://"),
    ],
)
def test_every_failure_is_one_clear_line(error: Exception, words: str) -> None:
    text = explain(error)
    assert words in text
    assert "\n" not in text


def test_the_same_is_said_once_and_again_after_some_minutes() -> None:
    clock, said = FakeClock(), list[str]()
    complaint = Complaint(clock, said.append)
    for text in ("a", "a", "b", "b", "a"):
        complaint.say(text)
    assert said == ["a", "b", "a"]
    clock.advance(SAY_AGAIN_AFTER)
    complaint.say("a")
    assert said == ["a", "b", "a", "a"]


def test_two_agents_with_one_key_are_named_but_not_at_each_takeover() -> None:
    clock, said = FakeClock(), list[str]()
    rivalry = Rivalry("https://hub", clock, said.append)
    rivalry.replaced()
    assert said == []  # once may be a restart
    clock.advance(1.0)
    rivalry.replaced()
    assert len(said) == 1
    assert "another agent connects to https://hub with the key of this server" in said[0]
    clock.advance(WARN_AGAIN_AFTER - 1.0)
    rivalry.replaced()
    assert len(said) == 1
    clock.advance(1.0)
    rivalry.replaced()
    assert len(said) == 2


def test_takeovers_far_apart_are_no_rivalry() -> None:
    clock, said = FakeClock(), list[str]()
    rivalry = Rivalry("https://hub", clock, said.append)
    for _ in range(3):
        rivalry.replaced()
        clock.advance(RIVAL_WINDOW + 1.0)
    assert said == []


def test_final_reasons_are_ones_that_no_retry_can_mend() -> None:
    assert all(not closing.may_retry(name) for name in FINAL)
    assert {"key_unknown", "key_revoked", "key_expired", "server_removed"} == FINAL
