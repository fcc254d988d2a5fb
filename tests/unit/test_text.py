"""Foreign text made safe: one line, no control characters, nothing that reorders it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.text import escape, shorten

ANYTHING = st.text(st.characters())
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@given(ANYTHING)
def test_nothing_dangerous_is_left(text: str) -> None:
    safe = escape(text)
    assert not any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} for char in safe)
    assert not set(safe) & set(BIDI)
    assert len(safe.splitlines()) <= 1
    safe.encode()


@given(ANYTHING)
def test_escaping_twice_changes_nothing(text: str) -> None:
    assert escape(escape(text)) == escape(text)


@given(st.text(st.characters(categories=["L", "N", "P", "S"])))
def test_readable_text_stays_as_it_is(text: str) -> None:
    assert escape(text) == text


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("a\nb\tc\r", "a\\nb\\tc\\r"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x9b31m", "\\x9b31m"),
        ("user\u202etxt.exe", "user\\u202etxt.exe"),
        ("\udcff", "\\udcff"),
        ("ünï — 日本 🚀", "ünï — 日本 🚀"),
    ],
)
def test_how_it_is_spelled(text: str, safe: str) -> None:
    assert escape(text) == safe


@given(ANYTHING, st.integers(min_value=0, max_value=20))
def test_shortened_text_fits_and_begins_the_same(text: str, width: int) -> None:
    short = shorten(text, width)
    assert len(short) <= width
    if len(text) <= width:
        assert short == text
    elif width:
        assert short == text[: width - 1] + "…"
