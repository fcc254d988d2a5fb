"""What messages say."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Any

import msgspec

from chatops.server.services.notify.message import (
    LINES,
    Message,
    body_of,
    sign,
    text_of,
    title_of,
)
from tests.support.changes import change


def alert(**fields: Any) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(change(**fields).alert)
    return found


def test_a_webhook_is_told_the_alerts_as_the_command_line_has_them() -> None:
    told = Message("m-1", "firing", [alert()])
    body = msgspec.json.decode(body_of(told, 0.0))
    assert body == {
        "v": 1, "id": "m-1", "event": "firing", "sent_at": "1970-01-01T00:00:00.000Z",
        "alerts": told.alerts,
    }  # fmt: skip
    assert list(body) == ["v", "id", "event", "sent_at", "alerts"]


def test_a_signature_is_the_hmac_of_the_body() -> None:
    expected = hmac.new(b"key \xc3\xa9", b"body", hashlib.sha256).hexdigest()
    assert sign("key é", b"body") == f"sha256={expected}"


def test_one_alert_is_named_in_the_title_and_several_are_counted() -> None:
    assert title_of(Message("m", "firing", [alert()])) == "[warning] firing: disk-full on web-1"
    two = [alert(), alert(severity="critical")]
    assert title_of(Message("m", "resolved", two)) == "[critical] resolved: 2 alerts"
    assert title_of(Message("m", "reminder", [alert(server=None)])) == (
        "[warning] still firing: disk-full"
    )


def test_the_text_has_a_line_an_alert_the_worst_first_and_is_not_endless() -> None:
    alerts = [alert(severity="info"), *(alert(severity="critical") for _ in range(LINES))]
    lines = text_of(Message("m", "firing", alerts, "https://hub")).splitlines()
    assert lines[0] == "critical: disk-full on web-1: disk is 95.5 %, above 90 %"
    assert lines[LINES:] == ["and 1 more", "", "hub https://hub, message m"]


def test_an_end_says_why_and_a_test_what_it_is() -> None:
    text = text_of(Message("m", "resolved", [alert(event="resolved")]))
    assert "(cleared)" in text
    assert text_of(Message("m", "test", [], "https://hub")) == (
        "This channel of the hub https://hub works."
    )


def test_a_hub_that_does_not_know_its_url_yet_names_none() -> None:
    assert text_of(Message("m", "firing", [alert()])).splitlines()[-1] == "message m"


def test_words_of_targets_and_users_call_nobody() -> None:
    rude = "@everyone <!channel> <@U1> <#C1> a@b.org"
    for made in (
        text_of(Message("m", "firing", [alert(message=rude)])),
        title_of(Message("m", "firing", [alert(threshold_name=rude)])),
    ):
        assert re.search(r"@\w|<[!#@]\w", made) is None, made
        assert rude in made.replace("\u200b", ""), "it can still be read"


def test_words_of_targets_break_no_line() -> None:
    told = Message("m", "firing", [alert(message="a\nb\x1b[31m", threshold_name="r\r\n")])
    assert len(text_of(told).splitlines()) == 3
    assert "\n" not in title_of(told)
    assert "\x1b" not in text_of(told)
