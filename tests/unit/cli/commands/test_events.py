"""``chatops events`` and ``audit list``: histories, oldest first."""

from __future__ import annotations

import pytest

from chatops.units import parse_time
from tests.support.fake_hub import Asked, FakeHub, Reply, page
from tests.support.samples import HOSTILE, THEN, audit, event
from tests.unit.cli.conftest import Invoke


def test_events_are_printed_oldest_first(cli: Invoke, hub: FakeHub) -> None:
    newest = event(event="disconnected", reason="silent", ts="2026-01-02T00:00:00.000Z")
    hub.on("GET /events", page(newest, event()))
    assert [one["event"] for one in cli("events", "-o", "json").json()] == [
        "connected", "disconnected",
    ]  # fmt: skip
    lines = cli("events").out.splitlines()
    assert lines[0].split() == ["TIME", "SERVER", "EVENT", "ADDRESS", "REASON"]
    assert lines[2].split()[2:] == ["web-1", "disconnected", "127.0.0.1", "silent"]


def test_the_hub_is_asked_for_what_is_wanted(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /events", page())
    cli("events", "web-1", "--since", THEN, "--until", "1h", "--limit", "7")
    query = hub.asked[0].query
    assert (query["server"], query["since"], query["limit"]) == (["web-1"], [THEN], ["8"])
    assert parse_time(query["until"][0]) > parse_time(THEN)
    assert cli("events", "--since", "yesterday").code == 2


@pytest.mark.parametrize(
    "words", [["events"], ["audit", "list"], ["commands", "list"], ["recordings", "list"]]
)
def test_a_span_that_ends_before_it_begins_is_refused(
    cli: Invoke, hub: FakeHub, words: list[str]
) -> None:
    done = cli(*words, "--since", "1h", "--until", "2h")
    assert (done.code, done.out) == (2, "")
    assert "error: the span ends before it begins" in done.err
    assert "hint: let --since be before --until" in done.err
    assert hub.asked == []


def test_the_hub_looks_for_targets_and_outcomes(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /audit", page(audit(1)))
    assert cli("audit", "list", "--target", "web", "--outcome", "bad", "-q").out == "1\n"
    query = hub.asked[0].query
    assert (query["target"], query["outcome"]) == (["web"], ["bad"])


def test_more_than_the_limit_is_said_and_zero_shows_all(cli: Invoke, hub: FakeHub) -> None:
    def answer(asked: Asked) -> Reply:
        start = int(asked.query.get("cursor", ["0"])[0])
        size = min(int(asked.query["limit"][0]), 2)
        numbers = range(start, min(start + size, 5))
        after = str(start + size) if start + size < 5 else None
        return Reply(body=page(*(audit(5 - number) for number in numbers), after=after))

    hub.on("GET /audit", answer)
    done = cli("audit", "list", "--limit", "3", "-q")
    assert done.out.split() == ["3", "4", "5"]
    assert done.err == "only the newest 3 are shown; --limit 0 shows all\n"
    done = cli("audit", "list", "--limit", "0", "-q")
    assert (done.out.split(), done.err) == (["1", "2", "3", "4", "5"], "")


def test_hostile_text_is_only_text(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /events", page(event(reason=HOSTILE, server=HOSTILE)))
    hub.on("GET /audit", page(audit(user=HOSTILE, target=HOSTILE, detail={HOSTILE: HOSTILE})))
    for words in (["events"], ["audit", "list"]):
        for form in ("table", "csv", "ndjson"):
            text = cli(*words, "-o", form).out
            assert len(text.splitlines()) == (1 if form == "ndjson" else 2)
            assert not set("\x1b\x9b\u202e") & set(text)
