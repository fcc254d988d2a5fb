"""The quick parser of ``exec`` reads what typer reads, or nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.cli import quick
from chatops.cli.declared import COMMON, EXEC
from chatops.cli.main import COMMANDS, load
from chatops.cli.quick import Line, parse
from tests.support.fake_hub import FakeHub, error
from tests.unit.cli.conftest import Invoke

DECLARED = (*COMMON, *EXEC)
OPTIONS = [word for one in DECLARED for word in one.words]
VALUES = ["5s", "json", "table", "a=b", "", "-", "--", "-x", "web-1", "/tmp/é x", "true"]
WORDS = st.one_of(
    st.sampled_from(OPTIONS),
    st.sampled_from(VALUES),
    st.builds("{}={}".format, st.sampled_from(OPTIONS), st.sampled_from(VALUES)),
    st.sampled_from(["-ojson", "-qo", "--help", "--bogus", "--out", "--no-quiet", "-"]),
    st.text(alphabet="-=oqx1 é", max_size=4),
)


def by_typer(words: list[str]) -> Line:
    """What typer makes of a line; raises its exceptions where it objects."""
    command = load(COMMANDS["exec"], "exec")
    context = command.make_context("exec", list(words))
    given = dict(context.params)
    target, rest = given.pop("target"), given.pop("words")
    return Line(given, [target, *rest])


def equal(value: Any) -> Any:
    """As ``exec`` takes it: nothing in all its forms is the same, and typer makes paths of
    strings later."""
    if isinstance(value, Path):
        return str(value)
    return (list(value) if isinstance(value, tuple) else value) or None


@given(st.lists(WORDS, max_size=8))
def test_what_is_read_is_what_typer_reads(words: list[str]) -> None:
    line = parse(words, DECLARED)
    if line is None or len(line.words) < 2:
        return
    slow = by_typer(words)
    assert line.words == slow.words
    assert {name: equal(value) for name, value in line.options.items()} == {
        name: equal(value) for name, value in slow.options.items()
    }


@pytest.mark.parametrize(
    ("words", "options", "rest"),
    [
        (["web-1", "true"], {}, ["web-1", "true"]),
        (["--", "web-1", "--", "x"], {}, ["web-1", "--", "x"]),
        (["--env", "A=1", "--env=B=2", "w", "x", "--cwd"], {"env": ["A=1", "B=2"]},
         ["w", "x", "--cwd"]),
        (["-o", "json", "-q", "--output", "ndjson", "w", "x"],
         {"output": "ndjson", "quiet": True}, ["w", "x"]),
        (["--status-file", "a b", "--insecure", "w", "x"],
         {"status_file": Path("a b"), "insecure": True}, ["w", "x"]),
    ],
)  # fmt: skip
def test_lines_that_are_right_are_read(
    words: list[str], options: dict[str, object], rest: list[str]
) -> None:
    line = parse(words, DECLARED)
    assert line is not None
    defaults = {one.name: one.default for one in DECLARED}
    assert line == Line({**defaults, **options}, rest)


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["--bogus", "w", "x"],
        ["-o", "xml", "w", "x"],
        ["-ojson", "w", "x"],
        ["--quiet=1", "w", "x"],
        ["--timeout"],
        ["--timeout", "", "w", "x"],
        ["--timeout", "-5", "w", "x"],
        ["-", "w", "x"],
    ],
)
def test_all_others_are_left_to_typer(words: list[str]) -> None:
    assert parse(words, DECLARED) is None


def test_without_a_command_and_for_completion_typer_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert quick.execute([]) is None
    assert quick.execute(["web-1"]) is None
    assert quick.docker_execute(["web-1", "app"]) is None
    monkeypatch.setenv("_CHATOPS_COMPLETE", "complete_bash")
    assert quick.execute(["web-1", "true"]) is None


@pytest.mark.parametrize(
    ("name", "rest"),
    [
        (["exec"], ["web-1", "x"]),
        (["docker", "exec"], ["-u", "bin", "--env", "A=b", "web-1", "app", "x", "--help"]),
    ],
)
def test_both_ways_do_the_same(
    cli: Invoke,
    hub: FakeHub,
    monkeypatch: pytest.MonkeyPatch,
    name: list[str],
    rest: list[str],
) -> None:
    monkeypatch.setattr("chatops.cli.execute.new_id", lambda: "1")
    hub.on("POST /commands", error(404, "not_found", "no such server"))
    quickly = cli(*name, "--output", "json", *rest)
    slowly = cli(*name, "-ojson", *rest)  # which the quick parser does not take
    assert quickly == slowly
    assert hub.asked[0].body == hub.asked[1].body
