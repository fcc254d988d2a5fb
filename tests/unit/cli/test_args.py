"""Text of parameters, and lists that are newest first."""

from __future__ import annotations

import io

import msgspec
import pytest

from chatops.cli.args import asked, print_newest
from chatops.cli.output import Output
from chatops.cli.reading import moment, pairs, seconds
from chatops.cli.view import Column, View
from chatops.errors import InvalidInput


class Row(msgspec.Struct):
    id: int


VIEW = View(Row, lambda row: str(row.id), [Column("ID", lambda row: str(row.id))])


@pytest.mark.parametrize(
    ("limit", "there", "shown", "said"),
    [
        (2, 5, "3 4", "only the newest 2 are shown; --limit 0 shows all\n"),
        (5, 5, "0 1 2 3 4", ""),
        (0, 5, "0 1 2 3 4", ""),
        (3, 0, "", ""),
    ],
)
def test_the_newest_are_printed_oldest_first_and_more_is_said(
    limit: int, there: int, shown: str, said: str
) -> None:
    out, err = io.StringIO(), io.StringIO()
    newest_first = [Row(number) for number in reversed(range(there))][: asked(limit)]
    print_newest(Output(quiet=True, out=out, err=err), newest_first, VIEW, limit)
    assert out.getvalue().split() == shown.split()
    assert err.getvalue() == said


def test_options_are_named_when_their_text_is_wrong() -> None:
    for read in (moment, seconds):
        assert read(None, "--x") is None
        with pytest.raises(InvalidInput, match=r"^--x: 'soon' is "):
            read("soon", "--x")
    with pytest.raises(InvalidInput, match=r"^--x: it must be more"):
        seconds("0", "--x")
    assert seconds("1m", "--x") == 60


def test_pairs() -> None:
    assert pairs(["a=b", "c=d=e", "f="], "--env") == {"a": "b", "c": "d=e", "f": ""}
    for word in ("a", "=b", ""):
        with pytest.raises(InvalidInput, match=r"^--env: "):
            pairs([word], "--env")
