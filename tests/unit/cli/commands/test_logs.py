"""``chatops logs search``."""

from __future__ import annotations

from tests.support.fake_hub import FakeHub, page
from tests.unit.cli.conftest import Invoke

ENTRY = {
    "server": "web-1", "ts": "2026-01-02T03:04:05.678Z", "level": "error", "source": "app.log",
    "message": "one\n  two",
}  # fmt: skip


def test_in_a_pipe_a_row_is_a_line(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /logs", page(ENTRY))
    _, row = cli("logs", "search", "one").out.splitlines()
    assert row.endswith("error  app.log  one\\n  two")
    assert cli("logs", "search", "one", "-o", "json").json() == [ENTRY]


def test_without_words_all_lines_are_asked_for(cli: Invoke, hub: FakeHub) -> None:
    hub.on("GET /logs", page(ENTRY))
    assert cli("logs", "search", "--level", "error", "-o", "json").json() == [ENTRY]
    assert "query" not in hub.asked[0].query
    assert hub.asked[0].query["level"] == ["error"]


def test_a_span_that_ends_before_it_begins_is_refused(cli: Invoke, hub: FakeHub) -> None:
    done = cli("logs", "search", "one", "--since", "1h", "--until", "2h")
    assert (done.code, hub.asked) == (2, [])
    assert "hint: let --since be before --until" in done.err
