"""Names become text that can be sent."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from chatops.agent.collectors.labels import clean
from chatops.protocol.limits import MAX_LABEL


@given(st.binary(max_size=600))
def test_any_bytes_of_the_kernel_can_be_sent(raw: bytes) -> None:
    name = clean(raw.decode("utf-8", "surrogateescape"))
    assert len(name) <= MAX_LABEL
    assert msgspec.json.decode(msgspec.json.encode(name)) == name


def test_plain_names_stay_as_they_are() -> None:
    assert clean("/mnt/größe\n x") == "/mnt/größe\n x"
    assert clean(b"/mnt/\xff".decode("utf-8", "surrogateescape")) == "/mnt/\ufffd"
