"""What reaches stdout and stderr, in every form, from friends and from attackers."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.cli.declared import Form
from chatops.cli.output import Output, compact
from chatops.cli.view import Column, View
from chatops.errors import NotFound

FORMS: list[Form] = ["table", "json", "ndjson", "csv"]


class Thing(msgspec.Struct):
    name: str
    size: float | None = None
    tags: dict[str, str] = {}
    parts: list[int] = []


VIEW = View(
    Thing,
    lambda thing: thing.name,
    [
        Column("NAME", lambda t: t.name),
        Column("SIZE", lambda t: None if t.size is None else f"{t.size:g}",
               lambda t: "bad" if (t.size or 0) > 9 else None, right=True),
        Column("LAST", lambda t: "end"),
    ],
)  # fmt: skip
THINGS = [Thing("a", 1.5, {"k": "v", "l": "w"}, [1, 2]), Thing("longer", 10.0), Thing("c")]


class Stream(io.StringIO):
    """A stream that is a terminal or not, as the test wants."""

    def __init__(self, *, terminal: bool = False) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


def shown(
    things: list[Thing], form: Form = "table", *, terminal: bool = False, **options: Any
) -> str:
    out = Stream(terminal=terminal)
    environ = options.pop("environ", {"COLUMNS": "80"})
    Output(form, out=out, err=Stream(), environ=environ, **options).items(things, VIEW)
    return out.getvalue()


def test_a_table_in_a_pipe_is_aligned_one_row_a_line() -> None:
    assert shown(THINGS) == (
        "NAME    SIZE  LAST\n"
        "a        1.5  end\n"
        "longer    10  end\n"
        "c          -  end\n"
    )  # fmt: skip


def test_an_empty_table_still_has_its_head() -> None:
    assert shown([]) == "NAME  SIZE  LAST\n"


def test_json_is_the_list_with_all_fields_and_nulls() -> None:
    assert json.loads(shown(THINGS, "json")) == [msgspec.to_builtins(one) for one in THINGS]
    assert json.loads(shown([], "json")) == []


def test_ndjson_is_one_object_a_line() -> None:
    lines = shown(THINGS, "ndjson").splitlines()
    assert [json.loads(line)["name"] for line in lines] == ["a", "longer", "c"]
    assert shown([], "ndjson") == ""


def test_csv_has_the_fields_in_their_order_and_a_head_also_when_empty() -> None:
    assert shown(THINGS, "csv") == (
        "name,size,tags,parts\n"
        'a,1.5,k=v l=w,"[1,2]"\n'
        "longer,10.0,,[]\n"
        "c,,,[]\n"
    )  # fmt: skip
    assert shown([], "csv") == "name,size,tags,parts\n"


def test_csv_of_what_is_refused_has_no_head() -> None:
    def refused() -> Iterator[Thing]:
        raise NotFound("nobody here")
        yield THINGS[0]

    out = Stream()
    with pytest.raises(NotFound):
        Output("csv", out=out, err=Stream(), environ={}).items(refused(), VIEW)
    assert out.getvalue() == ""


def test_csv_quotes_what_needs_it() -> None:
    rows = list(csv.reader(io.StringIO(shown([Thing('a,"b" c')], "csv"))))
    assert rows[1][0] == 'a,"b" c'


@pytest.mark.parametrize("form", FORMS)
def test_quiet_prints_just_names(form: Form) -> None:
    assert shown(THINGS, form, quiet=True) == "a\nlonger\nc\n"


def test_a_terminal_gets_a_table_that_fits_it() -> None:
    text = shown([Thing("n" * 200, 10.0)], terminal=True, environ={"TERM": "xterm"})
    assert "\x1b[" in text
    assert "NAME" in text


@pytest.mark.parametrize(
    ("environ", "options", "terminal", "coloured"),
    [
        ({}, {}, False, False),
        ({}, {}, True, True),
        ({"NO_COLOR": "1"}, {}, True, False),
        ({"NO_COLOR": ""}, {}, True, True),
        ({"TERM": "dumb"}, {}, True, False),
        ({}, {"no_color": True}, True, False),
        ({"FORCE_COLOR": "1"}, {}, False, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, {}, False, False),
        ({"FORCE_COLOR": "1"}, {"no_color": True}, False, False),
    ],
)
def test_colours_are_where_they_are_wanted(
    environ: dict[str, str], options: dict[str, bool], terminal: bool, coloured: bool
) -> None:
    text = shown(THINGS, terminal=terminal, environ=environ, **options)
    assert ("\x1b[31m" in text) == coloured


def test_a_forced_colour_in_a_pipe_keeps_one_row_a_line() -> None:
    text = shown([Thing("x" * 300, 10.0)], environ={"FORCE_COLOR": "1"})
    assert len(text.splitlines()) == 2
    assert "x" * 300 in text


ACTIVE = "\r\x00\x07\x7f\x9b\u2028\u202e\u2066"
hostile = st.lists(st.sampled_from([*ACTIVE, *"[]/ab\\\"', \n\t\x1b日é", "[bold]", ":smile:"])).map(
    "".join
)


@pytest.mark.parametrize("terminal", [False, True])
@given(name=hostile)
def test_no_text_of_others_is_obeyed_in_any_form(terminal: bool, name: str) -> None:
    for form in FORMS:
        text = shown([Thing(name, tags={"k": name})], form, terminal=terminal, no_color=True)
        assert not set(ACTIVE) & set(text)
        if not (terminal and form == "table"):
            assert "\x1b" not in text


@given(name=hostile)
def test_a_row_stays_one_line_and_json_stays_true(name: str) -> None:
    assert len(shown([Thing(name)]).splitlines()) == 2
    assert json.loads(shown([Thing(name)], "json"))[0]["name"] == name
    assert json.loads(shown([Thing(name)], "ndjson"))["name"] == name


def test_markup_is_shown_and_not_read_on_a_terminal() -> None:
    text = shown([Thing("[bold]x[/bold] :smile:")], terminal=True, no_color=True)
    assert "[bold]x[/bold] :smile:" in text


def test_one_thing_is_shown_as_fields_or_one_object() -> None:
    out = Stream()
    Output(out=out, err=Stream(), environ={}).item(THINGS[0], VIEW)
    assert out.getvalue() == "NAME  a\nSIZE  1.5\nLAST  end\n"
    for form, lines in (("json", None), ("ndjson", 1), ("csv", 2)):
        out = Stream()
        Output(form, out=out, err=Stream(), environ={}).item(THINGS[0], VIEW)
        assert lines in (None, len(out.getvalue().splitlines()))


def test_endless_lists_have_one_head() -> None:
    for form, lines in (("table", 4), ("ndjson", 3), ("csv", 4)):
        out = Stream()
        output = Output(form, out=out, err=Stream(), environ={})
        for thing in THINGS:
            output.live(thing, VIEW)
        assert len(out.getvalue().splitlines()) == lines


@pytest.mark.parametrize("form", ["table", "csv"])
def test_errors_are_lines_on_stderr(form: Form) -> None:
    out, err = Stream(), Stream()
    error = NotFound("there is no server \x1b[2J\nweb-1", hint="look [bold]here[/]")
    Output(form, out=out, err=err, environ={}).error(error)
    assert err.getvalue() == (
        "error: there is no server \\x1b[2J\\nweb-1\nhint: look [bold]here[/]\n"
    )
    assert out.getvalue() == ""


@pytest.mark.parametrize("form", ["json", "ndjson"])
def test_errors_are_an_object_where_machines_read(form: Form) -> None:
    for hint in (None, "look here"):
        err = Stream()
        Output(form, out=Stream(), err=err, environ={}).error(NotFound("no \x9b", hint=hint))
        expected = {"code": "not_found", "message": "no \x9b"} | ({"hint": hint} if hint else {})
        assert json.loads(err.getvalue()) == {"error": expected}
        assert "\x9b" not in err.getvalue()


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_compact_json_means_the_same(text: str) -> None:
    assert json.loads(compact({text: [text]})) == {text: [text]}


def talking(form: Form) -> tuple[Output, Stream]:
    err = Stream()
    return Output(form, out=Stream(), err=err), err


def test_an_error_stands_alone_where_json_is_read() -> None:
    out, err = talking("json")
    out.say("first")
    out.error(NotFound("gone"))
    out.say("then")
    out.say_at_once()
    assert json.loads(err.getvalue()) == {"error": {"code": "not_found", "message": "gone"}}


def test_without_an_error_talk_comes_at_the_end_or_at_once() -> None:
    out, err = talking("json")
    out.say("first")
    out.say("a question", now=True)
    assert err.getvalue() == "a question\n"
    out.say_at_once()
    out.say("last")
    assert err.getvalue() == "a question\nfirst\nlast\n"
    out, err = talking("table")
    out.say("at once")
    assert err.getvalue() == "at once\n"
