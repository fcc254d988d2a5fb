"""The join string: whole, or refused without being repeated."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.errors import InvalidInput
from chatops.protocol.join import Join, decode_join, encode_join
from tests.support import strategies

JOIN = Join(hub="https://hub.example:8765", key="cok_" + "k" * 52, fingerprint="ab" * 32)


@given(strategies.of(Join))
def test_it_survives_as_one_word(join: Join) -> None:
    text = encode_join(join)
    assert re.fullmatch(r"coj_[A-Za-z0-9_-]+", text)
    assert decode_join(text) == join
    assert decode_join(f"  {text}\n") == join


@given(st.integers(min_value=0, max_value=len(encode_join(JOIN)) - 1))
def test_one_that_was_cut_in_copying_is_refused(length: int) -> None:
    with pytest.raises(InvalidInput, match="not a whole join string"):
        decode_join(encode_join(JOIN)[:length])


@pytest.mark.parametrize(
    "text",
    ["", "coj_", "coj", JOIN.key, encode_join(JOIN)[4:], "coj_!!!", "coj_ü", "coj_e30", "coj_W10",
     "coj_" + "W1td" * 50_000],
    ids=lambda text: text[:12],
)  # fmt: skip
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        decode_join(text)
    assert "servers add" in (caught.value.hint or "")


@given(st.text())
def test_any_text_is_refused_or_read_and_never_repeated(text: str) -> None:
    try:
        decode_join("coj_" + text)
    except InvalidInput as error:
        assert error.message == "this is not a whole join string"  # noqa: PT017
