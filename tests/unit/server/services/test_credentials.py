"""Credentials: found by their prefix, known by their hash, and never in a repr."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chatops.server.services.credentials import (
    KEY,
    REFRESH,
    TOKEN,
    hash_credential,
    matches,
    new_credential,
    prefix_of,
)


def test_a_fresh_one_is_found_and_matches() -> None:
    for kind in (KEY, TOKEN, REFRESH):
        fresh = new_credential(kind)
        assert prefix_of(fresh.text, kind) == fresh.prefix
        assert matches(fresh.text, fresh.hash)
        assert not matches(fresh.text + "x", fresh.hash)
        assert fresh.text not in repr(fresh)
        assert len({new_credential(kind).text for _ in range(50)}) == 50


def test_one_kind_is_not_another() -> None:
    text = new_credential(KEY).text
    assert prefix_of(text, TOKEN) is None
    assert prefix_of(text, REFRESH) is None


@given(st.text(max_size=200))
def test_no_text_breaks_it(text: str) -> None:
    found = prefix_of(text, KEY)
    assert found is None or (len(found) == 8 and text.startswith(f"cok_{found}_"))
    assert not matches(text, hash_credential(text + "x"))
