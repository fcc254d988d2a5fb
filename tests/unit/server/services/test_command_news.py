"""The line that a server's log gets for each command that is over."""

from __future__ import annotations

from typing import Any

import pytest

from chatops.protocol.rest import CommandResult
from chatops.server.services.command_news import CommandNews, sentence
from chatops.server.services.live_command import LiveCommand


def result(status: Any, **fields: Any) -> CommandResult:
    return CommandResult(server="web-1", command_id="c1", run_id="r1", status=status, **fields)


@pytest.mark.parametrize(
    ("outcome", "text"),
    [
        (result("succeeded", exit_code=0, duration_ms=12), "ran: succeeded, after 12ms"),
        (result("failed", exit_code=3, duration_ms=1500), "ran: failed, exit 3, after 1.5s"),
        (result("failed", signal=9, duration_ms=0), "ran: failed, signal 9, after 0s"),
        (result("timed_out", signal=15, duration_ms=2000), "ran: timed out, signal 15, after 2s"),
        (result("lost", error="the agent vanished"), "ran: lost, the agent vanished"),
        (result("offline"), "wanted to run: offline"),
        (result("refused", error="rule 1"), "wanted to run: refused, rule 1"),
        (result("cancelled", error="not sent"), "wanted to run: cancelled, not sent"),
        (result("cancelled", signal=15, duration_ms=9), "ran: cancelled, signal 15, after 9ms"),
    ],
)  # fmt: skip
def test_a_sentence_says_who_ran_what_and_what_came_of_it(
    outcome: CommandResult, text: str
) -> None:
    did, what = text.split(": ")
    assert sentence("ann", "df", None, outcome) == f"ann {did} “df”: {what} (c1)"


def test_a_vector_stands_as_a_shell_would_need_it_and_long_ones_are_cut() -> None:
    done = result("succeeded", exit_code=0)
    assert sentence("ann", ["echo", "a b"], None, done) == "ann ran “echo 'a b'”: succeeded (c1)"
    assert len(sentence(None, "x" * 9999, None, done)) < 300
    assert sentence(None, None, None, done) == "the hub ran a command: succeeded (c1)"


def test_what_did_not_succeed_is_a_warning_and_what_is_lost_an_error() -> None:
    told: list[tuple[str, ...]] = []
    news = CommandNews(lambda *fields: told.append(fields))
    live = LiveCommand("c1", "r1", "s1", "web-1", user_name="ann", command="df")
    for status in ("succeeded", "failed", "lost"):
        news.over(live, result(status))
    assert [fields[1] for fields in told] == ["info", "warning", "error"]
    assert {(server, source) for server, _, source, _ in told} == {("s1", "command")}
