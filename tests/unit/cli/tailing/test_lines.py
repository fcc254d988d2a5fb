"""Lines that are cut, chosen, merged and shown."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.cli.output import Output
from chatops.cli.several import named
from chatops.cli.tailing import cutting, filtering, merging
from chatops.cli.tailing.choosing import Asked, checked, read_target
from chatops.cli.tailing.cutting import LineCutter
from chatops.cli.tailing.filtering import Filter, Wanted
from chatops.cli.tailing.lines import Line, Source
from chatops.cli.tailing.merging import Merged
from chatops.cli.tailing.printing import Face, printer
from chatops.cli.tailing.stored import StoredLines
from chatops.client.log_tail import LogTail
from chatops.errors import ChatOpsError, InvalidInput, NotFound, Offline
from chatops.protocol.client_messages import LogPage
from chatops.protocol.patterns import finder

STAMP = "2026-01-02T03:04:05.678Z"


@given(st.lists(st.binary(max_size=20) | st.just(b"\n")), st.integers(1, 8))
def test_lines_are_the_same_however_their_bytes_come(pieces: list[bytes], longest: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cutting, "LONGEST", longest)
        cutter = LineCutter()
        found = [one for piece in pieces for one in cutter.cut(piece)]
        found += cutter.rest()
    whole = b"".join(one.message + b"\n" * one.ended for one in found)
    data = b"".join(pieces)
    assert whole in (data, data + b"\n")
    assert all(len(one.message) <= longest for one in found if not one.ended)
    assert list(cutter.rest()) == []


def test_lines_are_chosen_by_level_and_pattern() -> None:
    lines = [Line("a", b"bad one", level="error"), Line("a", b"one"), Line("a", b"two")]
    assert Filter().of(lines) == lines
    assert Filter(level="warning").of(lines) == lines[:1]
    assert Filter(level="info", finder=finder("one$")).of(lines) == lines[:2]


def test_the_last_lines_are_those_that_are_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filtering, "LOOK", 5)
    lines = [Line("a", b"%d" % number) for number in (1, 12, 3, 14, 15)]
    said: list[str] = []
    wanted = Wanted(lines=2, grep="^1")
    assert wanted.brought == 5
    assert [one.message for one in wanted.last([lines[:3], lines[3:]], said.append)] == [
        b"14", b"15"
    ]  # fmt: skip
    assert not said
    assert len(wanted._replace(lines=4).last([lines], said.append)) == 4
    assert Wanted(lines=4, level="error").last([lines[:4]], said.append) == []
    assert not said
    assert len(wanted._replace(lines=5).last([lines], said.append)) == 4
    assert said == ["looked at the last 5 lines only"]
    assert Wanted(lines=9).brought == Wanted(lines=9, level="error").brought == 9
    assert Wanted(lines=0, level="error").brought == 0


@pytest.mark.parametrize(
    ("text", "target", "path"),
    [
        ("tag:a=b,!tag:c=d", "tag:a=b,!tag:c=d", None),
        ("web-1", "web-1", None),
        ("web-*:/var/log/a:/b", "web-*", "/var/log/a:/b"),
        ("tag:env=prod:/x", "tag:env=prod", "/x"),
    ],
)
def test_a_path_begins_with_its_slash(text: str, target: str, path: str | None) -> None:
    assert read_target(text) == (target, path)


@pytest.mark.parametrize(
    "asked",
    [Asked(""), Asked("a", path="/x", unit="u"), Asked("a", unit="u", container="c"),
     Asked("a", grep="("), Asked("a", unit="u*"), Asked("a", lines=2**31)],
)  # fmt: skip
def test_what_cannot_be_asked_for_is_refused(asked: Asked) -> None:
    with pytest.raises(InvalidInput):
        checked(asked)


class Few:
    """A source of some lines that ends with an error, if there is one."""

    def __init__(self, name: str, count: int, error: BaseException | None = None) -> None:
        self.name = name
        self._count = count
        self._error = error

    def lines(self) -> Iterator[Sequence[Line]]:
        for number in range(self._count):
            yield [Line(self.name, b"%d" % number)]
        if self._error is not None:
            raise self._error


def merged(*sources: Source) -> tuple[list[Line], list[str], int]:
    said: list[str] = []
    one = Merged(sources, said.append)
    return [line for lines in one.lines() for line in lines], said, one.failed


def test_one_source_that_fails_is_said_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(merging, "_WAITING", 2)
    lines, said, failed = merged(Few("a", 100), Few("b", 50, Offline("b is offline")), Few("c", 0))
    for name, count in (("a", 100), ("b", 50)):
        own = [one.message for one in lines if one.server == name]
        assert own == [b"%d" % number for number in range(count)]
    assert (said, failed) == (["not asked: b is offline"], 1)
    with pytest.raises(ZeroDivisionError):
        merged(Few("a", 1, ZeroDivisionError()))
    assert issubclass(Offline, ChatOpsError)


class Terminal(io.TextIOWrapper):
    """A terminal that keeps what it is shown."""

    def isatty(self) -> bool:
        return True


def show(lines: Sequence[Line], face: Face, *, tty: bool = False, raw: bool = False,
         **how: Any) -> str:  # fmt: skip
    stream = (Terminal if tty else io.TextIOWrapper)(io.BytesIO(), encoding="utf-8")
    out = Output(out=stream, environ={"TERM": "xterm"}, **how)
    shown = printer(out, face, raw=raw)
    shown.show(lines)
    shown.close(whole=True)
    out.flush()
    return stream.buffer.getvalue().decode()  # type: ignore[attr-defined]  # bytes in memory


BARE, STORED = Face(named=False, described=False), Face(named=True, described=True)
TRACE = Line("a", b"Traceback:\n  line 1\r\nboom \x1b[31m\xff\t.\r", STAMP, "error", "app")


def test_raw_bytes_end_as_they_do_but_among_others() -> None:
    lines = [Line("a", b"one"), Line("a", b"two", ended=False)]
    assert show(lines, BARE, raw=True) == "one\ntwo"
    assert show(lines, BARE._replace(named=True), raw=True) == "one\ntwo\n"


def test_what_is_said_of_a_server_names_it_once() -> None:
    assert named("a", "a went offline") == "a went offline"
    assert named("a", "it is back") == "a: it is back"


@pytest.mark.parametrize("text", ["web-1:x", "web-1:", "tag:a=b,web-1:x"])
def test_a_path_that_does_not_begin_with_a_slash_is_told_how(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_target(text)
    assert caught.value.hint is not None
    assert ":/" in caught.value.hint


def test_text_in_a_pipe_is_a_line_each() -> None:
    shown = show([TRACE], STORED)
    assert shown.startswith("a | 2026-01-0")
    assert shown.endswith(" error    app Traceback:\\n  line 1\\nboom \\x1b[31m\\xff\t.\n")
    assert show([Line("a", b"one")], BARE) == "one\n"


def test_at_a_terminal_names_have_colours_and_entries_their_lines() -> None:
    first, second, third = show([TRACE], STORED, tty=True).splitlines()
    name = first.partition(" | ")[0]
    assert (name[0], name.strip("\x1b[m0123456789")) == ("\x1b", "a")
    assert "\x1b[31merror   \x1b[0m app Traceback:" in first
    assert second == f"{name} |       line 1"
    assert third == f"{name} |     boom \\x1b[31m\\xff\t."


def test_parts_of_a_long_line_are_one_line_but_among_others() -> None:
    parts = [Line("a", b"be", ended=False), Line("a", b"gin"), Line("a", b"x", ended=False)]
    assert show(parts, BARE) == "begin\nx\n"
    assert show(parts, STORED._replace(described=False)) == "a | be\na | gin\na | x\n"
    assert show(parts, BARE, raw=True) == "begin\nx"


def test_objects_have_all_that_is_known() -> None:
    (one,) = json.loads(show([TRACE], STORED, form="json"))
    assert one == {"server": "a", "ts": STAMP, "level": "error", "source": "app",
                   "message": "Traceback:\n  line 1\r\nboom \x1b[31m\\xff\t."}  # fmt: skip
    assert show([], BARE, form="json") == "[]\n"
    assert show([Line("a", b"x")], BARE, quiet=True) == "x\n"


def test_of_servers_that_are_gone_it_is_said_once() -> None:
    def pages() -> Iterator[LogPage]:
        yield LogPage(1, [])
        yield from (LogPage(2, [], none=True), LogPage(3, [], none=True))
        raise NotFound("no such server")

    said: list[str] = []
    tail = StoredLines("web-*", cast("LogTail", pages()), said.append)
    with pytest.raises(NotFound, match=r"web-\* is not there any more"):
        list(tail.lines())
    assert said == ["no server matches 'web-*' any more; waiting for one"]
