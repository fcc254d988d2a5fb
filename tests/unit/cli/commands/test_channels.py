"""``chatops channels``: what is asked of the hub, and what is shown."""

from __future__ import annotations

from typing import Any

from tests.support.fake_hub import FakeHub, page
from tests.support.samples import HOSTILE, THEN
from tests.unit.cli.conftest import Invoke

URL = "https://hooks.example.org/T0KEN"


def channel(**fields: object) -> dict[str, Any]:
    return {
        "id": "c-1", "name": "ops", "url": "https://hooks.example.org/***", "severity": "info",
        "target": "all", "last_result": None,
    } | fields  # fmt: skip


def detail(**fields: object) -> dict[str, Any]:
    more = {
        "remind_s": 14_400.0, "signed": True, "waiting": 0, "last_result_at": None,
        "created_at": THEN, "created_by": "ada",
    }  # fmt: skip
    return channel(**more) | fields


def delivery(**fields: object) -> dict[str, Any]:
    return {
        "id": "d-1", "ts": THEN, "message_id": "0197-message", "event": "firing", "alerts": 3,
        "attempt": 2, "ok": True, "answer": "200 OK", "duration_ms": 12,
    } | fields  # fmt: skip


def test_list_fits_a_terminal_and_gives_the_fields_of_the_contract(
    cli: Invoke, hub: FakeHub
) -> None:
    hub.on("GET /channels", page(channel(), channel(name="x", last_result=f"failed: {HOSTILE}")))
    done = cli("channels", "list")
    lines = done.out.splitlines()
    assert lines[0].split() == ["NAME", "URL", "SEVERITY", "TARGET", "LAST", "RESULT"]
    assert lines[1].split()[:4] == ["ops", "https://hooks.example.org/***", "info", "all"]
    assert len(lines) == 3
    assert "\x1b" not in done.out
    assert cli("channels", "list", "-q").out.split() == ["ops", "x"]
    assert cli("channels", "list", "-o", "json").json()[0] == channel()
    header = cli("channels", "list", "-o", "csv").out.splitlines()[0]
    assert header == "id,name,url,severity,target,last_result"


def test_add_sends_what_was_given(cli: Invoke, hub: FakeHub) -> None:
    hub.on("POST /channels", detail())
    words = ("--severity", "critical", "--target", "web-*", "--remind", "4h", "--insecure")
    done = cli("channels", "add", "ops", URL, *words, "--secret-stdin", stdin="s3cret\n")
    assert done.code == 0, done.err
    assert hub.asked[0].body == {
        "name": "ops", "url": URL, "severity": "critical", "target": "web-*",
        "remind_s": 14_400.0, "secret": "s3cret", "insecure": True,
    }  # fmt: skip
    assert "reminds      4h" in done.out
    assert "s3cret" not in done.out + done.err


def test_url_and_secret_can_both_come_from_stdin(cli: Invoke, hub: FakeHub) -> None:
    hub.on("POST /channels", detail())
    given = f"{URL}\ns3cret\n"
    assert cli("channels", "add", "ops", "-", "--secret-stdin", stdin=given).code == 0
    body = hub.asked[-1].body
    assert (body["url"], body["secret"], body["insecure"]) == (URL, "s3cret", False)
    done = cli("channels", "add", "ops", "-", "--secret-stdin", stdin=f"{URL}\n")
    assert (done.code, "second line" in done.err) == (2, True)
    done = cli("channels", "add", "ops", URL, "--remind", "often")
    assert (done.code, "--remind" in done.err) == (2, True)


def test_a_test_ends_as_the_receiver_answers(cli: Invoke, hub: FakeHub) -> None:
    hub.on("POST /channels/ops/test", delivery(event="test"))
    done = cli("channels", "test", "ops")
    assert (done.code, done.err) == (0, "")
    assert "answer   200 OK" in done.out
    hub.on("POST /channels/ops/test", delivery(event="test", ok=False, answer="500 no"))
    done = cli("channels", "test", "ops", "-o", "json")
    assert done.code == 1
    assert done.json()["answer"] == "500 no"
    assert '"message":"ops did not take the test message: 500 no"' in done.err


def test_the_log_is_oldest_first_and_says_what_is_not_known(cli: Invoke, hub: FakeHub) -> None:
    cut = delivery(id="d-0", attempt=1, ok=None, answer="the hub ended before an answer came")
    hub.on("GET /channels/ops/log", page(delivery(), cut))
    lines = cli("channels", "log", "ops").out.splitlines()
    assert [line.split()[6] for line in lines[1:]] == ["unknown", "delivered"]
    assert cli("channels", "log", "ops", "-o", "json").json()[1] == delivery()


def test_rm_asks_and_names_what_it_removed(cli: Invoke, hub: FakeHub) -> None:
    hub.on("DELETE /channels/ops", None)
    assert cli("channels", "rm", "ops").code == 2
    done = cli("channels", "rm", "ops", "--yes")
    assert (done.code, done.err) == (0, "removed the channel ops\n")
