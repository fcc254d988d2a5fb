"""What people look for in logs, as SQLite's index takes it."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.errors import InvalidInput
from chatops.server.services.log_query import LONGEST, MOST, expression

LINES = (
    "GET /api/users 500 from 10.0.0.5",
    "connection refused by db-1",
    "Connection was REFUSED, again",
    "error: café is closed",
    "errors everywhere OR NOT",
)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("connection refused", [1, 2]),
        ('"connection refused"', [1]),
        ("connection -again", [1]),
        ('connection -"was refused"', [1]),
        ("error", [3]),
        ("error*", [3, 4]),
        ("cafe", [3]),
        ("10.0.0.5", [0]),
        ("db-1", [1]),
        ("/api/users", [0]),
        ("OR", [4]),
        ("NOT everywhere", [4]),
        ("message:error", []),
        ('"unfinished', []),
        ("error -- !!", [3]),
    ],
)
def test_words_phrases_beginnings_and_what_is_left_out(query: str, found: list[int]) -> None:
    assert look(query) == found


def look(query: str) -> list[int]:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE VIRTUAL TABLE lines USING fts5 (message, tokenize='unicode61')")
        rows = list(enumerate(LINES))
        database.executemany("INSERT INTO lines (rowid, message) VALUES (?, ?)", rows)
        query = expression(query)
        return [
            number
            for (number,) in database.execute(
                "SELECT rowid FROM lines WHERE lines MATCH ? ORDER BY rowid", (query,)
            )
        ]


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("", "the query has no word to look for"),
        ("-only -without", "the query has no word to look for"),
        ('" - * "', "the query has no word to look for"),
        ("x" * (LONGEST + 1), f"the query is longer than {LONGEST} characters"),
        ("word " * (MOST + 1), f"the query has more than {MOST} words"),
    ],
)
def test_what_cannot_be_looked_for_says_why(query: str, why: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        expression(query)
    assert caught.value.message == why


@given(
    st.text(st.sampled_from("ab \"*-()^+:{}\0\\'éαあ\U0001f600"), max_size=30)
    | st.text(max_size=30)
)
def test_nothing_is_a_command_to_the_index(query: str) -> None:
    try:
        look(query)
    except InvalidInput:
        return
